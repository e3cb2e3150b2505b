using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score + bias, broadcast over any axis: parameter offset + batch·batchStep + head·headStep + query·queryStep + key·keyStep. A bias of −∞ masks.</summary>
public readonly struct AdditiveBias : IDifferentiableScoreModifier
{
    private readonly long offset, batchStep, headStep, queryStep;
    private readonly int keyStep;

    /// <summary>A bias with steps in parameters; 0 broadcasts.</summary>
    /// <param name="batchStep">From sequence to sequence.</param>
    /// <param name="headStep">From query head to query head.</param>
    /// <param name="queryStep">From query to query.</param>
    /// <param name="keyStep">From key to key: 0 or 1.</param>
    /// <param name="offset">The first parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">A step is negative, or the last one is not 0 or 1.</exception>
    public AdditiveBias(long batchStep, long headStep, long queryStep, int keyStep = 1, long offset = 0)
    {
        Require.Range(nameof(AdditiveBias), nameof(keyStep), keyStep, keyStep is 0 or 1, "0 or 1");
        bool sane = batchStep >= 0 && headStep >= 0 && queryStep >= 0 && offset >= 0 && Math.Max(Math.Max(batchStep, headStep), Math.Max(queryStep, offset)) <= int.MaxValue;
        Require.Range(nameof(AdditiveBias), nameof(batchStep), batchStep, sane, "like all steps and the offset in 0 … 2³¹ − 1");
        (this.batchStep, this.headStep, this.queryStep, this.keyStep, this.offset) = (batchStep, headStep, queryStep, keyStep, offset);
    }

    /// <summary>Contiguous (batch or 1, heads or 1, queries, keys).</summary>
    /// <param name="shape">The attention.</param>
    /// <param name="perBatch">Whether sequences differ.</param>
    /// <param name="perHead">Whether heads differ.</param>
    public static AdditiveBias For(in AttentionShape shape, bool perBatch, bool perHead)
    {
        long matrix = (long)shape.Queries * shape.Keys;
        return new(perBatch ? (perHead ? shape.HeadCount : 1) * matrix : 0, perHead ? matrix : 0, shape.Keys);
    }

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
        if (shape.Batch == 0 || shape.HeadCount == 0 || shape.Queries == 0 || shape.Keys == 0)
            return;
        Int128 last = ((Int128)batchStep * (shape.Batch - 1)) + ((Int128)headStep * (shape.HeadCount - 1)) + ((Int128)queryStep * (shape.Queries - 1)) + (keyStep * (shape.Keys - 1));
        ScoreCheck.Parameters(nameof(AdditiveBias), offset, last + 1, parameterCount);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        // −∞ also where the score is NaN or infinite: what is masked never shows.
        V bias = keyStep == 0 ? at.Parameter(First(at)) : at.Parameters(First(at) + at.KeyIndex), none = V.Create(float.NegativeInfinity);
        return V.Select(V.AreEqual(bias, none), none, score + bias);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        if (keyStep == 0)
            parameters.Add(First(at), gradient);
        else
            parameters.AddLanes(First(at) + at.KeyIndex, gradient);
        return gradient;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long First<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => offset + (at.Batch * batchStep) + (at.Head * headStep) + (at.QueryIndex * queryStep);
}
