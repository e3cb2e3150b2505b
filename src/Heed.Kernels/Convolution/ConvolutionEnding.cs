using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What follows a convolution's sums while they are in the cache: y = φ(y + z).</summary>
internal unsafe struct ConvolutionEnding
{
    public float* Addend;              // z, or null
    public Activation Activation;      // φ: none, relu, hard swish
    public float* Moments;             // of the result's blocks, or null
    public ColumnBlocking Blocks;      // likewise

    /// <summary>Takes the moments of a picture that is whole, unless nobody wants them; see <see cref="ChannelMoments"/>.</summary>
    public readonly void Measure<V>(float* result, nint picture, nint channels)
        where V : unmanaged, ISimd<V>
    {
        if (Moments != null)
            ChannelMoments.OfPicture<V>(result, picture, Blocks, channels, Moments);
    }

    /// <summary>Finishes so many values of the result; <paramref name="at"/> is where they stand in it.</summary>
    public readonly void Apply<V>(float* y, nint at, nint length)
        where V : unmanaged, ISimd<V>
    {
        if (Activation == Activation.Relu)
            Finish<V, ReluEnd>(y, at, length);
        else if (Activation == Activation.HardSwish)
            Finish<V, HardSwishOperator>(y, at, length);
        else if (Addend != null)
            Finish<V, NoEnd>(y, at, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Finish<V, TEnd>(float* y, nint at, nint length)
        where V : unmanaged, ISimd<V>
        where TEnd : unmanaged, IUnaryOperator => Lane.Loop<V, Lanes<TEnd>>(new() { Y = y, Addend = Addend == null ? null : Addend + at }, 0, length);

    /// <summary>φ of so many pixels on their way to where the result has them; z must be null.</summary>
    public readonly void Move<V>(float* from, nint step, float* to, nint toStep, int pixels, int channels)
        where V : unmanaged, ISimd<V>
    {
        if (Activation == Activation.Relu)
            Move<V, ReluEnd>(from, step, to, toStep, pixels, channels);
        else if (Activation == Activation.HardSwish)
            Move<V, HardSwishOperator>(from, step, to, toStep, pixels, channels);
        else
            Move<V, NoEnd>(from, step, to, toStep, pixels, channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Move<V, TEnd>(float* from, nint step, float* to, nint toStep, int pixels, int channels)
        where V : unmanaged, ISimd<V>
        where TEnd : unmanaged, IUnaryOperator
    {
        for (; pixels > 0; pixels--, from += step, to += toStep)
        {
            int c = 0;
            for (; c <= channels - V.Width; c += V.Width)
                V.Store(default(TEnd).Invoke(V.Load(from + c)), to + c);
            if (c < channels)
                V.Store(default(TEnd).Invoke(V.Load(from + c, channels - c)), to + c, channels - c);
        }
    }

    private struct Lanes<TEnd> : ILaneStep
        where TEnd : unmanaged, IUnaryOperator
    {
        public float* Y, Addend;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V y = Lane.Load<V>(Y + i, count);
            if (Addend != null)
                y += Lane.Load<V>(Addend + i, count);
            Lane.Store(default(TEnd).Invoke(y), Y + i, count);
        }
    }

    private readonly struct NoEnd : IUnaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Invoke<V>(V a)
            where V : unmanaged, ISimd<V> => a;
    }

    // NaN stays: max gives its second operand where either is NaN.
    private readonly struct ReluEnd : IUnaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Invoke<V>(V a)
            where V : unmanaged, ISimd<V> => V.Max(V.Zero, a);
    }
}
