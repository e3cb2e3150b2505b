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
