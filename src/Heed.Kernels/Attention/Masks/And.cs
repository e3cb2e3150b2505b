using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A query may see a key if both masks say so.</summary>
/// <param name="first">One mask.</param>
/// <param name="second">The other.</param>
/// <typeparam name="TFirst">One mask.</typeparam>
/// <typeparam name="TSecond">The other.</typeparam>
public readonly struct And<TFirst, TSecond>(TFirst first, TSecond second) : IAttentionMask
    where TFirst : unmanaged, IAttentionMask
    where TSecond : unmanaged, IAttentionMask
{
    private readonly TFirst first = first;
    private readonly TSecond second = second;

    /// <inheritdoc/>
    public int QueryBlock => Math.Max(first.QueryBlock, second.QueryBlock);

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options)
    {
        first.Check(shape, options);
        second.Check(shape, options);
    }

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        TileCoverage a = first.Cover(tile);
        return a == TileCoverage.None ? a : (TileCoverage)Math.Min((int)a, (int)second.Cover(tile));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.Select(first.Allows(at), second.Allows(at), V.Zero);
}

/// <summary>A query may see a key if either mask says so.</summary>
/// <param name="first">One mask.</param>
/// <param name="second">The other.</param>
/// <typeparam name="TFirst">One mask.</typeparam>
/// <typeparam name="TSecond">The other.</typeparam>
public readonly struct Or<TFirst, TSecond>(TFirst first, TSecond second) : IAttentionMask
    where TFirst : unmanaged, IAttentionMask
    where TSecond : unmanaged, IAttentionMask
{
    private readonly TFirst first = first;
    private readonly TSecond second = second;

    /// <inheritdoc/>
    public int QueryBlock => Math.Max(first.QueryBlock, second.QueryBlock);

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options)
    {
        first.Check(shape, options);
        second.Check(shape, options);
    }

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        TileCoverage a = first.Cover(tile);
        return a == TileCoverage.All ? a : (TileCoverage)Math.Max((int)a, (int)second.Cover(tile));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        V a = first.Allows(at);
        return V.Select(a, a, second.Allows(at));
    }
}
