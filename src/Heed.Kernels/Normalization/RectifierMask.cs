using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>How a <see cref="RectifierMask"/> is told, as a type.</summary>
internal interface IMaskForm
{
    /// <summary>By the results.</summary>
    static virtual bool IsRead => false;

    /// <summary>By computing them again.</summary>
    static virtual bool IsComputed => false;
}

/// <summary>Where a rectified result was cut off, its gradient is 0: told by the result, or by computing x·scale + shift again, or nowhere.</summary>
internal unsafe struct RectifierMask
{
    public float* Y;                      // the results, or null
    public float* X, Scale, Shift;        // instead of them; Shift is null where nothing is computed

    /// <summary>The mask for one vector of channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Lanes<V, TLanes, TForm> At<V, TLanes, TForm>(nint channel, int count)
        where V : unmanaged, ISimd<V>
        where TLanes : struct, ILanes
        where TForm : struct, IMaskForm => new()
        {
            Y = Y, X = X, Scale = TForm.IsComputed ? TLanes.Load<V>(Scale + channel, count) : V.Zero, Shift = TForm.IsComputed ? TLanes.Load<V>(Shift + channel, count) : V.Zero,
        };

    internal readonly struct Read : IMaskForm
    {
        public static bool IsRead => true;
    }

    internal readonly struct Computed : IMaskForm
    {
        public static bool IsComputed => true;
    }

    internal readonly struct Open : IMaskForm;

    internal struct Lanes<V, TLanes, TForm>
        where V : unmanaged, ISimd<V>
        where TLanes : struct, ILanes
        where TForm : struct, IMaskForm
    {
        public float* Y, X;
        public V Scale, Shift;

        /// <summary>The gradient, or 0 where the result was cut off.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Keep(float* gradient, nint at, int count)
        {
            V g = TLanes.Load<V>(gradient + at, count);
            if (TForm.IsComputed)
                return V.Select(V.LessThan(V.Zero, V.FusedMultiplyAdd(TLanes.Load<V>(X + at, count), Scale, Shift)), g, V.Zero);
            return TForm.IsRead ? V.Select(V.LessThan(V.Zero, TLanes.Load<V>(Y + at, count)), g, V.Zero) : g;
        }
    }
}
