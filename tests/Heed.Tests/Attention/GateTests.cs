namespace Heed.Tests.Attention;

/// <summary>Gated linear units, highway layers, and the gates of an LSTM over time.</summary>
public sealed class GateTests
{
    [Fact]
    public void A_gated_linear_unit_by_hand()
    {
        // x = (1, 2): value 3·1 − 1·2 + 1 = 2, gate σ(0.5·1 + 0.25·2 − 1) = σ(0) = ½.
        GatedLinearUnit layer = new(2, 1);
        Set(layer, ("value.weight", [3, -1]), ("value.bias", [1]), ("gate.weight", [0.5f, 0.25f]), ("gate.bias", [-1]));
        (float y, float gate) = Step.Evaluate(pass =>
        {
            GatedResult result = layer.Forward(Tensor.From([1, 2], new Shape(1, 2)), pass);
            return (result.Output.Item, result.Gates!.Item);
        }, Capture.Gates);
        (y, gate).ShouldBe((1, 0.5f));
        Step.Evaluate(pass => layer.Forward(Tensor.From([1, 2], new Shape(1, 2)), pass).Gates is null).ShouldBeTrue("nobody asked");
    }

    [Fact]
    public void A_highway_layer_by_hand()
    {
        // H = ReLU(2·3 − 1) = 5, T = σ(ln 3) = ¾: ¾·5 + ¼·3.
        Highway layer = new(1);
        Set(layer, ("transform.weight", [2]), ("transform.bias", [-1]), ("gate_weight", [0]), ("gate_bias", [MathF.Log(3)]));
        (float y, float gate) = Step.Evaluate(pass =>
        {
            GatedResult result = layer.Forward(Tensor.From([3], new Shape(1, 1)), pass);
            return (result.Output.Item, result.Gates!.Item);
        }, Capture.Gates);
        y.ShouldBe(4.5f, 1e-6);
        gate.ShouldBe(0.75f, 1e-6);
    }

    [Fact]
    public void A_highway_starts_by_carrying()
    {
        Highway layer = new(16);
        layer.Initialize(1);
        float[] x = [.. Enumerable.Range(0, 16).Select(i => i - 8f)];
        Step.Evaluate(pass => layer.Forward(Tensor.From(new float[16], new Shape(1, 16)), pass).Gates!, Capture.Gates).ToArray().ShouldAllBe(t => Math.Abs(t - 0.1192f) < 1e-4);
        layer.NamedParameters().Single(p => p.Name == "gate_bias").Parameter.Assign([.. Enumerable.Repeat(-40f, 16)]);
        Step.Evaluate(pass => layer.Forward(Tensor.From(x, new Shape(1, 16)), pass).Output).ToArray().ShouldBe(x, 1e-5);
    }

    [Fact]
    public void Gradients_agree_with_differences()
    {
        Parameter x = new(new Shape(5, 3), Initializer.Normal(0.8));
        x.Initialize(new RandomStream(2, "x"));
        GatedLinearUnit unit = new(3, 4);
        Highway highway = new(3);
        unit.Initialize(3);
        highway.Initialize(3);
        GradientCheck.Run([("x", x), .. unit.NamedParameters()], pass => unit.Forward(pass.Use(x), pass).Output).ShouldBeGreaterThan(0);
        GradientCheck.Run([("x", x), .. highway.NamedParameters()], pass => highway.Forward(pass.Use(x), pass).Output).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void The_gates_of_an_lstm_explain_its_states()
    {
        // Two layers, two directions, padding on both sides: from the gates alone c = f∘c + i∘g and h = o∘tanh c give the layer's output.
        Lstm lstm = new(3, 5, layerCount: 2, isBidirectional: true);
        lstm.Initialize(4);
        SequenceRanges ranges = new(new[] { 7, 0, 3, 4 }, new[] { 0, 2, 4, 1 });
        RandomStream random = new(5, "x");
        Tensor x = Tensor.From([.. Enumerable.Range(0, 4 * 7 * 3).Select(_ => (float)random.NextNormal())], new Shape(4, 7, 3));
        (float[] output, float[] plain, float[] gates, int layers, Shape shape) = Step.Evaluate(pass =>
        {
            RecurrentResult result = lstm.Forward(x, ranges, pass);
            RecurrentResult without = Step.Evaluate(inner => lstm.Forward(x, ranges, inner) is { Gates: null } r ? (r.Output, r) : throw new InvalidOperationException("nobody asked")).Item2;
            return (result.Output.ToArray(), without.Output.ToArray(), result.Gates![1].ToArray(), result.Gates.Count, result.Gates[1].Shape);
        }, Capture.Gates);
        output.ShouldBe(plain, "asking changes no bit");
        layers.ShouldBe(2);
        shape.ShouldBe(new Shape(4, 7, 2, 20));
        for (int b = 0; b < 4; b++)
        {
            (int start, int length) = (ranges.Starts.Span[b], ranges.Lengths.Span[b]);
            for (int d = 0; d < 2; d++)
            {
                double[] c = new double[5];
                for (int k = 0; k < length; k++)
                {
                    int t = d == 0 ? start + k : start + length - 1 - k;
                    ReadOnlySpan<float> at = gates.AsSpan((((b * 7) + t) * 2 + d) * 20, 20);
                    for (int j = 0; j < 5; j++)
                    {
                        c[j] = (at[5 + j] * c[j]) + (at[j] * at[10 + j]);
                        output[(((b * 7) + t) * 10) + (d * 5) + j].ShouldBe((float)(at[15 + j] * Math.Tanh(c[j])), 1e-5);
                    }
                }
                for (int t = 0; t < 7; t++)
                {
                    if (t < start || t >= start + length)
                        gates.AsSpan((((b * 7) + t) * 2 + d) * 20, 20).ContainsAnyExcept(0f).ShouldBeFalse("padding");
                }
            }
        }
    }

    [Fact]
    public void Gates_are_refused_where_they_do_not_fit()
    {
        Kernels.RecurrentShape shape = new(1, 2, 3, 4, 1);
        Should.Throw<ArgumentException>(() => Kernels.LstmKernel.ReadGates(shape, [], [], new float[1000], new float[31])).Message.ShouldContain("gates has 31 values, 32 are required");
        Should.Throw<ArgumentException>(() => Kernels.LstmKernel.ReadGates(shape, [], [], new float[3], new float[32])).Message.ShouldContain("workspace has 3 floats");
        Should.Throw<ArgumentException>(() => Kernels.LstmKernel.ReadGates(shape, [3], [], new float[1000], new float[32])).Message.ShouldContain("must lie within");
    }

    private static void Set(Module module, params (string Name, float[] Values)[] weights)
    {
        foreach ((string name, float[] values) in weights)
            module.NamedParameters().Single(p => p.Name == name).Parameter.Assign(values);
    }
}
