namespace Heed.Tests.Tasks;

public sealed class LanguageModelTests : IDisposable
{
    private const string Verse = "the cat sat on the mat. the dog sat on the log. ";
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"heed-lm-{Guid.NewGuid():N}");

    private static readonly LanguageModelOptions Quick = new()
    {
        Network = new TransformerConfig { Size = 32, HeadCount = 4, LayerCount = 1, InnerSize = 64, MaximumLength = 32, Position = "rope", Dropout = 0 }, StepCount = 120, EvaluationInterval = 40,
        Training = new LanguageModelOptions().Training with { LearningRate = 0.01 },
    };

    public void Dispose()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_model_learns_is_saved_loaded_and_writes_the_same()
    {
        LanguageModel model = LanguageModel.Train(string.Concat(Enumerable.Repeat(Verse, 30)), Quick);
        LanguageModelReport report = model.Evaluate(Verse);
        report.Loss.ShouldBeLessThan(0.5);
        report.TokenCount.ShouldBe(Verse.Length - 1);
        report.BitsPerByte.ShouldBe(report.TotalLoss / Math.Log(2) / Verse.Length, 1e-9);
        GenerationOptions greedy = new() { Temperature = 0, MaximumTokens = 20 };
        string written = string.Concat(model.Generate("the cat sat", greedy));
        written.ShouldStartWith(" on the ");
        model.Save(folder);
        LanguageModel.IsIn(folder).ShouldBeTrue();
        LanguageModel loaded = LanguageModel.Load(folder);
        string.Concat(loaded.Generate("the cat sat", greedy)).ShouldBe(written);
        loaded.Evaluate(Verse).ShouldBe(report);
        Should.Throw<InputException>(() => Translator.Load(folder)).Message.ShouldContain("no translator");
        Should.Throw<InputException>(() => TextClassifier.Load(folder)).Message.ShouldContain("is a language model");
        ModelPrivacy.List(folder).ShouldContain(item => item.File == "tokenizer.json" && item.Count == loaded.Tokenizer.VocabularySize);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.9)]
    public void A_run_that_is_cut_and_resumed_has_the_bits_of_one_that_was_not(int accumulation, double averaging)
    {
        string text = string.Concat(Enumerable.Repeat(Verse, 20));
        LanguageModelOptions options = Quick with { StepCount = 30, EvaluationInterval = 10, Training = Quick.Training with { AccumulationSteps = accumulation, AveragingDecay = averaging } };
        float[] whole = Weights(LanguageModel.Train(text, options));
        CheckpointOptions checkpoint = new() { Path = folder + ".checkpoint", Interval = TimeSpan.Zero };
        try
        {
            using CancellationTokenSource stop = new();
            LanguageModel.Train(text, options with { Checkpoint = checkpoint }, new StopAt(stop, 17), stop.Token);
            Weights(LanguageModel.Train(text, options with { Checkpoint = checkpoint with { Resume = true } })).ShouldBe(whole);
        }
        finally
        {
            Directory.Delete(checkpoint.Path, recursive: true);
        }
    }

    [Fact]
    public void The_last_look_comes_after_the_last_step_also_where_fewer_are_left()
    {
        string text = string.Concat(Enumerable.Repeat(Verse, 20));
        LanguageModelOptions options = Quick with { StepCount = 25, EvaluationInterval = 10, Training = Quick.Training with { Schedule = "cosine", AccumulationSteps = 2 } };
        List<TrainingProgress> steps = [];
        LanguageModel model = LanguageModel.Train(text, options, new Listener(steps));
        model.Record.Epochs.Count.ShouldBe(3);
        steps.Select(s => s.Step).ShouldBe([.. Enumerable.Range(1, 10), .. Enumerable.Range(1, 10), .. Enumerable.Range(1, 5)]);
        steps[^1].StepsPerEpoch.ShouldBe(5);
        steps[^1].Remaining.ShouldBe(TimeSpan.Zero);
        // The schedule ends with the last step too.
        steps[^1].LearningRate.ShouldBe(options.Training.LearningRateAt(24, 25));
    }

    [Fact]
    public void The_running_average_of_the_weights_is_what_is_looked_at_and_kept()
    {
        string text = string.Concat(Enumerable.Repeat(Verse, 20));
        LanguageModelOptions options = Quick with { StepCount = 20, EvaluationInterval = 10 };
        LanguageModel averaged = LanguageModel.Train(text, Verse, options with { Training = options.Training with { AveragingDecay = 0.9 } });
        Weights(averaged).ShouldNotBe(Weights(LanguageModel.Train(text, Verse, options)));
        averaged.Evaluate(Verse).Loss.ShouldBe(averaged.Record.Epochs[averaged.Record.BestEpoch - 1].DevLoss, 1e-9);
    }

    [Fact]
    public void A_stop_text_ends_the_writing_and_is_not_given_out_even_in_pieces()
    {
        LanguageModel model = LanguageModel.Train(string.Concat(Enumerable.Repeat(Verse, 30)), Quick);
        GenerationOptions greedy = new() { Temperature = 0, MaximumTokens = 40 };
        string all = string.Concat(model.Generate("the cat sat", greedy));
        string stop = all[6..9];
        string.Concat(model.Generate("the cat sat", greedy with { Stop = [stop, "never"] })).ShouldBe(all[..all.IndexOf(stop, StringComparison.Ordinal)]);
        string.Concat(model.Generate("the cat sat", greedy with { Stop = ["never there"] })).ShouldBe(all);
    }

    [Theory]
    [InlineData("bpe")]
    [InlineData("unigram")]
    public void Learned_tokens_train_save_and_write(string tokens)
    {
        string text = string.Concat(Enumerable.Range(0, 400).Select(i => $"number {i} is {(i % 2 == 0 ? "even" : "odd")} and so on.\n"));
        LanguageModel model = LanguageModel.Train(text, Quick with { Tokens = tokens, VocabularySize = 320, StepCount = 10 });
        model.Tokenizer.VocabularySize.ShouldBeLessThanOrEqualTo(321);
        model.Save(folder);
        GenerationOptions some = new() { MaximumTokens = 10 };
        string.Concat(LanguageModel.Load(folder).Generate("number", some)).ShouldBe(string.Concat(model.Generate("number", some)));
    }

    [Fact]
    public void What_cannot_be_learned_from_is_refused()
    {
        Should.Throw<InputException>(() => LanguageModel.Train("a", "", Quick)).Message.ShouldContain("too little text");
        Should.Throw<ArgumentException>(() => LanguageModel.Train("abcabc", Quick with { StepCount = 0 })).Message.ShouldContain("StepCount");
        Should.Throw<InputException>(() => LanguageModel.Train("abcabc", Quick with { Tokens = "nowhere.json" })).Message.ShouldContain("no such tokenizer");
    }

    private static float[] Weights(LanguageModel model) => [.. model.Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray())];

    private sealed class Listener(List<TrainingProgress> steps) : ITrainingObserver
    {
        public void OnStep(in TrainingProgress progress) => steps.Add(progress);
    }

    private sealed class StopAt(CancellationTokenSource stop, int step) : ITrainingObserver
    {
        private int steps;

        public void OnStep(in TrainingProgress progress)
        {
            if (++steps == step)
                stop.Cancel();
        }
    }
}
