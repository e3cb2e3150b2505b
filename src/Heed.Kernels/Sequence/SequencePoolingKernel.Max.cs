using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>The largest value over time: saliency, bottom-up.</content>
public static unsafe partial class SequencePoolingKernel
{
    // Positions are carried as float32 lanes.
    private const int MostSteps = 1 << 24;

    /// <summary>y[b, f] = max over real t of x[b, t, f], and where it is.</summary>
    /// <remarks>Of equal values the first counts. NaN is above all: the first NaN is the result, with its position.</remarks>
    /// <param name="x">(batch, time, features).</param>
    /// <param name="features">Values a step.</param>
    /// <param name="sequences">The real steps; at most 16,777,216.</param>
    /// <param name="y">(batch, features); 0 for an empty sequence.</param>
    /// <param name="positions">(batch, features): the step of each maximum, counted from the start of the padded batch; −1 for an empty sequence.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void MaxOverTime(ReadOnlySpan<float> x, int features, Sequences sequences, Span<float> y, Span<int> positions)
    {
        const string Operation = "SequencePoolingKernel.MaxOverTime";
        Steps(Operation, nameof(x), x, features, sequences, y);
        Pooled(Operation, nameof(y), y, features, sequences);
        Require.Length(Operation, nameof(positions), positions.Length, y.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequences.Time, MostSteps, nameof(sequences));
        fixed (float* px = x, py = y)
        fixed (int* pp = positions)
            Run(new MaxStep { X = px, Y = py, Positions = pp }, features, sequences);
    }

    /// <summary>dx[b, position[b, f], f] += dy[b, f].</summary>
    /// <param name="dy">(batch, features).</param>
    /// <param name="positions">Of the forward pass: (batch, features), each −1 … time − 1.</param>
    /// <param name="features">Values a step.</param>
    /// <param name="time">Steps of the padded batch.</param>
    /// <param name="dx">(batch, time, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A position is no step.</exception>
    public static void MaxOverTimeBackward(ReadOnlySpan<float> dy, ReadOnlySpan<int> positions, int features, int time, Span<float> dx)
    {
        const string Operation = "SequencePoolingKernel.MaxOverTimeBackward";
        int batch = Require.Rows(Operation, nameof(dy), dy.Length, features);
        ArgumentOutOfRangeException.ThrowIfNegative(time);
        Require.Length(Operation, nameof(positions), positions.Length, dy.Length);
        Require.Length(Operation, nameof(dx), dx.Length, (long)batch * time * features);
        Require.Apart<float>(Operation, nameof(dy), dy, dx);
        foreach (int position in positions)
        {
            if (position < -1 || position >= time)
                throw new ArgumentOutOfRangeException(nameof(positions), position, FormattableString.Invariant($"{Operation}: position {position} is no step of {time}, nor −1 for none."));
        }
        for (int at = 0; at < dy.Length; at++)
        {
            if (positions[at] >= 0)
                dx[((at / features * time) + positions[at]) * features + (at % features)] += dy[at];
        }
    }

    private struct MaxStep : ISequenceStep
    {
        public float* X;
        public float* Y;
        public int* Positions;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            float* y = Y + (b * features);
            int* positions = Positions + (b * features);
            if (length == 0)
            {
                new Span<float>(y, (int)features).Clear();
                new Span<int>(positions, (int)features).Fill(-1);
                return;
            }
            Lane.Loop<V, MaxLanes>(new() { X = X + first, Y = y, Positions = (float*)positions, Length = length, Features = features }, 0, features);
            int start = (int)bounds.Start(b);
            for (nint f = 0; f < features; f++)
                positions[f] = (int)((float*)positions)[f] + start;
        }
    }

    private struct MaxLanes : ILaneStep
    {
        public float* X;
        public float* Y;
        public float* Positions;
        public nint Length;
        public nint Features;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V max = Lane.Load<V>(X + i, count), position = V.Zero, always = V.AreEqual(V.Zero, V.Zero);
            for (nint t = 1; t < Length; t++)
            {
                V x = Lane.Load<V>(X + (t * Features) + i, count);
                // Stays where x < max, x = max or max is NaN, so an x that is NaN takes the place.
                V less = V.LessThan(x, max), stays = V.Select(less, less, V.AreEqual(x, max));
                stays = V.Select(V.AreEqual(max, max), stays, always);
                max = V.Select(stays, max, x);
                position = V.Select(stays, position, V.Create((float)t));
            }
            Lane.Store(max, Y + i, count);
            Lane.Store(position, Positions + i, count);
        }
    }
}
