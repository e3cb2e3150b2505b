namespace Heed;

/// <summary>Normalises each row to mean 0 and variance 1, then scales and shifts it.</summary>
/// <remarks>
/// <para>Formula: <c>y = (x − mean)/√(var + ε)∘γ + β</c>, over the last axis, biased variance.</para>
/// <para>Shapes: x and y <c>(…, size)</c>; γ (<c>weight</c>) and β (<c>bias</c>) <c>(size)</c>. Source: Ba, Kiros, Hinton 2016.</para>
/// </remarks>
public sealed class LayerNorm : Norm
{
    private readonly Parameter weight;
    private readonly Parameter bias;

    /// <summary>Creates the layer.</summary>
    /// <param name="size">Length of the last axis.</param>
    /// <param name="epsilon">ε, default 1e-5.</param>
    public LayerNorm(int size, double epsilon = 1e-5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Epsilon = epsilon;
        weight = Register("weight", new Parameter(new Shape(size), Initializer.Ones));
        bias = Register("bias", new Parameter(new Shape(size), Initializer.Zeros));
    }

    /// <summary>ε.</summary>
    public double Epsilon { get; }

    internal override int OutputChannels => weight.Shape.Length;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, in Pass pass) =>
        Return(Tensor.LayerNorm(x, pass.Use(weight), pass.Use(bias), (float)Epsilon), pass);
}
