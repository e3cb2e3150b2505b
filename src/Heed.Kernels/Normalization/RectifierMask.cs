using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Where a rectified result was cut off, its gradient is 0: told by the result, or by computing x·scale + shift again, or nowhere.</summary>
internal unsafe struct RectifierMask
{
    public float* Y;                      // the results, or null
    public float* X, Scale, Shift;        // instead of them; Shift is null where nothing is computed

    /// <summary>The mask for one vector of channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Lanes<V> At<V>(nint channel, int count)
        where V : unmanaged, ISimd<V> => new()
        {
            Y = Y, X = Shift == null ? null : X, Scale = Shift == null ? V.Zero : Lane.Load<V>(Scale + channel, count), Shift = Shift == null ? V.Zero : Lane.Load<V>(Shift + channel, count),
        };

    internal struct Lanes<V>
        where V : unmanaged, ISimd<V>
    {
        public float* Y, X;
        public V Scale, Shift;

        /// <summary>The gradient, or 0 where the result was cut off.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Keep(float* gradient, nint at, int count)
        {
            V g = Lane.Load<V>(gradient + at, count);
            if (X != null)
                return V.Select(V.LessThan(V.Zero, V.FusedMultiplyAdd(Lane.Load<V>(X + at, count), Scale, Shift)), g, V.Zero);
            return Y == null ? g : V.Select(V.LessThan(V.Zero, Lane.Load<V>(Y + at, count)), g, V.Zero);
        }
    }
}
