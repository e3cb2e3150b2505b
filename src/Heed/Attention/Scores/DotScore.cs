namespace Heed;

/// <summary>The dot product, or multiplicative score: e = qᵀk. Luong, Pham and Manning 2015.</summary>
/// <remarks>Queries and keys have one length. Grows with that length: for more than some ten features take <see cref="ScaledDotScore"/>. Cost: 2·queries·keys·size flops; fused.</remarks>
public sealed record DotScore : Score
{
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
