namespace Heed.Tests.Inspection;

public sealed class HeadAblationTests
{
    private static readonly int[] Ids = [1, 5, 2, 7, 3];

    [Fact]
    public void Without_its_heads_a_layer_gives_the_bias_of_its_output_projection()
    {
        MultiHeadAttention layer = new(new MultiHeadConfig { Size = 4, HeadCount = 2, IsCausal = true });
        layer.Initialize(1);
        layer.NamedParameters().Single(p => p.Name == "out_proj.bias").Parameter.Assign([1, 2, 3, 4]);
        float[] x = [.. Enumerable.Range(0, 12).Select(i => MathF.Cos(i))];
        float[] Run() => Step.Evaluate(pass => layer.Forward(pass.Input(x, new Shape(1, 3, 4)), null, pass).Context).ToArray();
        float[] whole = Run();
        Action restore = HeadAblation.Zero(layer, 0, 1);
        Run().ShouldBe([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
        restore();
        Run().ShouldBe(whole);
        // What one head and the other add, and the bias once, is the whole.
        restore = HeadAblation.Zero(layer, 0);
        float[] second = Run();
        restore();
        restore = HeadAblation.Zero(layer, 1);
        float[] first = Run();
        restore();
        first.Zip(second, (a, b) => a + b).Select((sum, i) => sum - 1 - (i % 4)).ShouldBe(whole, 1e-5);
    }

    [Fact]
    public void The_mean_of_a_head_takes_its_place_and_padding_does_not_count()
    {
        MultiHeadAttention layer = new(new MultiHeadConfig { Size = 2, HeadCount = 2, HasBias = false });
        layer.Initialize(1);
        void Assign(string name, params float[] values) => layer.NamedParameters().Single(p => p.Name == name).Parameter.Assign(values);
        Assign("q_proj.weight", 0, 0, 0, 0);
        Assign("v_proj.weight", 1, 0, 0, 1);
        Assign("out_proj.weight", 1, 0, 0, 1);
        // All keys weigh alike: each head gives the mean of its feature over the sequence; (2, 3) and (10, 20).
        float[] x = [1, 2, 3, 4, 10, 20, 99, 99];
        float[] Run() => Step.Evaluate(pass => layer.Forward(pass.Input(x, new Shape(2, 2, 2)), new SequenceRanges(new[] { 2, 1 }), pass).Context).ToArray();
        float[] means = HeadAblation.Means(layer, () => Run());
        means.ShouldBe([14 / 3f, 26 / 3f], 1e-5);
        Action restore = HeadAblation.Mean(layer, means, 1);
        Run()[..6].ShouldBe([2, means[1], 2, means[1], 10, means[1]], 1e-6);
        restore();
        Should.Throw<ArgumentException>(() => HeadAblation.Mean(layer, [1], 0)).Message.ShouldContain("(2, 1)");
        Should.Throw<ArgumentOutOfRangeException>(() => HeadAblation.Zero(layer, 2));
    }

    [Fact]
    public void Whole_sequences_caches_and_gradients_honour_it()
    {
        TransformerLanguageModel model = new(new TransformerConfig { Size = 8, HeadCount = 2, LayerCount = 2, MaximumLength = 8, IsCausal = true, HasGate = true, Dropout = 0 }, 11);
        model.Initialize(1);
        float[] Whole() => Step.Evaluate(pass => model.Forward(Ids, new SequenceRanges(new[] { 5 }), pass)).Values[^11..].ToArray();
        float[] before = Whole();
        MultiHeadAttention layer = model.Transformer.Layers[1].Attention;
        Action restore = HeadAblation.Mean(layer, [1, 0, 0, 0, 0, 2, 0, 0], 1);
        float[] after = Whole();
        after.ShouldNotBe(before);
        TransformerCache cache = Step.Evaluate(pass => model.Transformer.NewCache(1, 8, pass));
        Step.Evaluate(pass => model.Next(Ids.AsMemory(0, 4), cache, pass));
        Step.Evaluate(pass => model.Next(Ids.AsMemory(4), cache, pass)).ToArray().ShouldBe(after);
        Step.Train(new RandomStream(1, "test"), 0, pass => model.Loss(Ids, new SequenceRanges(new[] { 5 }), pass));
        // No gradient flows into the values of a head that is off.
        float[] gradient = layer.NamedParameters().Single(p => p.Name == "v_proj.weight").Parameter.Gradient.ToArray();
        gradient[..32].ShouldContain(v => v != 0);
        gradient[32..].ShouldAllBe(v => v == 0);
        restore();
        Whole().ShouldBe(before);
    }
}
