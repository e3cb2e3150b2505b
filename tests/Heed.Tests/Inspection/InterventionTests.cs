using Heed.Tests.Tasks;

namespace Heed.Tests.Inspection;

/// <summary>Attention and weights that are changed by force.</summary>
public sealed class InterventionTests
{
    private static readonly TransformerConfig Grouped = new() { Size = 16, LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 2, InnerSize = 32, Position = "rope", Dropout = 0 };

    [Fact]
    public void The_models_own_weights_put_back_change_nothing_and_uniform_ones_are_means()
    {
        TransformerClassifier network = new(new TransformerClassifierConfig { Encoder = Grouped, Pooling = "additive", AttentionSize = 8 }, vocabularySize: 11, classCount: 3);
        network.Initialize(3);
        int[] ids = [4, 5, 6, 7, 8, 0], lengths = [3, 2];
        float[] Logits(AttentionOverride? request) => Step.Evaluate(pass => network.Forward(ids, lengths, pass).Logits, request: request).ToArray();
        float[] own = Logits(null);
        Logits(new AttentionOverride(network, (_, _) => { })).ShouldBe(own, 1e-5);
        Logits(AttentionOverride.Uniform(network)).ShouldNotBe(own);
        List<int> counts = [];
        Logits(new AttentionOverride(network, (weights, row) =>
        {
            row.ShouldBe(counts.Count);
            weights.ToArray().Sum().ShouldBe(1, 1e-5f);
            counts.Add(weights.Length);
        }));
        // Two layers of 4 heads with 3 + 2 rows, and one pooled row a text.
        counts.Count.ShouldBe((2 * 4 * 5) + 2);
        counts.ShouldAllBe(count => count == 3 || count == 2);
    }

    [Fact]
    public void Weights_of_a_layer_that_adds_positions_to_values_cannot_be_replaced()
    {
        TransformerClassifier network = new(new TransformerClassifierConfig { Encoder = Grouped with { Position = "shaw", KeyValueHeadCount = 4 }, Pooling = "mean" }, vocabularySize: 11, classCount: 3);
        network.Initialize(3);
        Should.Throw<ArgumentException>(() => Step.Evaluate(pass => network.Forward(new[] { 4, 5, 6 }, new[] { 3 }, pass).Logits, request: AttentionOverride.Uniform(network))).Message.ShouldContain("position shaw");
    }

    [Fact]
    public void A_uniform_pooling_is_mean_pooling()
    {
        AdditivePooling additive = new(4, 3);
        additive.Initialize(1);
        Tensor states = Tensor.From([.. Enumerable.Range(0, 24).Select(i => (float)Math.Sin(i))], new Shape(2, 3, 4));
        SequenceRanges ranges = new(new[] { 3, 2 });
        float[] mean = Step.Evaluate(pass => new MeanPooling(4).Forward(states, ranges, pass).Context).ToArray();
        Step.Evaluate(pass => additive.Forward(pass.Input(states.Values, states.Shape), ranges, pass).Context, request: AttentionOverride.Uniform(additive)).ToArray().ShouldBe(mean, 1e-6);
        float[] Permuted(ulong seed) => Step.Evaluate(pass => additive.Forward(pass.Input(states.Values, states.Shape), ranges, pass).Context, request: AttentionOverride.Permuted(additive, seed)).ToArray();
        Permuted(5).ShouldBe(Permuted(5));
    }

    [Fact]
    public void Other_weights_with_the_same_answer_are_found_where_weights_do_not_matter()
    {
        TextClassifier model = Trained();
        ExplainedInput input = model.Explaining(new TextRow("the music was lovely and the story was a plot", null, 0));
        AdversarialAttention found = AdversarialAttention.Find(input);
        found.Found.Sum().ShouldBe(1, 1e-4f);
        Math.Abs(found.Change).ShouldBeLessThanOrEqualTo(0.01);
        found.Divergence.ShouldBeInRange(0.2, Math.Log(2), "the states around a word know of it, so weights may go elsewhere");
        input.Answer(input.AtWeights([[.. found.Found]])![0].Value).ShouldBe(input.Answer(input.Value) + found.Change, 1e-4);
        AdversarialAttention.Between([1, 0], [0, 1]).ShouldBe(Math.Log(2), 1e-12);
        // The gradient with respect to the weights is that of the answer.
        float[] weights = [.. found.Own];
        (double Value, float[] Gradient)[] at = input.AtWeights([weights, [weights[0] + 0.01f, .. weights[1..]], [weights[0] - 0.01f, .. weights[1..]]])!;
        at[0].Value.ShouldBe(input.Value, 1e-4);
        ((double)at[0].Gradient[0]).ShouldBe((at[1].Value - at[2].Value) / 0.02, 0.02 + (Math.Abs(at[0].Gradient[0]) * 0.02));
        AttentionIntervention uniform = AttentionIntervention.Measure([input], "uniform");
        (uniform.Count, uniform.Change.Value).ShouldSatisfyAllConditions(x => x.Item1.ShouldBe(1), x => x.Item2.ShouldBeGreaterThan(0));
        Should.Throw<ArgumentException>(() => AttentionIntervention.Measure([input], "unifrom")).Message.ShouldContain("uniform");
        TextClassifier mean = TextClassifier.Train(TextClassifierTests.Data(60, 1), TextClassifierTests.Data(20, 2), new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, Pooling = "mean" }, Baseline = false, Training = new TrainingOptions { EpochCount = 1 },
        });
        Should.Throw<ArgumentException>(() => AttentionIntervention.Measure([mean.Explaining(new TextRow("a film", null, 0))], "permute")).Message.ShouldContain("no learned attention");
        Should.Throw<ArgumentException>(() => AdversarialAttention.Find(mean.Explaining(new TextRow("a film", null, 0)))).Message.ShouldContain("no learned weights");
    }

    [Fact]
    public void Explanations_of_a_model_that_lost_what_it_learned_are_others_and_the_model_comes_back()
    {
        TextClassifier model = Trained();
        string[] texts = [.. TextClassifierTests.Data(12, 5).Texts];
        TextPrediction before = model.Predict(texts[0]);
        string[] labels = [.. texts.Select(text => model.Predict(text).Label)];
        IReadOnlyList<ParameterRandomization> stages = ParameterRandomization.Measure(model.Network, () => [.. texts.Select((text, i) => model.Explaining(new TextRow(text, null, 0), labels[i]))], new() { Methods = ["occlusion", "gradient-input"] });
        stages.Select(stage => stage.Part).ShouldBe(["output", "pooling", "encoder", "embedding"]);
        stages[^1].Correlations[0].Correlation.Value.ShouldBeLessThan(0.5);
        model.Predict(texts[0]).Probabilities.ShouldBe(before.Probabilities);
    }

    private static TextClassifier Trained() => TextClassifier.Train(TextClassifierTests.Data(400, 1), TextClassifierTests.Data(100, 2), new TextClassifierOptions
    {
        Network = new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Dropout = 0.1 }, Baseline = false, Training = new TrainingOptions { EpochCount = 8, BatchSize = 16, LearningRate = 5e-3 },
    });
}
