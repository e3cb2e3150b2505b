namespace Heed;

/// <summary>A dense layer in which each output reads a vector of its own.</summary>
/// <remarks>
/// <para>Formula: <c>y_k = ⟨w_k, x_k⟩ + b_k</c>.</para>
/// <para>Shapes: x <c>(batch, labels, features)</c>; w <c>(labels, features)</c>; b <c>(labels)</c>; y <c>(batch, labels)</c>.</para>
/// <para>Behind attention with one row a label, a label's output depends on its own weighted states alone, so its weights are its own
/// evidence. Source: Mullenbach et al., "Explainable prediction of medical codes from clinical text", 2018, section 3.2. Starts as
/// <see cref="Linear"/> does. Cost: 2·batch·labels·features flops.</para>
/// </remarks>
public sealed class LabelwiseLinear : Module
{
    private readonly Parameter weight, bias;

    /// <summary>Creates the layer.</summary>
    /// <param name="labelCount">labels.</param>
    /// <param name="featureCount">features.</param>
    public LabelwiseLinear(int labelCount, int featureCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(labelCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(featureCount, 1);
        weight = Register("weight", new Parameter(new Shape(labelCount, featureCount), Initializer.LecunUniform));
        bias = Register("bias", new Parameter(new Shape(labelCount), Initializer.Uniform(1 / Math.Sqrt(featureCount))));
    }

    /// <summary>Multiplies.</summary>
    /// <param name="x">Shape <c>(batch, labels, features)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, labels)</c>.</returns>
    /// <exception cref="ShapeException">The last two axes of x are not labels and features.</exception>
    public Tensor Forward(Tensor x, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tensor w = pass.Use(weight);
        if (x.Shape.Rank != 3 || x.Shape[1] != w.Shape[0] || x.Shape[2] != w.Shape[1])
            throw ShapeException.For("LabelwiseLinear", "x", FormattableString.Invariant($"(batch, labels, features) with labels = {w.Shape[0]} and features = {w.Shape[1]}"), x.Shape);
        return Return((x * w).MeanLast().Scale(w.Shape[1]) + pass.Use(bias), pass);
    }
}
