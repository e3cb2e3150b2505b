using Heed.Testing;

namespace Heed.Tests.Inspection;

/// <summary>The same methods on language models and translators.</summary>
public sealed class ExplainedModelsTests
{
    private const string Verse = "the cat sat on the mat. the dog sat on the log. ";

    [Fact]
    public void What_a_language_model_writes_next_is_explained_by_the_tokens_before()
    {
        LanguageModel model = LanguageModel.Train(string.Concat(Enumerable.Repeat(Verse, 30)), new LanguageModelOptions
        {
            Network = new TransformerConfig { Size = 32, HeadCount = 4, LayerCount = 2, InnerSize = 64, MaximumLength = 32, Position = "rope", Dropout = 0 }, StepCount = 120, EvaluationInterval = 40,
            Training = new LanguageModelOptions().Training with { LearningRate = 0.01 },
        });
        IReadOnlyList<Explanation> all = model.Explain("the cat sat on the m");
        all.Select(e => e.Method).ShouldBe(["attention", "value-norm", "rollout", "flow", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"]);
        foreach (Explanation e in all)
        {
            (e.Model, e.Target, e.Scores.Count).ShouldBe(("language model", "log odds of 'a'", 20));
            e.Scores.ShouldAllBe(score => float.IsFinite(score));
        }
        all[5].CompletenessGap.ShouldBeInRange(-0.2, 0.2);
        all[7].Order()[0].ShouldBe(19, "the letter before decides");
        ExplainedInput input = model.Explaining("the cat", "s");
        (double Value, float[] Gradient)[] points = input.Gradients([input.Vectors, Array.ConvertAll(input.Vectors, v => v * 1.01f), Array.ConvertAll(input.Vectors, v => v * 0.99f)]);
        points[0].Value.ShouldBe(input.Value, 1e-4);
        double slope = points[0].Gradient.Zip(input.Vectors, (g, v) => (double)g * v).Sum();
        slope.ShouldBe((points[1].Value - points[2].Value) / 0.02, 0.01 + (Math.Abs(slope) * 0.02));
        input.Without([.. Enumerable.Repeat(Enumerable.Repeat(true, 7).ToArray(), 2)], "delete")[0].ShouldNotBe(double.NaN);
        Should.Throw<InputException>(() => model.Explain(string.Concat(Enumerable.Repeat(Verse, 2)))).Message.ShouldContain("reads 32");
        Should.Throw<InputException>(() => model.Explain("")).Message.ShouldContain("no token");
        Should.Throw<ArgumentException>(() => model.Explaining("the", "cat")).Message.ShouldContain("3 tokens");
    }

    [Fact]
    public void A_hidden_token_is_explained_by_those_around_it()
    {
        MaskedLanguageModel model = MaskedLanguageModel.Train(string.Concat(Enumerable.Repeat(Verse, 30)), new MaskedLanguageModelOptions
        {
            Network = new MaskedLanguageModelOptions().Network with { Size = 32, HeadCount = 4, LayerCount = 1, InnerSize = 64, MaximumLength = 34, Dropout = 0, Position = "rope" }, StepCount = 240, EvaluationInterval = 80, Tokens = "characters",
            Training = new MaskedLanguageModelOptions().Training with { LearningRate = 0.01 },
        });
        const string Text = "the [MASK]at sat on the mat.";
        IReadOnlyList<Explanation> all = model.Explain(Text);
        all.Select(e => e.Method).ShouldBe(["attention", "value-norm", "rollout", "flow", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"]);
        // What a model of this size takes for likeliest is not the same with every vector width.
        string likeliest = model.Explaining(Text).Label!;
        likeliest.Length.ShouldBe(1);
        foreach (Explanation e in all)
        {
            (e.Model, e.Target, e.Source, e.Scores.Count).ShouldBe(("masked language model", $"log odds of '{likeliest}'", Text, 22), e.Method);
            e.Ranges.Select(range => Text[range]).ShouldAllBe(token => token.Length == 1);
            e.Scores.ShouldAllBe(score => float.IsFinite(score));
        }
        all[0].Scores.Sum().ShouldBeInRange(0.3f, 1.001f, "what the hidden place and the special tokens get is left out");
        all[5].CompletenessGap.ShouldBeInRange(-0.5, 0.5);
        ExplainedInput input = model.Explaining(Text, "c");
        (double Value, float[] Gradient)[] points = input.Gradients([input.Vectors, Array.ConvertAll(input.Vectors, v => v * 1.01f), Array.ConvertAll(input.Vectors, v => v * 0.99f)]);
        points[0].Value.ShouldBe(input.Value, 1e-4);
        double slope = points[0].Gradient.Zip(input.Vectors, (g, v) => (double)g * v).Sum();
        slope.ShouldBe((points[1].Value - points[2].Value) / 0.02, 0.01 + (Math.Abs(slope) * 0.02));
        // Without the first two letters the hidden place stands two tokens before; hidden ones are what a text with masks there has.
        bool[] firstTwo = [.. Enumerable.Range(0, 22).Select(t => t < 2)];
        input.Without([firstTwo], "delete")[0].ShouldBe(model.Explaining(Text[2..], "c").Value, 1e-4);
        input.Without([firstTwo], "mask")[0].ShouldBe(model.Explaining("[MASK][MASK]" + Text[2..], "c", place: 3).Value, 1e-4);
        input.Removals[0].ShouldBe("mask");
        input.Again().Value.ShouldBe(input.Value);
        // A token that stands there can be hidden by its number; it is what is explained then.
        ExplainedInput hidden = model.Explaining("the cat sat on the mat.", place: 5);
        (hidden.Label, hidden.UnitCount).ShouldBe(("c", 22));
        hidden.Value.ShouldBe(input.Value, 1e-5);
        AttentionIntervention.Measure([input], "uniform").Change.Value.ShouldBeGreaterThan(0);
        using TemporaryFolder folder = new();
        input.WriteTrace(folder["trace"], TraceType.F32);
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        (trace.Layers.Count, trace.Layers[0].Rows, trace.Tokens[0], trace.Tokens[5], trace.Text).ShouldBe((1, 25, "[CLS]", "[MASK]", Text));
        trace.Check(model.Network);
        Should.Throw<InputException>(() => model.Explain("the cat")).Message.ShouldContain("no token is hidden: write [MASK]");
        Should.Throw<InputException>(() => model.Explaining(Text, place: 2)).Message.ShouldContain("1 hidden tokens");
        Should.Throw<ArgumentException>(() => model.Explaining(Text, "cat")).Message.ShouldContain("3 tokens");
        Should.Throw<InputException>(() => model.Explain("[MASK]" + Verse)).Message.ShouldContain("reads 34");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_word_of_a_translation_is_explained_by_the_source(bool isTransformer)
    {
        string[] from = ["rot", "blau", "haus", "ball", "alt", "neu"], to = ["red", "blue", "house", "ball", "old", "new"];
        RandomStream random = new(3, "pairs");
        PairData data = PairData.FromPairs([.. Enumerable.Range(0, 300).Select(_ =>
        {
            int[] words = [.. Enumerable.Range(0, 3).Select(_ => random.Next(6))];
            return (string.Join(' ', words.Select(w => from[w])), string.Join(' ', words.Select(w => to[w])));
        })]);
        SequenceToSequenceConfig network = isTransformer
            ? new TransformerEncoderDecoderConfig { Stack = new TransformerConfig { Size = 32, HeadCount = 2, LayerCount = 1, InnerSize = 64, Position = "sinusoidal", ScalesEmbedding = true, MaximumLength = 128, Dropout = 0 }, SharesEmbeddings = false }
            : new EncoderDecoderConfig { EmbeddingSize = 16, HiddenSize = 24, AttentionSize = 16, Dropout = 0 };
        Translator model = Translator.Train(data, data.Select([.. Enumerable.Range(0, 40)]), new TranslatorOptions
        {
            Network = network, Training = new TrainingOptions { EpochCount = 12, BatchSize = 16, LearningRate = 0.01, WordDropout = 0, Patience = 12 }, SourceTokens = new TextEncoderOptions(), TargetTokens = new TextEncoderOptions(),
        });
        IReadOnlyList<ExplainedInput> words = model.Explaining("blau alt haus");
        words.Count.ShouldBe(3);
        for (int t = 0; t < 3; t++)
        {
            IReadOnlyList<Explanation> all = ExplanationMethod.Explain(words[t], new() { Removal = "unknown" });
            all.Count.ShouldBe(isTransformer ? 8 : 5);
            all[0].Target.ShouldContain($"'{new[] { "blue", "old", "house" }[t]}', token {t + 1}");
            all.Single(e => e.Method == "occlusion").Order()[0].ShouldBe(t);
            all.Single(e => e.Method == "integrated-gradients").Order()[0].ShouldBe(t);
            words[t].Without([[true, true, true]], "delete")[0].ShouldBeLessThan(words[t].Value);
        }
        model.Explaining("blau alt haus", "old").Count.ShouldBe(1);
        Should.Throw<ArgumentException>(() => model.Explaining("blau alt haus", "red")).Message.ShouldContain("it is blue old house");
    }
}
