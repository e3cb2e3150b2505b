using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A closed interval around the query: −right ≤ query position − key position ≤ left. Left 255, right 0 is 256 keys.</summary>
public readonly struct Window : IAttentionMask
{
    private readonly int left, right;

    /// <summary>A window.</summary>
    /// <param name="left">Earlier keys that a query sees, at least 0.</param>
    /// <param name="right">Later keys that a query sees, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is negative or above 2²⁴.</exception>
    public Window(int left, int right)
    {
        Require.Range(nameof(Window), nameof(left), left, left is >= 0 and <= 1 << 24, "in 0 … 2²⁴ (a window reaches to at least the query itself)");
        Require.Range(nameof(Window), nameof(right), right, right is >= 0 and <= 1 << 24, "in 0 … 2²⁴ (a window reaches to at least the query itself)");
        this.left = left;
        this.right = right;
    }

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        (int least, int most) = tile.Distance;
        return most < -right || least > left ? TileCoverage.None : least >= -right && most <= left ? TileCoverage.All : TileCoverage.Partly;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        V distance = at.Distance;
        return V.Select(V.LessThan(distance, V.Create(left + 1)), V.LessThan(V.Create(-right - 1), distance), V.Zero);
    }
}
