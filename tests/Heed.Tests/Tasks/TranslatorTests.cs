namespace Heed.Tests.Tasks;

public sealed class TranslatorTests : IDisposable
{
    private static readonly string[] Numbers = ["one", "two", "three", "four", "five"], Zahlen = ["eins", "zwei", "drei", "vier", "fünf"];
    private readonly string folder = Directory.CreateTempSubdirectory("heed-translator").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("bahdanau", "additive", true)]
    [InlineData("luong", "general", true)]
    [InlineData("luong", "scaled-dot", false)]
    public void A_small_language_is_learned_saved_and_loaded(string decoder, string score, bool feeds)
    {
        PairData data = Reversed(600);
        PairSplit split = data.Split(seed: 1);
        EncoderDecoderConfig network = new() { EmbeddingSize = 24, HiddenSize = 32, AttentionSize = 24, Dropout = 0.1, Decoder = decoder, Score = score, InputFeeding = feeds };
        Translator translator = Translator.Train(split.Train, split.Dev, Options(network, epochs: 14));
        TranslationReport report = translator.Evaluate(split.Test);
        report.ExactShare.ShouldBeGreaterThan(0.9);
        report.Loss.ShouldBeLessThan(0.5);
        Translation answer = translator.Translate("one two three");
        answer.Text.ShouldBe("drei zwei eins");
        answer.Alignment.Count.ShouldBe(3);
        if (feeds)
            answer.Alignment.Select(a => Array.IndexOf(a, a.Max())).ShouldBe([2, 1, 0], "the alignment runs backwards");

        string path = Path.Combine(folder, "model");
        translator.Save(path);
        Translator.IsIn(path).ShouldBeTrue();
        Translator loaded = Translator.Load(path);
        string[] texts = [.. split.Test.Sources];
        loaded.TranslateMany(texts).Select(t => (t.Text, t.LogProbability)).ShouldBe(translator.TranslateMany(texts).Select(t => (t.Text, t.LogProbability)));
        loaded.Score(split.Test).ShouldBe(translator.Score(split.Test));
        // What beam search says of its answer is what scoring says of it.
        loaded.Score(PairData.FromPairs([("one two three", "drei zwei eins")]))[0].ShouldBe(answer.LogProbability, 1e-3);
    }

    [Fact]
    public void A_score_that_knows_few_positions_is_refused_for_longer_sources()
    {
        TranslatorOptions options = new() { Network = new EncoderDecoderConfig { Score = "location(20)" } };
        Should.Throw<ArgumentException>(options.Validate).Message.ShouldContain("knows 20 positions of the source, and MaximumLength = 100; take a longer one, as location(512)");
        (options with { MaximumLength = 20 }).Validate();
        Should.Throw<ArgumentException>((options with { MaximumLength = 20, LongSentences = "keep" }).Validate).Message.ShouldContain("sources of any length are kept");
    }

    [Fact]
    public void Training_goes_on_with_the_tokens_and_weights_of_a_model()
    {
        string path = Path.Combine(folder, "first");
        PairSplit split = Reversed(200).Split(seed: 1);
        EncoderDecoderConfig network = new() { EmbeddingSize = 16, HiddenSize = 16, AttentionSize = 16 };
        TranslatorOptions first = Options(network, epochs: 2);
        Translator start = Translator.Train(split.Train, split.Dev, first);
        start.Save(path);

        PairData other = PairData.FromPairs([("one two", "zwei eins"), ("two six", "sechs zwei")]);
        Recorder recorder = new();
        TranslatorOptions onward = first with { InitialModel = path, Training = first.Training with { EpochCount = 1, LearningRate = 1e-9, AveragingDecay = 0 } };
        Translator next = Translator.Train(other, other, onward, recorder);
        next.SourceEncoder.Vocabulary.Count.ShouldBe(start.SourceEncoder.Vocabulary.Count, "six is none of the first model's words");
        next.Score(split.Test).Zip(start.Score(split.Test)).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-4, "a step of next to nothing leaves the weights");
        recorder.Start!.Notes.ShouldContain(note => note.StartsWith("23 weights from ", StringComparison.Ordinal) && !note.Contains("scratch", StringComparison.Ordinal));

        Translator.Train(other, other, onward with { Network = network with { Coverage = true, Copy = true }, Training = onward.Training with { LabelSmoothing = 0 } }, recorder = new());
        recorder.Start!.Notes.ShouldContain(note => note.Contains("3 start from scratch", StringComparison.Ordinal));
        Should.Throw<ArgumentException>(() => Translator.Train(other, other, onward with { Network = new TransformerEncoderDecoderConfig() })).Message.ShouldContain("take a network of the same kind");
        Should.Throw<InputException>(() => Translator.Train(other, other, onward with { Network = network with { HiddenSize = 24, EmbeddingSize = 24 } })).Message.ShouldContain("have other shapes");
        Should.Throw<InputException>(() => Translator.Train(other, other, onward with { InitialModel = Path.Combine(folder, "none") })).Message.ShouldContain("no such folder");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_transformer_learns_a_small_language_and_is_saved_and_loaded(bool shares)
    {
        PairSplit split = Reversed(1000).Split(seed: 1);
        TransformerConfig stack = new() { Size = 32, HeadCount = 4, LayerCount = 2, InnerSize = 64, Activation = "relu", Position = "sinusoidal", ScalesEmbedding = true, Dropout = 0.1 };
        TransformerEncoderDecoderConfig network = new() { Stack = stack, SharesEmbeddings = shares, TieEmbeddings = shares };
        Recorder recorder = new();
        Translator translator = Translator.Train(split.Train, split.Dev, Options(network, epochs: 20), recorder);
        recorder.Start!.Description.ShouldStartWith("Transformer of 2 and 2 layers, 4 heads, 32 wide, 64 inside, sinusoidal positions; ");
        recorder.Start.Description.ShouldEndWith(shares ? "12 tokens of both sides" : "7 source and 7 target tokens");
        translator.Evaluate(split.Test).ExactShare.ShouldBeGreaterThan(0.8);
        Translation answer = translator.Translate("one two three");
        answer.Text.ShouldBe("drei zwei eins");
        answer.Alignment.ShouldAllBe(weights => weights.Length == 3 && Math.Abs(weights.Sum() - 1) < 1e-5);

        string path = Path.Combine(folder, "model");
        translator.Save(path);
        Translator loaded = Translator.Load(path);
        string[] texts = [.. split.Test.Sources];
        loaded.Network.Config.ShouldBe(network);
        loaded.TranslateMany(texts).Select(t => (t.Text, t.LogProbability)).ShouldBe(translator.TranslateMany(texts).Select(t => (t.Text, t.LogProbability)));
        loaded.Score(PairData.FromPairs([("one two three", "drei zwei eins")]))[0].ShouldBe(answer.LogProbability, 1e-3);
        Weights(Translator.Average(translator, loaded)).ShouldBe(Weights(translator));
        File.ReadAllText(Path.Combine(path, "config.json")).ShouldContain("\"model\": \"transformer-encoder-decoder\"");
    }

    [Fact]
    public void Copying_brings_over_words_that_nobody_knows()
    {
        RandomStream random = new(5, "names");
        List<(string, string)> pairs = [];
        for (int i = 0; i < 900; i++)
        {
            string name = string.Concat(Enumerable.Range(0, 4).Select(_ => (char)('a' + random.Next(26))));
            int n = random.Next(5);
            pairs.Add(($"my name is {name} and {Numbers[n]}", $"ich heisse {name} und {Zahlen[n]}"));
        }
        PairSplit split = PairData.FromPairs(pairs).Split(seed: 1);
        EncoderDecoderConfig network = new() { EmbeddingSize = 24, HiddenSize = 32, AttentionSize = 24, Dropout = 0.1, Copy = true };
        Translator translator = Translator.Train(split.Train, split.Dev, Options(network, epochs: 12));
        translator.Translate("my name is qqzz and two").Text.ShouldBe("ich heisse qqzz und zwei");
        translator.Evaluate(split.Test).ExactShare.ShouldBeGreaterThan(0.9);
    }

    // Without copying: a name is none of the vocabulary's words, the answer has an unknown word in its place, and the alignment says which one of the source it is.
    [Fact]
    public void An_unknown_word_of_the_answer_is_the_one_that_the_alignment_points_at()
    {
        RandomStream random = new(5, "names");
        List<(string, string)> pairs = [];
        for (int i = 0; i < 900; i++)
        {
            int[] numbers = [.. Enumerable.Range(0, 3).Select(_ => random.Next(5))];
            string name = string.Concat(Enumerable.Range(0, 4).Select(_ => (char)('a' + random.Next(26))));
            int at = random.Next(3);
            pairs.Add((string.Join(' ', numbers.Select((n, j) => j == at ? name : Numbers[n])), string.Join(' ', numbers.Select((n, j) => j == at ? name : Zahlen[n]).Reverse())));
        }
        PairSplit split = PairData.FromPairs(pairs).Split(seed: 1);
        EncoderDecoderConfig network = new() { EmbeddingSize = 24, HiddenSize = 32, AttentionSize = 24, Dropout = 0.1 };
        TextEncoderOptions small = new() { Vocabulary = new VocabularyOptions { MaximumSize = 5, MinimumCount = 20 } };
        Translator translator = Translator.Train(split.Train, split.Dev, Options(network, epochs: 12) with { SourceTokens = small, TargetTokens = small });
        translator.TargetEncoder.Vocabulary.Learned.ToArray().Order(StringComparer.Ordinal).ShouldBe(Zahlen.Order(StringComparer.Ordinal));
        translator.Translate("qqzz two three").Text.ShouldBe("drei zwei qqzz");
        translator.Translate("two wxwx three").Text.ShouldBe("drei wxwx zwei");
        Translation answer = translator.Translate("two three Qqzz");
        answer.Text.ShouldBe("Qqzz drei zwei", "as the source writes it");
        Array.IndexOf(answer.Alignment[0], answer.Alignment[0].Max()).ShouldBe(2);
    }

    [Fact]
    public void The_mean_of_translators_has_the_mean_of_their_weights()
    {
        PairSplit split = Reversed(60).Split(seed: 1);
        EncoderDecoderConfig network = new() { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4 };
        TranslatorOptions options = Options(network, epochs: 1);
        Translator[] runs = [.. new ulong[] { 1, 2, 3 }.Select(seed => Translator.Train(split.Train, split.Dev, options with { Training = options.Training with { Seed = seed } }))];
        float[][] weights = [.. runs.Select(Weights)];
        weights[0].Zip(weights[1]).Count(pair => pair.First == pair.Second).ShouldBeLessThan(weights[0].Length / 10, "the runs differ");
        Weights(Translator.Average(runs[0], runs[1])).ShouldBe([.. weights[0].Select((w, i) => (w + weights[1][i]) / 2)], 1e-7);
        Weights(Translator.Average(runs)).ShouldBe([.. weights[0].Select((w, i) => (float)(((double)w + weights[1][i] + weights[2][i]) / 3))], 1e-7);
        Weights(runs[0]).ShouldBe(weights[0], "what was averaged stays");
    }

    [Fact]
    public void Long_sentences_are_truncated_dropped_or_kept_and_counted()
    {
        PairData data = PairData.FromPairs(Enumerable.Range(0, 60).Select(i => (string.Join(' ', Enumerable.Repeat(Numbers[i % 5], 1 + (i % 6))), Zahlen[i % 5])));
        foreach ((string how, int trained) in new[] { ("truncate", 60), ("drop", 40), ("keep", 60) })
        {
            Recorder recorder = new();
            EncoderDecoderConfig network = new() { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4 };
            Translator translator = Translator.Train(data, data, Options(network, epochs: 1) with { MaximumLength = 4, LongSentences = how }, recorder);
            recorder.Start!.Description.ShouldContain($"{trained} training and {trained} dev pairs");
            recorder.Start.Notes.ShouldHaveSingleItem().ShouldBe($"40 pairs have a sentence beyond 4 tokens: {(how == "truncate" ? "truncated" : how == "drop" ? "dropped" : "kept whole")}");
            translator.Translate("one one one one one one").CutOff.ShouldBe(how == "keep" ? 0 : 2);
            TranslationReport report = translator.Evaluate(data);
            (report.CutSourceCount, report.UnmeasuredCount).ShouldBe((how == "keep" ? 0 : 20, how == "drop" ? 20 : 0));
            translator.Score(data).Count(double.IsNaN).ShouldBe(how == "drop" ? 20 : 0);
            report.ToString().ShouldContain(how == "keep" ? "a token" : "\nof 20 long sources the end was not read");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_seed_gives_the_same_bits_in_one_go_or_resumed(bool isTransformer)
    {
        PairSplit split = Reversed(200).Split(seed: 1);
        SequenceToSequenceConfig network = isTransformer ? new TransformerEncoderDecoderConfig { Stack = new() { Size = 12, HeadCount = 2, LayerCount = 1, InnerSize = 16, Position = "sinusoidal" } }
            : new EncoderDecoderConfig { EmbeddingSize = 8, HiddenSize = 12, AttentionSize = 8 };
        TranslatorOptions options = Options(network, epochs: 3) with { Checkpoint = new CheckpointOptions { Path = Path.Combine(folder, "check"), Interval = TimeSpan.Zero } };
        Translator whole = Translator.Train(split.Train, split.Dev, Options(network, epochs: 3));
        using CancellationTokenSource stop = new();
        Translator.Train(split.Train, split.Dev, options, new Recorder { OnStepDo = step => { if (step == 7) stop.Cancel(); } }, stop.Token);
        Translator resumed = Translator.Train(split.Train, split.Dev, options with { Checkpoint = options.Checkpoint! with { Resume = true } });
        Weights(resumed).ShouldBe(Weights(whole));
        Weights(Translator.Average(whole, resumed)).ShouldBe(Weights(whole));
    }

    [Fact]
    public void What_makes_no_sense_is_refused_before_training()
    {
        PairData data = Reversed(20);
        Refused(new TranslatorOptions { LongSentences = "dorp" }, "Did you mean 'drop'?");
        Refused(new TranslatorOptions { Network = new EncoderDecoderConfig { Copy = true } }, "LabelSmoothing spreads over a fixed vocabulary");
        TransformerConfig stack = new() { Position = "sinusoidal", MaximumLength = 100 };
        Refused(new TranslatorOptions { Network = new TransformerEncoderDecoderConfig { Stack = stack } }, "does not fit the network's 100 positions");
        Refused(new TranslatorOptions { Network = new TransformerEncoderDecoderConfig { Stack = stack }, LongSentences = "keep" }, "cannot keep any sentence whole");
        Refused(new TranslatorOptions { Training = new() { Monitor = "macro-f1" } }, "has no classes");
        Should.Throw<InputException>(() => Translator.Train(data, data, Options(new EncoderDecoderConfig { HiddenSize = 4 }, 1) with { MaximumLength = 1, LongSentences = "drop" })).Message.ShouldContain("no pair is left");
        Should.Throw<ArgumentException>(() => Translator.Average()).Message.ShouldContain("at least one");

        void Refused(TranslatorOptions options, string message) => Should.Throw<ArgumentException>(() => Translator.Train(data, data, options)).Message.ShouldContain(message);
    }

    [Fact]
    public void A_text_without_a_token_gives_an_empty_answer()
    {
        PairData data = Reversed(200);
        Translator translator = Translator.Train(data, data, Options(new EncoderDecoderConfig { EmbeddingSize = 8, HiddenSize = 12, AttentionSize = 8 }, 6));
        translator.TranslateMany(["", "one two", "  "]).Select(t => t.Text.Length > 0).ShouldBe([false, true, false]);
        (translator.Translate("").Alignment.Count, translator.Score(PairData.FromPairs([("one two", "zwei eins")]))[0]).ShouldSatisfyAllConditions(x => x.Item1.ShouldBe(0), x => x.Item2.ShouldBeLessThan(0));
    }

    [Theory]
    [InlineData("word", "Zwei Hunde , die spielen .", "Zwei Hunde, die spielen.")]
    [InlineData("word", "er sagt \" ja \" ( oft ) zu 5 % - Leuten", "er sagt \"ja\" (oft) zu 5%-Leuten")]
    [InlineData("character", "2 0 - 1", "20-1")]
    public void Tokens_become_text_again(string kind, string tokens, string text) => TargetText.Of(TokenKinds.Find(kind, lowerCase: false)!, tokens.Split(' ')).ShouldBe(text);

    [Fact]
    public void Ideographs_take_no_spaces() => TargetText.Of(TokenKinds.Find("word", lowerCase: false)!, ["我", "有", "20", "本", "书", "。"]).ShouldBe("我有 20 本书。");

    private static float[] Weights(Translator translator) => [.. translator.Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray())];

    private static TranslatorOptions Options(SequenceToSequenceConfig network, int epochs) => new()
    {
        Network = network,
        Training = new TrainingOptions { EpochCount = epochs, BatchSize = 16, LearningRate = 0.01, WordDropout = 0, AveragingDecay = 0.9, Patience = 9 },
        SourceTokens = new TextEncoderOptions(),
        TargetTokens = new TextEncoderOptions(),
    };

    // Numbers in the other language and the other order: what cannot be learned without an alignment.
    private static PairData Reversed(int count)
    {
        RandomStream random = new(3, "reversed");
        return PairData.FromPairs(Enumerable.Range(0, count).Select(_ =>
        {
            int[] numbers = [.. Enumerable.Range(0, 2 + random.Next(4)).Select(_ => random.Next(5))];
            return (string.Join(' ', numbers.Select(n => Numbers[n])), string.Join(' ', numbers.Reverse().Select(n => Zahlen[n])));
        }));
    }

    private sealed class Recorder : ITrainingObserver
    {
        private int steps;

        public TrainingStart? Start { get; private set; }

        public Action<int>? OnStepDo { get; init; }

        public void OnStart(TrainingStart start) => Start = start;

        public void OnStep(in TrainingProgress progress) => OnStepDo?.Invoke(++steps);

        public void OnEpoch(EpochReport epoch)
        {
        }

        public void OnEnd(TrainingReport report)
        {
        }
    }
}
