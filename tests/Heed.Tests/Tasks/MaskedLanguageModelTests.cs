using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class MaskedLanguageModelTests : IDisposable
{
    private const string Verse = "the cat sat on the mat. the dog sat on the log. ";
    private readonly TemporaryFolder folder = new();

    private static readonly MaskedLanguageModelOptions Quick = new()
    {
        Network = new MaskedLanguageModelOptions().Network with { Size = 32, HeadCount = 4, LayerCount = 1, InnerSize = 64, MaximumLength = 34, Dropout = 0 }, StepCount = 240, EvaluationInterval = 80, Tokens = "characters",
        Training = new MaskedLanguageModelOptions().Training with { LearningRate = 0.01 },
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_learns_to_guess_is_saved_and_loaded_and_can_be_fine_tuned_and_embedded_with()
    {
        MaskedLanguageModel model = MaskedLanguageModel.Train(string.Concat(Enumerable.Repeat(Verse, 30)), Quick with { Network = Quick.Network with { Position = "rope" } });
        string text = string.Concat(Enumerable.Repeat(Verse, 4));
        MaskedLanguageModelReport report = model.Evaluate(text);
        report.Accuracy.ShouldBeGreaterThan(0.7);
        report.TokenCount.ShouldBe(6 * 5);
        report.Perplexity.ShouldBe(Math.Exp(report.Loss), 1e-9);
        model.Save(folder["masked"]);
        MaskedLanguageModel.IsIn(folder["masked"]).ShouldBeTrue();
        MaskedLanguageModel.Load(folder["masked"]).Evaluate(text).ShouldBe(report);
        Should.Throw<InputException>(() => TextClassifier.Load(folder["masked"])).Message.ShouldContain("--model FOLDER");
        Should.Throw<InputException>(() => LanguageModel.Load(folder["masked"])).Message.ShouldContain("masked-language-model");
        ModelPrivacy.List(folder["masked"]).ShouldContain(item => item.File == "tokenizer.json" && item.Count == model.Tokenizer.VocabularySize);
        TextEmbedder.Load(folder["masked"], "cls").Embed("the cat").Length.ShouldBe(32);
        TextClassifier tuned = TextClassifier.Train(TinyBert.Data(60, 1), TinyBert.Data(20, 2), new TextClassifierOptions { Pretrained = folder["masked"], Baseline = false, Training = TrainingOptions.FineTuning with { EpochCount = 1 } });
        tuned.Predict("the mat").Weights.Count.ShouldBe(7);
    }

    [Fact]
    public void A_run_that_is_cut_and_resumed_has_the_bits_of_one_that_was_not()
    {
        string text = string.Concat(Enumerable.Repeat(Verse, 20));
        MaskedLanguageModelOptions options = Quick with { StepCount = 30, EvaluationInterval = 10 };
        MaskedLanguageModel model = MaskedLanguageModel.Train(text, options);
        float[] whole = Weights(model);
        CheckpointOptions checkpoint = new() { Path = folder["checkpoint"], Interval = TimeSpan.Zero };
        using CancellationTokenSource stop = new();
        MaskedLanguageModel.Train(text, options with { Checkpoint = checkpoint }, new StopAt(stop, 17), stop.Token);
        Weights(MaskedLanguageModel.Train(text, options with { Checkpoint = checkpoint with { Resume = true } })).ShouldBe(whole);
        // By itself it is of BERT's form.
        PretrainedTransformer.Of(model.Network.Transformer).Save(folder["bert"]);
        PretrainedTransformer.LoadEncoder(folder["bert"]).Config.Architecture.ShouldBe("bert");
    }

    [Theory]
    [InlineData("characters")]
    [InlineData("bpe")]
    [InlineData("unigram")]
    public void Tokenizers_get_a_mask_and_the_form_of_BERTs_texts_and_texts_come_back(string kind)
    {
        LanguageModelOptions options = new() { Tokens = kind, VocabularySize = 320 };
        byte[] file = MaskedTokens.WithMask(LanguageModelFiles.Tokens(options, Verse, CancellationToken.None).File);
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Parse(file);
        MaskedTokens.WithMask(file).ShouldBe(file);
        TokenizedText text = tokenizer.Encode("the cat", "the dog");
        (text.Ids[0], text.Ids[^1]).ShouldBe((tokenizer.ClsId!.Value, tokenizer.SepId!.Value));
        text.TypeIds.Distinct().ShouldBe([0, 1]);
        tokenizer.Decode(tokenizer.Encode(Verse).Ids).ShouldBe(Verse);
        tokenizer.TokenOf(tokenizer.MaskId!.Value).ShouldBe("[MASK]");
    }

    [Fact]
    public void Fifteen_of_a_hundred_tokens_are_hidden_most_of_them_by_the_mask()
    {
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Parse(MaskedTokens.WithMask(LanguageModelFiles.Tokens(new LanguageModelOptions(), Verse, CancellationToken.None).File));
        int[] text = LanguageModel.Ids(tokenizer, string.Concat(Enumerable.Repeat(Verse, 100)));
        int[] starts = [.. Enumerable.Range(0, 40).Select(i => i * 100)];
        MaskedPieces pieces = new MaskedTokens(tokenizer, 0.15, seed: 1).Hide(text, starts, 100, "test", 0);
        pieces.Targets.Length.ShouldBe(600);
        pieces.Places.Distinct().Count().ShouldBe(600);
        int[] shown = [.. pieces.Places.Select(place => pieces.Ids[place])];
        shown.Count(id => id == tokenizer.MaskId).ShouldBeInRange(440, 520);
        shown.Zip(pieces.Targets).Count(x => x.First == x.Second).ShouldBeInRange(40, 100);
        for (int i = 0; i < 600; i++)
            pieces.Targets[i].ShouldBe(text[(pieces.Places[i] / 102 * 100) + (pieces.Places[i] % 102) - 1]);
        HashSet<int> hidden = [.. pieces.Places];
        for (int place = 0; place < pieces.Ids.Length; place++)
        {
            int t = place % 102;
            if (!hidden.Contains(place))
                pieces.Ids[place].ShouldBe(t == 0 ? tokenizer.ClsId!.Value : t == 101 ? tokenizer.SepId!.Value : text[(place / 102 * 100) + t - 1]);
        }
        // Each place of a piece is as likely as any other.
        pieces.Places.Count(place => place % 102 <= 50).ShouldBeInRange(250, 350);
        new MaskedTokens(tokenizer, 0.15, seed: 1).Hide(text, starts[7..], 100, "test", 7).Targets.ShouldBe(pieces.Targets[(7 * 15)..]);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        string Message(MaskedLanguageModelOptions options) => Should.Throw<ArgumentException>(options.Validate).Message;
        Message(Quick with { Network = Quick.Network with { IsCausal = true } }).ShouldContain("causal");
        Message(Quick with { MaskedShare = 1 }).ShouldContain("MaskedShare");
        Message(Quick with { Network = Quick.Network with { MaximumLength = 3 } }).ShouldContain("at least 4");
        Message(Quick with { StepCount = 0 }).ShouldContain("StepCount");
        Should.Throw<InputException>(() => MaskedLanguageModel.Train("", "", Quick)).Message.ShouldContain("too little text");
    }

    private static float[] Weights(MaskedLanguageModel model) => [.. model.Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray())];

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
