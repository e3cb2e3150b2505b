using Heed.Kernels;
using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class TextClassifierTests
{
    private static readonly string[] Good = ["good", "great", "fine", "lovely"], Bad = ["bad", "awful", "poor", "sad"], Filler = ["the", "film", "was", "a", "plot", "and", "actor", "scene", "music", "story"];
    private static readonly Lazy<TextClassifier> Trained = new(() => Train(new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Dropout = 0.1 }));

    [Fact]
    public void It_learns_a_word_that_decides_and_says_where_it_looked()
    {
        TextClassifier classifier = Trained.Value;
        classifier.Evaluate(Data(200, 9)).Accuracy.Value.ShouldBeGreaterThan(0.95);
        TextPrediction p = classifier.Predict("The story was  LOVELY, and the music!");
        p.Label.ShouldBe("good");
        p.Probabilities.Sum(x => x.Probability).ShouldBe(1, 1e-5);
        p.Weights.Sum(w => w.Weight).ShouldBe(1, 1e-4);
        p.Weights.Select(w => p.Text[w.Range]).ShouldBe(["The", "story", "was", "LOVELY", ",", "and", "the", "music", "!"]);
    }

    [Fact]
    public void An_empty_text_gets_an_answer_without_weights()
    {
        TextPrediction p = Trained.Value.Predict(" ");
        p.Weights.ShouldBeEmpty();
        float.IsFinite(p.Probability).ShouldBeTrue();
    }

    [Fact]
    public void A_text_beyond_the_maximum_length_is_cut_and_counted()
    {
        TextPrediction p = Trained.Value.Predict(string.Join(' ', Enumerable.Repeat("film", 450)));
        (p.Weights.Count, p.CutOff).ShouldBe((400, 50));
    }

    [Fact]
    public void Many_texts_give_the_same_bits_as_one_at_a_time()
    {
        TextClassifier classifier = Trained.Value;
        string[] texts = [.. Data(150, 3).Texts, "", "film"];
        TextPrediction[] together = [.. classifier.PredictMany(texts)];
        for (int i = 0; i < texts.Length; i++)
            AssertSame(classifier.Predict(texts[i]), together[i]);
    }

    [Fact]
    public void Sixty_four_callers_at_once_get_the_same_bits_as_one()
    {
        TextClassifier classifier = Trained.Value;
        string[] texts = [.. Data(64, 4).Texts];
        TextPrediction[] expected = [.. texts.Select(classifier.Predict)];
        TextPrediction[] got = new TextPrediction[64];
        Thread[] threads = [.. Enumerable.Range(0, 64).Select(i => new Thread(() => got[i] = classifier.Predict(texts[i])))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        for (int i = 0; i < 64; i++)
            AssertSame(expected[i], got[i]);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_on_any_number_of_threads()
    {
        int degree = Workers.Degree;
        float[][] weights = [.. new[] { 1, 2, 3, 1 }.Select(threads =>
        {
            Workers.Degree = threads;
            TextClassifier c = Train(new BlstmConfig { EmbeddingSize = 16, HiddenSize = 32, AttentionSize = 16 }, epochs: 1);
            return c.Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray()).ToArray();
        })];
        Workers.Degree = degree;
        foreach (float[] other in weights[1..])
            other.ShouldBe(weights[0]);
    }

    [Theory]
    [InlineData("structured", "gru")]
    [InlineData("additive", "lstm")]
    public void A_model_folder_gives_the_same_bits_back(string pooling, string cell)
    {
        using TemporaryFolder folder = new();
        TextClassifier classifier = Train(new BlstmConfig { EmbeddingSize = 5, HiddenSize = 3, AttentionSize = 4, Pooling = pooling, Cell = cell, Views = 2, LayerCount = 2, Penalty = 0.1 }, epochs: 1);
        string path = Path.Combine(folder.Path, "model");
        classifier.Save(path);
        TextClassifier loaded = TextClassifier.Load(path);
        foreach (string text in Data(20, 5).Texts)
            AssertSame(classifier.Predict(text), loaded.Predict(text));
        loaded.Record.Options.ShouldBe(classifier.Record.Options);
        (loaded.Record.TrainHash, loaded.Record.BestEpoch, loaded.Labels[0]).ShouldBe((classifier.Record.TrainHash, 1, "bad"));
        loaded.Predict("good film").Views.Count.ShouldBe(pooling == "structured" ? 2 : 1);
    }

    [Fact]
    public void A_damaged_folder_is_refused_with_one_message()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "model");
        Trained.Value.Save(path);
        Should.Throw<InputException>(() => TextClassifier.Load(Path.Combine(folder.Path, "no")));
        File.WriteAllBytes(Path.Combine(path, "model.safetensors"), File.ReadAllBytes(Path.Combine(path, "model.safetensors"))[..^10]);
        Should.Throw<InputException>(() => TextClassifier.Load(path)).Message.ShouldContain("model.safetensors");
    }

    [Fact]
    public void Cancelling_ends_the_run_with_a_usable_model()
    {
        using CancellationTokenSource source = new();
        TextClassifier classifier = TextClassifier.Train(Data(200, 1), Data(50, 2), Options(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4 }, 50), new CancelAfter(source, 3), source.Token);
        classifier.Record.WasCancelled.ShouldBeTrue();
        classifier.Record.Epochs.Count.ShouldBe(1);
        classifier.Predict("good").Weights.Count.ShouldBe(1);
    }

    [Fact]
    public void Early_stopping_returns_the_best_epoch()
    {
        TextClassifier classifier = TextClassifier.Train(Data(100, 1), Data(50, 2), Options(new BlstmConfig { EmbeddingSize = 8, HiddenSize = 8 }, 60));
        TrainingRecord record = classifier.Record;
        record.Epochs.Count.ShouldBeLessThan(60);
        record.Epochs.Count.ShouldBe(record.BestEpoch + 3);
        record.Epochs[record.BestEpoch - 1].Accuracy.ShouldBe(record.Epochs.Max(e => e.Accuracy));
        classifier.Evaluate(Data(50, 2)).Accuracy.Value.ShouldBe(record.Epochs[record.BestEpoch - 1].Accuracy);
    }

    [Fact]
    public void What_cannot_be_trained_on_is_refused_before_training()
    {
        TextData one = TextData.FromRows([("a", "x"), ("b", "x")]);
        Should.Throw<InputException>(() => TextClassifier.Train(one, one)).Message.ShouldContain("one label only ('x')");
        Should.Throw<ArgumentException>(() => TextClassifier.Train(Data(10, 1), TextData.FromRows([("a", "x"), ("b", "y")])));
        Should.Throw<ArgumentException>(() => Train(new BlstmConfig { Pooling = "atention" })).Message.ShouldContain("additive");
        Should.Throw<ArgumentException>(() => Trained.Value.Evaluate(TextData.FromRows([("a", "x"), ("b", "y")]))).Message.ShouldContain("LabelNames");
    }

    [Fact]
    public void A_structured_model_adds_its_penalty_to_the_loss()
    {
        double First(double penalty) => Train(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, Pooling = "structured", Views = 3, Penalty = penalty }, epochs: 1).Record.Epochs[0].TrainLoss;
        First(1).ShouldBeGreaterThan(First(0) + 0.5);
    }

    private static TextClassifier Train(BlstmConfig network, int epochs = 8) => TextClassifier.Train(Data(400, 1), Data(100, 2), Options(network, epochs));

    private static TextClassifierOptions Options(BlstmConfig network, int epochs) => new()
    {
        Network = network,
        Training = new TrainingOptions { EpochCount = epochs, BatchSize = 16, LearningRate = 5e-3 },
    };

    internal static TextData Data(int count, ulong seed)
    {
        RandomStream random = new(seed, "texts");
        return TextData.FromRows(Enumerable.Range(0, count).Select(i =>
        {
            string[] deciding = i % 2 == 0 ? Good : Bad;
            List<string> words = [.. Enumerable.Range(0, 3 + random.Next(8)).Select(_ => Filler[random.Next(Filler.Length)])];
            words.Insert(random.Next(words.Count + 1), deciding[random.Next(deciding.Length)]);
            return (string.Join(' ', words), i % 2 == 0 ? "good" : "bad");
        }).ToArray());
    }

    private static void AssertSame(TextPrediction a, TextPrediction b)
    {
        b.Probabilities.ShouldBe(a.Probabilities);
        b.Weights.ShouldBe(a.Weights);
    }

    private sealed class CancelAfter(CancellationTokenSource source, int step) : ITrainingObserver
    {
        public void OnStep(in TrainingProgress progress)
        {
            if (progress.Step == step)
                source.Cancel();
        }
    }
}
