namespace Heed.Experiments;

/// <summary>Texts with one word that decides: which methods find it, for models that can see it and for models that cannot.</summary>
internal sealed class PlantedExperiment : IExperiment
{
    private const int Rows = 600, Tested = 200;
    private static readonly string[] methods = ["attention", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"];
    private static readonly string[][] deciding = [["good", "great", "fine", "lovely", "superb", "bright"], ["bad", "awful", "poor", "sad", "dull", "weak"]];
    private static readonly string[] fillers = ["the", "film", "was", "a", "plot", "and", "actor", "scene", "music", "story", "it", "of"];

    public string Name => "planted-text";

    public string Summary => "texts with one word that decides: who finds it, and who must not";

    public void Run(ExperimentOptions options)
    {
        (string Text, int Label, int Place)[] train = Texts(Rows, options.Seed), test = Texts(Tested, options.Seed + 1000);
        BlstmConfig network = new() { EmbeddingSize = 24, HiddenSize = 24, AttentionSize = 24, Dropout = 0.2 };
        RandomStream random = new(options.Seed, "shuffled labels");
        int[] shuffled = [.. train.Select(row => row.Label)];
        random.Shuffle<int>(shuffled);
        string[] all = [.. deciding.SelectMany(words => words)];
        Measure(options, "sees the word", network, Data(train, (row, _) => row.Text, (row, _) => row.Label), test);
        Measure(options, "uniform attention", network with { Pooling = "mean" }, Data(train, (row, _) => row.Text, (row, _) => row.Label), test);
        Measure(options, "word dropped", network, Data(train, (row, _) => string.Join(' ', row.Text.Split(' ').Select(word => all.Contains(word) ? "film" : word)), (row, _) => row.Label), test);
        Measure(options, "shuffled labels", network, Data(train, (row, _) => row.Text, (_, i) => shuffled[i]), test);
    }

    private void Measure(ExperimentOptions options, string kind, BlstmConfig network, TextData data, (string Text, int Label, int Place)[] test)
    {
        TextClassifier model = TextClassifier.Train(data.Select([.. Enumerable.Range(0, data.Count * 9 / 10)]), data.Select([.. Enumerable.Range(data.Count * 9 / 10, data.Count / 10)]), new TextClassifierOptions
        {
            Network = network, Baseline = false, Training = new TrainingOptions { Seed = options.Seed, EpochCount = 12, BatchSize = 16, LearningRate = 5e-3 },
        });
        ExplainedInput[] inputs = [.. test.Select(row => model.Explaining(new TextRow(row.Text, null, 0), row.Label == 0 ? "good" : "bad"))];
        PlantedLines.Append(options, Name, kind, inputs, [.. test.Select(row => new[] { row.Place })], new ExplanationOptions { Methods = methods, Seed = options.Seed });
    }

    private static TextData Data((string Text, int Label, int Place)[] rows, Func<(string Text, int Label, int Place), int, string> text, Func<(string Text, int Label, int Place), int, int> label) =>
        TextData.FromRows([.. rows.Select((row, i) => (text(row, i), label(row, i) == 0 ? "good" : "bad"))]);

    private static (string Text, int Label, int Place)[] Texts(int count, ulong seed)
    {
        RandomStream random = new(seed, "planted texts");
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            List<string> words = [.. Enumerable.Range(0, 6 + random.Next(14)).Select(_ => fillers[random.Next(fillers.Length)])];
            int place = random.Next(words.Count + 1);
            words.Insert(place, deciding[i % 2][random.Next(deciding[i % 2].Length)]);
            return (string.Join(' ', words), i % 2, place);
        })];
    }
}
