namespace Heed;

/// <summary>Gives the weights of a learned pooling as a leaf, so that the answer's gradient with respect to them is there.</summary>
internal sealed class PoolingWeights(float[] weights) : IPassRequest
{
    private Tensor? leaf;

    public Tensor In(Tensor own)
    {
        if (own.Length != weights.Length)
            throw new ShapeException(FormattableString.Invariant($"PoolingWeights: {weights.Length} weights came for {own.Shape}."));
        leaf = own.Step!.New(own.Shape, requiresGradient: true);
        weights.CopyTo(leaf.Writable);
        return leaf;
    }

    public float[] Gradient() => leaf is { HasGradient: true } ? leaf.GradientSpan().ToArray() : new float[weights.Length];
}
