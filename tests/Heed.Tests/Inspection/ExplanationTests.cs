using Heed.Tests.Tasks;

namespace Heed.Tests.Inspection;

/// <summary>What counts in a text, by all methods, for each kind of text network.</summary>
public sealed class ExplanationTests
{
    private const string Text = "the music was LOVELY and the story was a plot";
    private static readonly TransformerConfig Small = new() { Size = 16, LayerCount = 2, HeadCount = 2, InnerSize = 32, Position = "rope", Dropout = 0 };
    private static readonly Dictionary<string, Lazy<TextClassifier>> Models = new(StringComparer.Ordinal)
    {
        ["additive"] = new(() => Train(new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Dropout = 0.1 }, evidence: false)),
        ["evidence"] = new(() => Train(new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Dropout = 0.1, PairBuckets = 64 }, evidence: true)),
        ["cls"] = new(() => Train(new TransformerClassifierConfig { Encoder = Small, Pooling = "cls" }, evidence: true)),
        ["mean"] = new(() => Train(new TransformerClassifierConfig { Encoder = Small, Pooling = "mean" }, evidence: false)),
    };

    [Theory]
    [InlineData("additive", 6)]
    [InlineData("evidence", 6)]
    [InlineData("cls", 8)]
    [InlineData("mean", 8)]
    public void Every_method_that_applies_gives_each_token_a_score_and_those_that_should_find_the_word(string kind, int methods)
    {
        TextClassifier model = Models[kind].Value;
        IReadOnlyList<Explanation> explanations = model.Explain(Text);
        explanations.Count.ShouldBe(methods);
        TextPrediction p = model.Predict(Text);
        foreach (Explanation explanation in explanations)
        {
            explanation.Ranges.Select(r => Text[r]).ShouldBe(Text.Split(' '));
            explanation.Scores.Count.ShouldBe(10);
            explanation.Scores.ShouldAllBe(score => float.IsFinite(score));
            explanation.Target.ShouldBe("log odds of 'good'");
            (1 / (1 + Math.Exp(-explanation.Value))).ShouldBe(p.Probability, 1e-5, "of the probability that the model answers");
            if (explanation.Method is "occlusion" or "integrated-gradients" or "smoothgrad")
                explanation.Order()[0].ShouldBe(3, explanation.Method);
        }
        Explanation path = explanations.Single(e => e.Method == "integrated-gradients");
        Math.Abs(path.CompletenessGap).ShouldBeLessThan(0.05);
        path.Notes[0].ShouldContain(kind is "cls" or "mean" ? "'unknown'" : "'zero'");
        Math.Abs(model.Explain(Text, new() { Methods = ["integrated-gradients"], Baseline = "zero" })[0].CompletenessGap).ShouldBeLessThan(0.05);
        explanations.Single(e => e.Method == "attention").Scores.ShouldBe([.. p.Weights.Select(w => w.Weight)], 1e-5);
    }

    [Theory]
    [InlineData("evidence")]
    [InlineData("cls")]
    public void The_gradient_is_that_of_the_answer(string kind)
    {
        TextClassifier model = Models[kind].Value;
        ExplainedInput input = model.Explaining(new TextRow("a bad plot and music", null, 0));
        float[] At(double share) => Array.ConvertAll(input.Vectors, v => (float)(v * share));
        (double Value, float[] Gradient)[] points = input.Gradients([At(1), At(1 + 1e-2), At(1 - 1e-2)]);
        points[0].Value.ShouldBe(input.Value, 1e-4);
        double slope = points[0].Gradient.Zip(input.Vectors, (g, v) => (double)g * v).Sum();
        slope.ShouldBe((points[1].Value - points[2].Value) / 2e-2, Math.Abs(slope) * 5e-3);
        model.Network.NamedParameters().ShouldAllBe(p => !p.Parameter.HasGradient, "a model that answers is not changed");
    }

    [Fact]
    public void Many_callers_at_once_get_the_same_bits_as_one()
    {
        TextClassifier model = Models["additive"].Value;
        ExplanationOptions options = new() { Methods = ["integrated-gradients", "smoothgrad"] };
        float[][] Scores(string text) => [.. model.Explain(text, options).Select(e => e.Scores.ToArray())];
        string[] texts = [.. TextClassifierTests.Data(16, 4).Texts];
        float[][][] expected = Array.ConvertAll(texts, Scores), got = new float[texts.Length][][];
        Parallel.For(0, texts.Length, i => got[i] = Scores(texts[i]));
        for (int i = 0; i < texts.Length; i++)
            got[i].ShouldBe(expected[i]);
    }

    [Fact]
    public void Without_a_token_the_answer_is_that_to_the_text_without_it()
    {
        TextClassifier model = Models["evidence"].Value;
        ExplainedInput input = model.Explaining(new TextRow(Text, null, 0), "bad");
        string[] words = Text.Split(' ');
        double[] values = input.Without([.. Enumerable.Range(0, 10).Select(unit => Enumerable.Range(0, 10).Select(i => i == unit || i == 9).ToArray())], "delete");
        for (int unit = 0; unit < 10; unit++)
        {
            TextPrediction p = model.Predict(string.Join(' ', words.Where((_, i) => i != unit && i != 9)));
            input.Answer(values[unit]).ShouldBe(p.Probabilities.Single(x => x.Label == "bad").Probability, 1e-4);
        }
        double[] unknown = input.Without([[false, false, false, true, false, false, false, false, false, false]], "unknown");
        input.Answer(unknown[0]).ShouldBe(model.Predict(Text.Replace("LOVELY", "\uFFFC", StringComparison.Ordinal)).Probabilities.Single(x => x.Label == "bad").Probability, 1e-4);
    }

    [Fact]
    public void Layers_heads_and_views_can_be_named_and_what_there_is_not_is_refused_by_name()
    {
        TextClassifier model = Models["cls"].Value;
        float[][] heads = [.. new[] { "attention:0.0", "attention:0.1", "attention:0" }.Select(name => model.Explain(Text, new() { Methods = [name] })[0].Scores.ToArray())];
        for (int i = 0; i < 10; i++)
            heads[2][i].ShouldBe((heads[0][i] + heads[1][i]) / 2, 1e-6f);
        foreach ((string method, string wanted) in new[] { ("attention:2", "2, from 0"), ("attention:0.2", "2, from 0"), ("attention:view0", "has 0"), ("grad-cam", "does not apply"), ("atention", "attention"), ("occlusion:1", "no parts") })
            Should.Throw<ArgumentException>(() => model.Explain(Text, new() { Methods = [method] })).Message.ShouldContain(wanted);
        Should.Throw<ArgumentException>(() => model.Explain(Text, new() { Target = "goood" })).Message.ShouldContain("good");
        Should.Throw<ArgumentException>(() => model.Explain(Text, new() { Removal = "blur" })).Message.ShouldContain("delete, unknown");
        Should.Throw<ArgumentException>(() => model.Explain(Text, new() { Baseline = "black" })).Message.ShouldContain("zero");
        Should.Throw<InputException>(() => model.Explain("  ")).Message.ShouldContain("no token");
    }

    private static TextClassifier Train(TextNetworkConfig network, bool evidence) => TextClassifier.Train(TextClassifierTests.Data(400, 1), TextClassifierTests.Data(100, 2), new TextClassifierOptions
    {
        Network = network, Evidence = evidence, Baseline = evidence, Training = new TrainingOptions { EpochCount = 8, BatchSize = 16, LearningRate = 5e-3 },
    });
}
