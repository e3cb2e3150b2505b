using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score + table[bucket(distance), head]: T5's relative position bias (Raffel et al., 2020). The table (buckets, heads) is learned.</summary>
/// <remarks>Half of the buckets (all of them where only earlier keys count) hold small distances one by one up to their half, then distances in logarithmic steps up to
/// the largest; keys behind the query have the other half. As in T5's checkpoints.</remarks>
public readonly struct RelativeBias : IDifferentiableScoreModifier
{
    private readonly int buckets, heads, offset;
    private readonly bool bothWays;
    private readonly float exact, step;

    /// <summary>A bias for a number of heads.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="buckets">Rows of the table, even, at least 4.</param>
    /// <param name="maxDistance">From here on all distances share the last bucket.</param>
    /// <param name="bothWays">Whether later keys have buckets of their own; else they share bucket 0.</param>
    /// <param name="offset">The first parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number does not suit.</exception>
    public RelativeBias(int heads, int buckets = 32, int maxDistance = 128, bool bothWays = true, int offset = 0)
    {
        Require.Range(nameof(RelativeBias), nameof(buckets), buckets, buckets is >= 4 and <= 1 << 20 && buckets % 4 == 0, "a multiple of 4 in 4 … 2²⁰");
        int ways = bothWays ? buckets / 2 : buckets;
        Require.Range(nameof(RelativeBias), nameof(maxDistance), maxDistance, maxDistance > ways / 2 && maxDistance <= 1 << 24, "above a quarter of the buckets (half, one way) and at most 2²⁴");
        (this.heads, this.buckets, this.bothWays, this.offset) = (heads, buckets, bothWays, offset);
        exact = ways / 2;
        step = (float)((ways - (ways / 2)) / Math.Log((double)maxDistance / (ways / 2)));
    }

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
        if (shape.HeadCount > heads)
            throw new ArgumentException(FormattableString.Invariant($"RelativeBias: made for {heads} heads, got {shape.HeadCount}."), nameof(shape));
        ScoreCheck.Parameters(nameof(RelativeBias), offset, (Int128)buckets * heads, parameterCount);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => score + at.Lookup(Index(at));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        parameters.AddAt(Index(at), gradient);
        return gradient;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Index<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        V distance = at.Distance, size = bothWays ? V.Abs(distance) : V.Max(V.Zero, distance);
        // A step of a bucket lies exactly on some whole distances: the small addend keeps them on its upper side whatever the logarithm rounds to.
        V far = V.Max(V.Create(exact), size) * V.Create(1 / exact), bucket = V.FusedMultiplyAdd(V.Log(far), V.Create(step), V.Create(1e-4f - 0.5f));
        int ways = bothWays ? buckets / 2 : buckets;
        bucket = V.Min(V.Create(ways - 1f), V.Max(V.Zero, V.Round(bucket)) + V.Create(exact));
        bucket = V.Select(V.LessThan(size, V.Create(exact)), size, bucket);
        if (bothWays)
            bucket += V.Select(V.LessThan(distance, V.Zero), V.Create((float)ways), V.Zero);
        return V.FusedMultiplyAdd(bucket, V.Create((float)heads), V.Create((float)(offset + at.Head)));
    }
}
