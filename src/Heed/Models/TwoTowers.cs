namespace Heed;

/// <summary>A text pair read by one encoder twice, each text for itself, and compared.</summary>
/// <remarks>
/// <para>Formula: <c>[u ; v ; |u − v| ; u∘v]</c> of the two contexts. Source: Conneau et al., "Supervised learning of universal sentence representations
/// from natural language inference data", 2017, section 3.1.</para>
/// <para>Shapes: u and v <c>(batch, context)</c>, result <c>(batch, 4·context)</c>.</para>
/// </remarks>
internal static class TwoTowers
{
    public const int Parts = 4;

    /// <summary>The steps before and behind the separator of each row; without one all steps are the first text's.</summary>
    public static (SequenceRanges First, SequenceRanges Second) Split(ReadOnlySpan<int> ids, SequenceRanges ranges, int separator)
    {
        int count = ranges.Count, time = ids.Length / count;
        int[] firstLengths = new int[count], starts = new int[count], lengths = new int[count];
        for (int i = 0; i < count; i++)
        {
            int start = ranges.Starts.Span[i], length = ranges.Lengths.Span[i], at = ids.Slice((i * time) + start, length).IndexOf(separator);
            firstLengths[i] = at < 0 ? length : at;
            starts[i] = at < 0 ? start : start + at + 1;
            lengths[i] = at < 0 ? 0 : length - at - 1;
        }
        return (new SequenceRanges(firstLengths, ranges.Starts), new SequenceRanges(lengths, starts));
    }

    /// <summary>Compares two texts that were pooled each for itself.</summary>
    /// <returns>The compared contexts; weights over both texts, half for each, or all for the only one that has tokens.</returns>
    public static PoolingResult Pool(PoolingResult one, PoolingResult two, SequenceRanges first, SequenceRanges second, in Pass pass) =>
        new(Compare(one.Context, two.Context), Join(one.Weights, two.Weights, first, second, pass), one.Penalty is { } penalty ? penalty + two.Penalty! : null);

    /// <summary>Compares two texts that attended to each other.</summary>
    /// <returns>The same.</returns>
    public static PoolingResult Pool(CoAttentionResult both, SequenceRanges first, SequenceRanges second, in Pass pass) =>
        new(Compare(both.First, both.Second), Join(both.FirstWeights, both.SecondWeights, first, second, pass)) { Affinity = both.Affinity };

    private static Tensor Compare(Tensor u, Tensor v) => Tensor.Concatenate(u, v, (u - v).Relu() + (v - u).Relu(), u * v);

    private static Tensor Join(Tensor one, Tensor two, SequenceRanges first, SequenceRanges second, in Pass pass) =>
        (one * Shares(one, first, second, pass)) + (two * Shares(two, second, first, pass));

    private static Tensor Shares(Tensor weights, SequenceRanges own, SequenceRanges other, in Pass pass)
    {
        float[] shares = new float[weights.Shape.Length];
        for (int i = 0, each = shares.Length / Math.Max(1, own.Count); i < own.Count; i++)
            shares.AsSpan(i * each, each).Fill(own.Lengths.Span[i] > 0 && other.Lengths.Span[i] > 0 ? 0.5f : 1);
        return pass.Input(shares, weights.Shape);
    }
}
