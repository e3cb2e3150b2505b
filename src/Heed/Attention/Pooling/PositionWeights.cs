namespace Heed;

/// <summary>Weights (batch, 1, time) that depend on the lengths alone.</summary>
internal static class PositionWeights
{
    internal delegate void Writer(Span<float> weights, int length);

    public static Tensor Create(Tensor states, SequenceRanges ranges, Writer writer)
    {
        (int batch, int time) = (states.Shape[0], states.Shape[1]);
        float[] weights = new float[batch * time];
        for (int b = 0; b < batch; b++)
        {
            int length = ranges.Lengths.Span[b];
            if (length > 0)
                writer(weights.AsSpan((b * time) + ranges.Starts.Span[b], length), length);
        }
        return states.Step is { } step ? new Pass(step, null, Capture.None).Input(weights, new Shape(batch, 1, time)) : Tensor.From(weights, new Shape(batch, 1, time));
    }
}
