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

    /// <summary>The vectors of one text of each row in a rectangle of their own, as long as the longest of them.</summary>
    /// <param name="vectors">Those of whole rows: <c>(batch, time, size)</c>.</param>
    /// <param name="text">The steps of the text.</param>
    /// <returns>Vectors <c>(batch, longest, size)</c> with padding behind, and their ranges.</returns>
    public static (Tensor Vectors, SequenceRanges Ranges) Own(Tensor vectors, SequenceRanges text)
    {
        (int batch, int time, int size) = (vectors.Shape[0], vectors.Shape[1], vectors.Shape[2]);
        int longest = Longest(text);
        int[] rows = new int[batch * longest];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = ((i / longest) * time) + Math.Min(time - 1, text.Starts.Span[i / longest] + (i % longest));
        return (Tensor.Embed(vectors.Reshape(new Shape(batch * time, size)), rows, new Shape(batch, longest)), new SequenceRanges(text.Lengths));
    }

    /// <summary>Compares two texts that were pooled each for itself.</summary>
    /// <param name="one">The first text's pooling.</param>
    /// <param name="two">The second's.</param>
    /// <param name="first">The steps of the first text in the rows.</param>
    /// <param name="second">The steps of the second.</param>
    /// <param name="time">Steps of a row.</param>
    /// <param name="pass">The call.</param>
    /// <returns>The compared contexts; weights over both texts, half for each, or all for the only one that has tokens.</returns>
    public static PoolingResult Pool(PoolingResult one, PoolingResult two, SequenceRanges first, SequenceRanges second, int time, in Pass pass) =>
        new(Compare(one.Context, two.Context), Join(one.Weights, two.Weights, first, second, time, pass), one.Penalty is { } penalty ? penalty + two.Penalty! : null);

    /// <summary>Compares two texts that attended to each other; otherwise the same.</summary>
    public static PoolingResult Pool(CoAttentionResult both, SequenceRanges first, SequenceRanges second, int time, in Pass pass) =>
        new(Compare(both.First, both.Second), Join(both.FirstWeights, both.SecondWeights, first, second, time, pass)) { Affinity = both.Affinity };

    private static int Longest(SequenceRanges text) => Math.Max(1, text.Lengths.ToArray().DefaultIfEmpty().Max());

    private static Tensor Compare(Tensor u, Tensor v) => Tensor.Concatenate(u, v, (u - v).Relu() + (v - u).Relu(), u * v);

    private static Tensor Join(Tensor one, Tensor two, SequenceRanges first, SequenceRanges second, int time, in Pass pass) =>
        InRow(one, first, second, time, pass) + InRow(two, second, first, time, pass);

    // The weights of one text (batch, views, longest) at its steps of the whole row (batch, views, time), times the text's share.
    private static Tensor InRow(Tensor weights, SequenceRanges own, SequenceRanges other, int time, in Pass pass)
    {
        (int batch, int views, int longest) = (weights.Shape[0], weights.Shape[1], weights.Shape[2]);
        int[] places = new int[batch * views * time];
        float[] shares = new float[places.Length];
        for (int row = 0; row < batch * views; row++)
        {
            int b = row / views;
            for (int t = 0; t < own.Lengths.Span[b]; t++)
            {
                int place = (row * time) + own.Starts.Span[b] + t;
                (places[place], shares[place]) = ((row * longest) + t, other.Lengths.Span[b] > 0 ? 0.5f : 1);
            }
        }
        Tensor there = Tensor.Embed(weights.Reshape(new Shape(weights.Length, 1)), places, new Shape(batch, views, time)).Reshape(new Shape(batch, views, time));
        return there * pass.Input(shares, there.Shape);
    }
}
