using Heed;

// What a trimmed program does with Heed: train a small classifier, save its folder, load it, get the same answer.
TextData data = TextData.FromRows(Enumerable.Range(0, 64).Select(i => (i % 2 == 0 ? "a good film" : "a bad film", i % 2 == 0 ? "good" : "bad")));
TextClassifier classifier = TextClassifier.Train(data, data, new TextClassifierOptions
{
    Network = new BlstmConfig { EmbeddingSize = 5, HiddenSize = 4, AttentionSize = 3 },
    Training = new TrainingOptions { EpochCount = 2, BatchSize = 8 },
});
string path = Path.Combine(Directory.CreateTempSubdirectory("heed-trim-").FullName, "model");
classifier.Save(path);
TextPrediction before = classifier.Predict("good"), after = TextClassifier.Load(path).Predict("good");
Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
bool same = before.Probability == after.Probability && after.Weights.Count == 1;
Console.WriteLine(same ? "trimmed: ok" : "trimmed: the loaded model answers otherwise");
return same ? 0 : 1;
