namespace Heed;

/// <summary>The dot product, or multiplicative score: e = qᵀk. Luong, Pham and Manning 2015.</summary>
/// <remarks>Queries and keys have one length. Grows with that length: for more than some ten features take <see cref="ScaledDotScore"/>. Cost: 2·queries·keys·size flops; fused.</remarks>
public sealed record DotScore : Score
{
    internal static Mechanism Entry => new("dot", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(_ => new DotScore()),
        Formula = "e = qᵀk",
        Shapes = ScoreShapes,
        Cost = "2·queries·keys·size flops; fused",
        Source = "Luong, Pham and Manning, \"Effective approaches to attention-based neural machine translation\", 2015, section 3.1",
        Variant = "Without a scale. The scaled form is scaled-dot.",
        Use = "Queries and keys of one length, up to some ten features; or vectors that were learned to be compared so.",
        Avoid = "Long vectors: energies grow with the length and softmax becomes hard; take scaled-dot.",
        Example = ExampleOf("dot"),
        Types = [typeof(DotScore)],
        Pages = ["unified-attention"],
    };

    internal override bool WantsOneSize => true;

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes)
    {
        RequireOneSize(sizes);
        return new ScaledFunction(1);
    }
}

/// <summary>The scaled dot product: e = qᵀk/√d with d the length of a head's key. Vaswani et al. 2017. The default.</summary>
/// <remarks>d is that of one head, not of the model. Cost: 2·queries·keys·size flops; fused.</remarks>
public sealed record ScaledDotScore : Score
{
    internal static Mechanism Entry => new("scaled-dot", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(_ => new ScaledDotScore()),
        Formula = "e = qᵀk/√d",
        Shapes = ScoreShapes,
        Cost = "2·queries·keys·size flops; fused",
        Source = "Vaswani et al., \"Attention is all you need\", 2017, section 3.2.1",
        Variant = "d is the length of a head's key, not of the model.",
        Use = "The default, with several heads or after projections.",
        Avoid = "Queries and keys of different lengths: take general or additive.",
        Example = ExampleOf("scaled-dot"),
        Types = [typeof(ScaledDotScore)],
        Pages = ["unified-attention"],
    };

    internal override bool WantsOneSize => true;

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes)
    {
        RequireOneSize(sizes);
        return new ScaledFunction((float)(1 / Math.Sqrt(sizes.KeySize)));
    }
}

internal sealed class ScaledFunction(float scale) : DotProductFunction
{
    public override float Scale => scale;
}
