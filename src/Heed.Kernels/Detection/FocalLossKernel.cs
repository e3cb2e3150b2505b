using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Focal loss of independent yes-or-no answers: what is easy counts little, so that many empty places do not drown the few with something in them.</summary>
/// <remarks>
/// <para>With z = x for a target of 1 and −x for 0, p = σ(z), and a = α or 1 − α: loss = Σ a·(1 − p)^γ·(−ln p). Computed with s(z) = ln(1 + eᶻ) as a·e^(−γ·s(z))·s(−z), without overflow and without a logarithm of 0;
/// dx += ±g·a·(1 − p)^γ·(−γ·p·s(−z) − (1 − p)). γ = 0 and α = ½ is half the cross-entropy's sum.</para>
/// <para>Shapes: logits and targets have one length n, as (places, classes). The sum runs over rows of 256 elements in order, the rows' sums in double precision: same bits for any number of threads. Results lie apart
/// from the sources.</para>
/// <para>Cost: three exponentials and a logarithm an element. Thread-safe.</para>
/// <para>Source: Lin, Goyal, Girshick, He and Dollár, "Focal loss for dense object detection", 2017, equation 5; as torchvision's sigmoid_focal_loss with reduction "sum".</para>
/// </remarks>
public static unsafe class FocalLossKernel
{
    private const int Block = 256;

    /// <summary>The sum of the losses.</summary>
    /// <param name="logits">x: n values.</param>
    /// <param name="targets">t: n values, 0 or 1.</param>
    /// <param name="alpha">α: weight of targets of 1, in [0, 1].</param>
    /// <param name="gamma">γ, at least 0.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is neither 0 nor 1, or α or γ does not suit.</exception>
    public static double Forward(ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, float alpha, float gamma)
    {
        Check("FocalLossKernel.Forward", logits.Length, targets, alpha, gamma);
        int blocks = (logits.Length + Block - 1) / Block;
        using Scratch scratch = new(blocks);
        float* sums = scratch.Pointer;
        fixed (float* px = logits, pt = targets)
            RowCall.Run(new ForwardStep { Loss = new() { X = px, T = pt, Alpha = alpha, Gamma = gamma }, Sums = sums, Length = logits.Length }, blocks, 4 * Block);
        double sum = 0;
        for (int block = 0; block < blocks; block++)
            sum += sums[block];
        return sum;
    }

    /// <summary>dlogits += gradient of the sum, times <paramref name="gradient"/>.</summary>
    /// <param name="logits">x: n values.</param>
    /// <param name="targets">t: n values, 0 or 1.</param>
    /// <param name="alpha">α.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="gradient">g: what is above the loss, 1 for the loss itself.</param>
    /// <param name="dlogits">n values.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">As in <see cref="Forward"/>.</exception>
    public static void Backward(ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, float alpha, float gamma, float gradient, Span<float> dlogits)
    {
        const string Operation = "FocalLossKernel.Backward";
        Check(Operation, logits.Length, targets, alpha, gamma);
        Require.Length(Operation, nameof(dlogits), dlogits.Length, logits.Length);
        Require.Apart(Operation, nameof(logits), logits, dlogits);
        Require.Apart(Operation, nameof(targets), targets, dlogits);
        fixed (float* px = logits, pt = targets, pd = dlogits)
            Lane.Run(new BackwardStep { Loss = new() { X = px, T = pt, Alpha = alpha, Gamma = gamma }, Result = pd, Scale = gradient }, logits.Length);
    }

    private static void Check(string operation, int length, ReadOnlySpan<float> targets, float alpha, float gamma)
    {
        Require.Length(operation, nameof(targets), targets.Length, length);
        if (!(alpha is >= 0 and <= 1) || !(gamma >= 0))
            throw new ArgumentOutOfRangeException(nameof(alpha), FormattableString.Invariant($"{operation}: alpha must be in [0, 1] and gamma at least 0; got {alpha} and {gamma}."));
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] is not (0 or 1))
                throw new ArgumentOutOfRangeException(nameof(targets), targets[i], FormattableString.Invariant($"{operation}: target {targets[i]} at position {i} is neither 0 nor 1."));
        }
    }

    private struct ForwardStep : IRowStep
    {
        public LossTerm Loss;
        public float* Sums;
        public nint Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> => Sums[row] = Fold.Sum<V, LossTerm>(Loss, row * Block, Math.Min(Length, (row + 1) * Block));
    }

    private struct LossTerm : ITerm
    {
        public float* X, T;
        public float Alpha, Gamma;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            Parts<V>(i, count, out _, out _, out V focus, out V negative);
            return folded + Lane.Keep(focus * negative, count, V.Zero);
        }

        // z, the sign of x in it, a·(1 − p)^γ, and s(−z) = −ln p.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Parts<V>(nint i, int count, out V z, out V sign, out V focus, out V negative)
            where V : unmanaged, ISimd<V>
        {
            V t = Lane.Load<V>(T + i, count), x = Lane.Load<V>(X + i, count), one = V.Create(1f);
            sign = V.FusedMultiplyAdd(V.Create(2f), t, -one);
            z = sign * x;
            V tail = V.Log(one + V.Exp(-V.Abs(z)));
            negative = V.Max(V.Zero, -z) + tail;
            V weight = V.FusedMultiplyAdd(t, V.Create((2 * Alpha) - 1), V.Create(1 - Alpha));
            focus = weight * V.Exp(V.Create(-Gamma) * (V.Max(V.Zero, z) + tail));
        }
    }

    private struct BackwardStep : ILaneStep
    {
        public LossTerm Loss;
        public float* Result;
        public float Scale;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            Loss.Parts<V>(i, count, out V z, out V sign, out V focus, out V negative);
            V slope = sign * focus * V.FusedMultiplyAdd(V.Create(-Loss.Gamma) * V.Sigmoid(z), negative, -V.Sigmoid(-z));
            Lane.Store(V.FusedMultiplyAdd(V.Create(Scale), slope, Lane.Load<V>(Result + i, count)), Result + i, count);
        }
    }
}
