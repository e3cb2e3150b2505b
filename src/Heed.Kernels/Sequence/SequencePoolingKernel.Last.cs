using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>The states in which the two directions of a recurrent layer end.</content>
public static unsafe partial class SequencePoolingKernel
{
    /// <summary>y[b, :] = the forward direction's features at the last real step, the backward direction's at the first.</summary>
    /// <param name="states">(batch, time, features): forward features first.</param>
    /// <param name="features">Values a step.</param>
    /// <param name="forwardFeatures">How many of them belong to the forward direction: half of them, or all where there is no other.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="y">(batch, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void LastState(ReadOnlySpan<float> states, int features, int forwardFeatures, Sequences sequences, Span<float> y)
    {
        Steps("SequencePoolingKernel.LastState", nameof(states), states, features, sequences, y);
        Pooled("SequencePoolingKernel.LastState", nameof(y), y, features, sequences);
        CheckForward(features, forwardFeatures);
        fixed (float* px = states, py = y)
            Run(new LastStep { X = px, Y = py, Forward = forwardFeatures }, features, sequences);
    }

    /// <summary>dstates += dy at the steps that <see cref="LastState"/> read.</summary>
    /// <param name="dy">(batch, features).</param>
    /// <param name="features">Values a step.</param>
    /// <param name="forwardFeatures">As in the forward pass.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="dstates">(batch, time, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void LastStateBackward(ReadOnlySpan<float> dy, int features, int forwardFeatures, Sequences sequences, Span<float> dstates)
    {
        Steps("SequencePoolingKernel.LastStateBackward", nameof(dstates), dstates, features, sequences, dy);
        Pooled("SequencePoolingKernel.LastStateBackward", nameof(dy), dy, features, sequences);
        CheckForward(features, forwardFeatures);
        fixed (float* pdy = dy, pdx = dstates)
            Run(new LastBackwardStep { Gradient = pdy, Result = pdx, Forward = forwardFeatures }, features, sequences);
    }

    private static void CheckForward(int features, int forwardFeatures)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(forwardFeatures);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(forwardFeatures, features);
    }

    private struct LastStep : ISequenceStep
    {
        public float* X;
        public float* Y;
        public nint Forward;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            Span<float> y = new(Y + (b * features), (int)features);
            int forward = (int)Forward;
            if (length == 0)
            {
                y.Clear();
                return;
            }
            new ReadOnlySpan<float>(X + first + ((length - 1) * features), forward).CopyTo(y);
            new ReadOnlySpan<float>(X + first + forward, (int)features - forward).CopyTo(y[forward..]);
        }
    }

    private struct LastBackwardStep : ISequenceStep
    {
        public float* Gradient;
        public float* Result;
        public nint Forward;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            if (length == 0)
                return;
            float* dy = Gradient + (b * features), last = Result + first + ((length - 1) * features), start = Result + first;
            Lane.Loop<V, Binary<AddOperator>>(new() { A = last, B = dy, Y = last }, 0, Forward);
            Lane.Loop<V, Binary<AddOperator>>(new() { A = start, B = dy, Y = start }, Forward, features);
        }
    }
}
