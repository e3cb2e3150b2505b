namespace Heed;

/// <summary>Divides each row by its root mean square, then scales it.</summary>
/// <remarks>
/// <para>Formula: <c>y = x/√(⟨x²⟩ + ε)∘γ</c>, ⟨·⟩ the mean over the last axis.</para>
/// <para>Shapes: x and y <c>(…, size)</c>; γ (<c>weight</c>) <c>(size)</c>. Source: Zhang and Sennrich 2019.</para>
/// </remarks>
public sealed class RmsNorm : Norm
{
    private readonly Parameter weight;

    /// <summary>Creates the layer.</summary>
    /// <param name="size">Length of the last axis.</param>
    /// <param name="epsilon">ε, default 1e-6.</param>
    public RmsNorm(int size, double epsilon = 1e-6)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Epsilon = epsilon;
        weight = Register("weight", new Parameter(new Shape(size), Initializer.Ones));
    }

    /// <summary>ε.</summary>
    public double Epsilon { get; }

    internal override int OutputChannels => weight.Shape.Length;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, in Pass pass) => Return(Tensor.RmsNorm(x, pass.Use(weight), (float)Epsilon), pass);
}
