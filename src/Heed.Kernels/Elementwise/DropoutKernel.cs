using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Inverted dropout: y[i] = x[i]·keep[i]/(1 − p), keep[i] = (u(key, position + i) ≥ p).</summary>
/// <remarks>
/// <para>The mask is a pure function of key and position (<see cref="ISimd{TSelf}.Uniform"/>; every 2³² positions have a key of their own), so
/// nothing is stored: the backward pass makes the same mask again. Same bits at any width and for any number of threads.</para>
/// <para>Shapes: spans of one length; y may be x. A dropped element is 0 whatever it was. p = 1 drops all. Cost: one pass. Thread-safe.</para>
/// <para>Source: Srivastava et al., "Dropout", JMLR 15, 2014; scaled while training, as torch does.</para>
/// </remarks>
public static unsafe class DropoutKernel
{
    /// <summary>y = x·keep/(1 − p).</summary>
    /// <param name="x">n values.</param>
    /// <param name="probability">p in [0, 1].</param>
    /// <param name="key">The stream of the mask.</param>
    /// <param name="position">Position of the first element in the stream.</param>
    /// <param name="y">n values; may be x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap by halves.</exception>
    /// <exception cref="ArgumentOutOfRangeException">p is outside [0, 1].</exception>
    public static void Forward(ReadOnlySpan<float> x, float probability, ulong key, ulong position, Span<float> y) =>
        Run("DropoutKernel.Forward", x, probability, key, position, y, accumulate: false);

    /// <summary>dx += dy·keep/(1 − p), with the mask of the forward pass.</summary>
    /// <param name="dy">n values.</param>
    /// <param name="probability">p in [0, 1].</param>
    /// <param name="key">As in the forward pass.</param>
    /// <param name="position">As in the forward pass.</param>
    /// <param name="dx">n values.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap by halves.</exception>
    /// <exception cref="ArgumentOutOfRangeException">p is outside [0, 1].</exception>
    public static void Backward(ReadOnlySpan<float> dy, float probability, ulong key, ulong position, Span<float> dx) =>
        Run("DropoutKernel.Backward", dy, probability, key, position, dx, accumulate: true);

    /// <summary>The key of the positions block·2³² … (block + 1)·2³² − 1.</summary>
    internal static ulong BlockKey(ulong key, ulong block) => block == 0 ? key : CounterRandom.Mix(key ^ CounterRandom.Mix(block));

    /// <summary>Whether the element at a position is kept.</summary>
    internal static bool Keeps(float probability, ulong key, ulong position) =>
        Lane.First(Simd128.Uniform(BlockKey(key, position >> 32), (uint)position)) >= probability;

    private static void Run(string operation, ReadOnlySpan<float> x, float probability, ulong key, ulong position, Span<float> y, bool accumulate)
    {
        if (!(probability is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, $"{operation}: the probability must lie in [0, 1].");
        Require.Length(operation, nameof(x), x.Length, y.Length);
        Require.SameOrApart(operation, nameof(x), x, y);
        // A span may cross the end of a block of positions: then it is two runs.
        int first = (int)Math.Min((ulong)y.Length, (1ul << 32) - (uint)position);
        float scale = probability < 1 ? 1 / (1 - probability) : 0;
        fixed (float* px = x, py = y)
        {
            DropoutStep step = new() { X = px, Y = py, Key = BlockKey(key, position >> 32), Position = (uint)position, Probability = probability, Scale = scale, Accumulate = accumulate };
            Lane.Run(step, first);
            if (first == y.Length)
                return;
            step.X = px + first;
            step.Y = py + first;
            (step.Position, step.Key) = (0, BlockKey(key, (position >> 32) + 1));
            Lane.Run(step, y.Length - first);
        }
    }

    private struct DropoutStep : ILaneStep
    {
        public float* X;
        public float* Y;
        public ulong Key;
        public uint Position;
        public float Probability;
        public float Scale;
        public bool Accumulate;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V dropped = V.LessThan(V.Uniform(Key, Position + (uint)i), V.Create(Probability));
            V y = V.Select(dropped, V.Zero, Lane.Load<V>(X + i, count) * V.Create(Scale));
            Lane.Store(Accumulate ? Lane.Load<V>(Y + i, count) + y : y, Y + i, count);
        }
    }
}
