namespace Heed;

/// <summary>What a gated layer returns.</summary>
/// <param name="Output">The layer's result.</param>
/// <param name="Gates">How far each gate was open, in (0, 1), of the result's shape; null if nobody asked (<see cref="Capture.Gates"/>).</param>
public readonly record struct GatedResult(Tensor Output, Tensor? Gates);

/// <summary>The gated linear unit: one half of a projection decides how much of the other passes. Saliency: the input opens its own gates.</summary>
/// <remarks>
/// <para>Formula: <c>y = (x·Wᵀ + b) ∘ σ(x·Vᵀ + c)</c>.</para>
/// <para>Shapes: x <c>(…, in)</c>; W, V <c>(out, in)</c>; b, c <c>(out)</c>; y and gates <c>(…, out)</c>.</para>
/// <para>Variant: dense, with a linear path; the paper's layers are convolutions over time. GTU (tanh path) and SwiGLU are other members of the family. Cost: 4·rows·in·out flops.</para>
/// <para>Source: Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", 2017, equation 1.</para>
/// </remarks>
public sealed class GatedLinearUnit : Module
{
    internal static Mechanism Entry => new("gated-linear-unit", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y = (x·Wᵀ + b) ∘ σ(x·Vᵀ + c)",
        Shapes = "x (…, in); y and gates (…, out)",
        Cost = "4·rows·in·out flops",
        Source = "Dauphin, Fan, Auli and Grangier, \"Language modeling with gated convolutional networks\", 2017",
        Variant = "Dense, with a linear path; the paper's are convolutions over time.",
        Use = "A layer that lets through what is strong, with an open path for gradients.",
        Avoid = "Where a query should decide.",
        Example = new(() =>
        {
            GatedLinearUnit layer = new(inputSize: 3, outputSize: 2);
            layer.Initialize(seed: 1);
            return Step.Evaluate(pass => layer.Forward(Tensor.From([1, -1, 2], new Shape(1, 3)), pass).Gates!, Capture.Gates);
        }),
        Types = [typeof(GatedLinearUnit)],
        Pages = ["gates"],
    };

    private readonly Linear value, gate;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputSize">in.</param>
    /// <param name="outputSize">out.</param>
    public GatedLinearUnit(int inputSize, int outputSize)
    {
        value = Register("value", new Linear(inputSize, outputSize));
        gate = Register("gate", new Linear(inputSize, outputSize));
    }

    /// <summary>Gates.</summary>
    /// <param name="x">Shape <c>(…, in)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Output and gates, each <c>(…, out)</c>.</returns>
    /// <exception cref="ShapeException">The last axis of x is not in.</exception>
    public GatedResult Forward(Tensor x, in Pass pass)
    {
        Tensor open = gate.Forward(x, pass).Sigmoid();
        return new GatedResult(Return(value.Forward(x, pass) * open, pass), pass.Capture.HasFlag(Capture.Gates) ? open : null);
    }
}
