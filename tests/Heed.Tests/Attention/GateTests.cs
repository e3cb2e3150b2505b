namespace Heed.Tests.Attention;

/// <summary>Gated linear units and highway layers.</summary>
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

    private static void Set(Module module, params (string Name, float[] Values)[] weights)
    {
        foreach ((string name, float[] values) in weights)
            module.NamedParameters().Single(p => p.Name == name).Parameter.Assign(values);
    }
}
