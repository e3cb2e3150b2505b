using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A register tile of which only some columns exist: filled, computed apart, and copied back.</summary>
/// <remarks>Two vectors wide; the last one that exists moves under a mask.</remarks>
internal unsafe ref struct EdgeTile
{
    public float* Edge;
    public int Rows, Width, Columns;

    /// <summary>Takes what a result holds: null for zeros, stride 0 for the same row in every place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Fill<V>(float* start, nint stride)
        where V : unmanaged, ISimd<V>
    {
        int first = Math.Min(V.Width, Columns), second = Columns - first;
        float* edge = Edge;
        for (int r = Rows; r > 0; r--, edge += Width)
        {
            V.Store(start == null ? V.Zero : V.Load(start, first), edge);
            if (second > 0)
                V.Store(start == null ? V.Zero : V.Load(start + V.Width, second), edge + V.Width);
            if (start != null)
                start += stride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void CopyTo<V>(float* to, nint stride)
        where V : unmanaged, ISimd<V>
    {
        int first = Math.Min(V.Width, Columns), second = Columns - first;
        float* edge = Edge;
        for (int r = Rows; r > 0; r--, edge += Width, to += stride)
        {
            V.Store(V.Load(edge), to, first);
            if (second > 0)
                V.Store(V.Load(edge + V.Width), to + V.Width, second);
        }
    }
}
