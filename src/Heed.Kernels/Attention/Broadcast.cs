using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Where the number of a pair stands in data that is broadcast over any axis: offset + batch·step + head·step + query·step + key·step.</summary>
internal readonly struct Broadcast
{
    private readonly long offset, batchStep, headStep, queryStep;

    public Broadcast(string owner, long batchStep, long headStep, long queryStep, int keyStep, long offset)
    {
        Require.Range(owner, nameof(keyStep), keyStep, keyStep is 0 or 1, "0 or 1");
        bool sane = batchStep >= 0 && headStep >= 0 && queryStep >= 0 && offset >= 0 && Math.Max(Math.Max(batchStep, headStep), Math.Max(queryStep, offset)) <= int.MaxValue;
        Require.Range(owner, nameof(batchStep), batchStep, sane, "like all steps and the offset in 0 … 2³¹ − 1");
        (this.batchStep, this.headStep, this.queryStep, KeyStep, this.offset) = (batchStep, headStep, queryStep, keyStep, offset);
    }

    /// <summary>Contiguous (batch, heads, queries, keys), each axis there or broadcast.</summary>
    public static Broadcast For(string owner, in AttentionShape shape, bool perBatch, bool perHead, bool perQuery, bool perKey)
    {
        long keys = perKey ? shape.Keys : 1, matrix = (perQuery ? shape.Queries : 1) * keys;
        return new(owner, perBatch ? (perHead ? shape.HeadCount : 1) * matrix : 0, perHead ? matrix : 0, perQuery ? keys : 0, perKey ? 1 : 0, 0);
    }

    /// <summary>From key to key: 0 or 1.</summary>
    public int KeyStep { get; }

    /// <summary>The first number.</summary>
    public long Offset => offset;

    /// <summary>How many numbers from the offset on an attention reads.</summary>
    public Int128 Count(in AttentionShape shape) => shape.Batch == 0 || shape.HeadCount == 0 || shape.Queries == 0 || shape.Keys == 0 ? 0
        : ((Int128)batchStep * (shape.Batch - 1)) + ((Int128)headStep * (shape.HeadCount - 1)) + ((Int128)queryStep * (shape.Queries - 1)) + ((Int128)KeyStep * (shape.Keys - 1)) + 1;

    /// <summary>The number of a query and a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long At(int batch, int head, int query, int key) => offset + (batch * batchStep) + (head * headStep) + (query * queryStep) + ((long)key * KeyStep);

    /// <summary>The number of lane 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long At<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => At(at.Batch, at.Head, at.QueryIndex, at.KeyIndex);
}
