using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>The mean over time, plain and gated.</content>
public static unsafe partial class SequencePoolingKernel
{
    /// <summary>y[b, f] = (1/length)·Σ over real t of x[b, t, f].</summary>
    /// <param name="x">(batch, time, features).</param>
    /// <param name="features">Values a step.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="y">(batch, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void MeanOverTime(ReadOnlySpan<float> x, int features, Sequences sequences, Span<float> y)
    {
        Steps("SequencePoolingKernel.MeanOverTime", nameof(x), x, features, sequences, y);
        Pooled("SequencePoolingKernel.MeanOverTime", nameof(y), y, features, sequences);
        fixed (float* px = x, py = y)
            Run(new MeanStep { X = px, Y = py }, features, sequences);
    }

    /// <summary>dx[b, t, f] += dy[b, f]/length at real steps.</summary>
    /// <param name="dy">(batch, features).</param>
    /// <param name="features">Values a step.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="dx">(batch, time, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void MeanOverTimeBackward(ReadOnlySpan<float> dy, int features, Sequences sequences, Span<float> dx)
    {
        Steps("SequencePoolingKernel.MeanOverTimeBackward", nameof(dx), dx, features, sequences, dy);
        Pooled("SequencePoolingKernel.MeanOverTimeBackward", nameof(dy), dy, features, sequences);
        fixed (float* pdy = dy, pdx = dx)
            Run(new MeanBackwardStep { Gradient = pdy, Result = pdx }, features, sequences);
    }

    /// <summary>y[b, f] = (1/length)·Σ over real t of σ(g[b, t, f])·x[b, t, f].</summary>
    /// <param name="gates">g, before the sigmoid: (batch, time, features).</param>
    /// <param name="x">(batch, time, features).</param>
    /// <param name="features">Values a step.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="y">(batch, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void GatedMean(ReadOnlySpan<float> gates, ReadOnlySpan<float> x, int features, Sequences sequences, Span<float> y)
    {
        Steps("SequencePoolingKernel.GatedMean", nameof(gates), gates, features, sequences, y);
        Steps("SequencePoolingKernel.GatedMean", nameof(x), x, features, sequences, y);
        Pooled("SequencePoolingKernel.GatedMean", nameof(y), y, features, sequences);
        fixed (float* pg = gates, px = x, py = y)
            Run(new MeanStep { Gates = pg, X = px, Y = py }, features, sequences);
    }

    /// <summary>With s = σ(g) and c = dy/length, at real steps: dx += c·s; dg += c·x·s·(1 − s).</summary>
    /// <param name="dy">(batch, features).</param>
    /// <param name="gates">g of the forward pass.</param>
    /// <param name="x">x of the forward pass.</param>
    /// <param name="features">Values a step.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="dgates">dg: (batch, time, features).</param>
    /// <param name="dx">(batch, time, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void GatedMeanBackward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> gates, ReadOnlySpan<float> x, int features, Sequences sequences, Span<float> dgates, Span<float> dx)
    {
        const string Operation = "SequencePoolingKernel.GatedMeanBackward";
        Pooled(Operation, nameof(dy), dy, features, sequences);
        Steps(Operation, nameof(gates), gates, features, sequences, dx);
        Steps(Operation, nameof(gates), gates, features, sequences, dgates);
        Steps(Operation, nameof(x), x, features, sequences, dx);
        Steps(Operation, nameof(x), x, features, sequences, dgates);
        Steps(Operation, nameof(dx), dx, features, sequences, dy);
        Steps(Operation, nameof(dgates), dgates, features, sequences, dy);
        Require.Apart<float>(Operation, nameof(dx), dx, dgates);
        fixed (float* pdy = dy, pg = gates, px = x, pdg = dgates, pdx = dx)
            Run(new GatedBackwardStep { Gradient = pdy, Gates = pg, X = px, GateResult = pdg, Result = pdx }, features, sequences);
    }

    private struct MeanStep : ISequenceStep
    {
        public float* Gates;
        public float* X;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            float* y = Y + (b * features);
            if (length == 0)
                new Span<float>(y, (int)features).Clear();
            else
                Lane.Loop<V, MeanLanes>(new() { Gates = Gates == null ? null : Gates + first, X = X + first, Y = y, Length = length, Features = features }, 0, features);
        }
    }

    private struct MeanLanes : ILaneStep
    {
        public float* Gates;
        public float* X;
        public float* Y;
        public nint Length;
        public nint Features;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V sum = V.Zero;
            for (nint t = 0, at = i; t < Length; t++, at += Features)
            {
                V x = Lane.Load<V>(X + at, count);
                sum = Gates == null ? sum + x : V.FusedMultiplyAdd(V.Sigmoid(Lane.Load<V>(Gates + at, count)), x, sum);
            }
            Lane.Store(sum / V.Create((float)Length), Y + i, count);
        }
    }

    private struct MeanBackwardStep : ISequenceStep
    {
        public float* Gradient;
        public float* Result;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            float* dx = Result + first;
            for (nint t = 0; t < length; t++, dx += features)
                Lane.Loop<V, Binary<AddScaledOperator>>(new() { A = dx, B = Gradient + (b * features), Y = dx, Operator = new(1f / length) }, 0, features);
        }
    }

    private struct GatedBackwardStep : ISequenceStep
    {
        public float* Gradient;
        public float* Gates;
        public float* X;
        public float* GateResult;
        public float* Result;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            GatedBackwardLanes lanes = new() { Of = this, Scale = 1f / length, Gradient = Gradient + (b * features) };
            for (nint t = 0; t < length; t++)
            {
                lanes.At = first + (t * features);
                Lane.Loop<V, GatedBackwardLanes>(lanes, 0, features);
            }
        }
    }

    private struct GatedBackwardLanes : ILaneStep
    {
        public GatedBackwardStep Of;
        public float* Gradient;
        public nint At;
        public float Scale;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            nint at = At + i;
            V s = V.Sigmoid(Lane.Load<V>(Of.Gates + at, count)), part = V.Create(Scale) * Lane.Load<V>(Gradient + i, count) * s;
            V slope = Lane.Load<V>(Of.X + at, count) * (V.Create(1f) - s);
            Lane.Store(Lane.Load<V>(Of.Result + at, count) + part, Of.Result + at, count);
            Lane.Store(V.FusedMultiplyAdd(part, slope, Lane.Load<V>(Of.GateResult + at, count)), Of.GateResult + at, count);
        }
    }
}
