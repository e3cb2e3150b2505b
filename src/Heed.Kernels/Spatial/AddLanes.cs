using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>To += factor · From: a pixel's gradient, given to a pixel that it came from.</summary>
internal unsafe struct AddLanes : ILaneStep
{
    public float* From, To;
    public float Factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Step<V>(nint i, int count)
        where V : unmanaged, ISimd<V> =>
        Lane.Store(V.FusedMultiplyAdd(V.Create(Factor), Lane.Load<V>(From + i, count), Lane.Load<V>(To + i, count)), To + i, count);
}
