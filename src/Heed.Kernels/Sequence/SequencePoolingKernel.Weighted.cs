using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>Weighted sums over time: the alignment of attention pooling.</content>
public static unsafe partial class SequencePoolingKernel
{
    /// <summary>c[b, k, f] = Σ over real t of w[b, k, t]·h[b, t, f].</summary>
    /// <remarks>Each element is one chain of fused multiply–adds over the steps in order, from 0. Cost: 2·views·features flops a real step.</remarks>
    /// <param name="weights">w: (batch, views, time).</param>
    /// <param name="states">h: (batch, time, features).</param>
    /// <param name="features">Values a step.</param>
    /// <param name="views">Number of distributions for each sequence.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="contexts">c: (batch, views, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void WeightedSum(ReadOnlySpan<float> weights, ReadOnlySpan<float> states, int features, int views, Sequences sequences, Span<float> contexts)
    {
        const string Operation = "SequencePoolingKernel.WeightedSum";
        Steps(Operation, nameof(weights), weights, views, sequences, contexts);
        Steps(Operation, nameof(states), states, features, sequences, contexts);
        Pooled(Operation, nameof(contexts), contexts, (long)views * features, sequences);
        fixed (float* pw = weights, ph = states, pc = contexts)
            Run(new WeightedStep { Weights = pw, States = ph, Contexts = pc, Views = views }, features, sequences, views);
    }

    /// <summary>dw[b, k, t] += ⟨dc[b, k, :], h[b, t, :]⟩; dh[b, t, :] += Σ over k of w[b, k, t]·dc[b, k, :], at real steps.</summary>
    /// <remarks>Order of the sums: over features in a fixed tree, over views in order.</remarks>
    /// <param name="dcontexts">dc: (batch, views, features).</param>
    /// <param name="weights">w of the forward pass.</param>
    /// <param name="states">h of the forward pass.</param>
    /// <param name="features">Values a step.</param>
    /// <param name="views">Number of distributions for each sequence.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="dweights">dw: (batch, views, time); empty if it is not wanted.</param>
    /// <param name="dstates">dh: (batch, time, features); empty if it is not wanted.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void WeightedSumBackward(
        ReadOnlySpan<float> dcontexts, ReadOnlySpan<float> weights, ReadOnlySpan<float> states, int features, int views, Sequences sequences, Span<float> dweights, Span<float> dstates)
    {
        const string Operation = "SequencePoolingKernel.WeightedSumBackward";
        Pooled(Operation, nameof(dcontexts), dcontexts, (long)views * features, sequences);
        Steps(Operation, nameof(weights), weights, views, sequences, dweights);
        Steps(Operation, nameof(weights), weights, views, sequences, dstates);
        Steps(Operation, nameof(states), states, features, sequences, dweights);
        Steps(Operation, nameof(states), states, features, sequences, dstates);
        if (!dweights.IsEmpty)
            Steps(Operation, nameof(dweights), dweights, views, sequences, dcontexts);
        if (!dstates.IsEmpty)
            Steps(Operation, nameof(dstates), dstates, features, sequences, dcontexts);
        Require.Apart<float>(Operation, nameof(dweights), dweights, dstates);
        fixed (float* pdc = dcontexts, pw = weights, ph = states, pdw = dweights, pdh = dstates)
        {
            WeightedBackwardStep step = new() { Gradient = pdc, Weights = pw, States = ph, WeightResult = pdw, StateResult = pdh, Views = views };
            Run(step, features, sequences, 2 * views);
        }
    }

    private struct WeightedStep : ISequenceStep
    {
        public float* Weights;
        public float* States;
        public float* Contexts;
        public nint Views;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            for (nint k = b * Views; k < (b + 1) * Views; k++)
            {
                float* w = Weights + (k * bounds.Time) + bounds.Start(b), h = States + first, c = Contexts + (k * features);
                nint f = 0;
                for (; f <= features - (4 * V.Width); f += 4 * V.Width)
                    Four<V>(w, h + f, c + f, length, features);
                Lane.Loop<V, WeightedLanes>(new() { W = w, H = h, C = c, Length = length, Features = features }, f, features);
            }
        }

        // Four vectors of features at once: whole cache lines, and four chains to hide the latency of an addition.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Four<V>(float* w, float* h, float* c, nint length, nint features)
            where V : unmanaged, ISimd<V>
        {
            V c0 = V.Zero, c1 = V.Zero, c2 = V.Zero, c3 = V.Zero;
            for (nint t = 0; t < length; t++, h += features)
            {
                V weight = V.Create(w[t]);
                c0 = V.FusedMultiplyAdd(weight, V.Load(h), c0);
                c1 = V.FusedMultiplyAdd(weight, V.Load(h + V.Width), c1);
                c2 = V.FusedMultiplyAdd(weight, V.Load(h + (2 * V.Width)), c2);
                c3 = V.FusedMultiplyAdd(weight, V.Load(h + (3 * V.Width)), c3);
            }
            V.Store(c0, c);
            V.Store(c1, c + V.Width);
            V.Store(c2, c + (2 * V.Width));
            V.Store(c3, c + (3 * V.Width));
        }
    }

    private struct WeightedLanes : ILaneStep
    {
        public float* W;
        public float* H;
        public float* C;
        public nint Length;
        public nint Features;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V sum = V.Zero;
            for (nint t = 0; t < Length; t++)
                sum = V.FusedMultiplyAdd(V.Create(W[t]), Lane.Load<V>(H + (t * Features) + i, count), sum);
            Lane.Store(sum, C + i, count);
        }
    }

    private struct WeightedBackwardStep : ISequenceStep
    {
        public float* Gradient;
        public float* Weights;
        public float* States;
        public float* WeightResult;
        public float* StateResult;
        public nint Views;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>
        {
            for (nint t = 0; t < length; t++)
            {
                nint step = first + (t * features);
                for (nint k = b * Views; k < (b + 1) * Views; k++)
                {
                    float* dc = Gradient + (k * features);
                    nint at = (k * bounds.Time) + bounds.Start(b) + t;
                    if (WeightResult != null)
                        WeightResult[at] += Fold.Sum<V, DotTerm>(new() { A = dc, B = States + step }, 0, features);
                    if (StateResult != null)
                        Lane.Loop<V, Binary<AddScaledOperator>>(new() { A = StateResult + step, B = dc, Y = StateResult + step, Operator = new(Weights[at]) }, 0, features);
                }
            }
        }
    }
}
