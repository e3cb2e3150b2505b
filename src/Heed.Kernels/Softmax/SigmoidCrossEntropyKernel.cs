using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Cross-entropy of independent yes-or-no answers, the mean over all of them.</summary>
/// <remarks>
/// <para>With p = 1/(1 + e⁻ˣ) and targets t in [0, 1]: loss = (1/n)·Σ { −t·ln p − (1 − t)·ln(1 − p) }, computed as
/// max(x, 0) − x·t + ln(1 + e^(−|x|)) so that no logarithm of 0 arises; dx += (g/n)·((1 − t)·σ(x) − t·σ(−x)), which keeps its digits where the answer is sure.
/// With weights w each answer's loss counts w times (and n stays the number of answers). This is torch's binary_cross_entropy_with_logits with reduction "mean".</para>
/// <para>Shapes: logits and targets have one length n, as (rows, outputs); n = 0 gives 0. The sum runs over rows of <see cref="Block"/> elements in
/// order, the rows' sums in double precision: same bits for any number of threads. Results lie apart from the sources.</para>
/// <para>Cost: one exponential and one logarithm an element forward, two exponentials backward. Thread-safe.</para>
/// </remarks>
public static unsafe class SigmoidCrossEntropyKernel
{
    /// <summary>How many elements are summed in float32 before double precision takes over: 256.</summary>
    public const int Block = 256;

    /// <summary>The mean loss.</summary>
    /// <param name="logits">x: n values.</param>
    /// <param name="targets">t: n values in [0, 1].</param>
    /// <param name="weights">w: n values, or none for 1.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is outside [0, 1]; says which.</exception>
    public static double Forward(ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights = default)
    {
        const string Operation = "SigmoidCrossEntropyKernel.Forward";
        Check(Operation, logits.Length, targets, weights);
        if (logits.Length == 0)
            return 0;
        int blocks = (logits.Length + Block - 1) / Block;
        using Scratch scratch = new(blocks);
        float* sums = scratch.Pointer;
        fixed (float* px = logits, pt = targets, pw = weights)
            RowCall.Run(new ForwardStep { X = px, T = pt, W = pw, Sums = sums, Length = logits.Length }, blocks, Block);
        double sum = 0;
        for (int block = 0; block < blocks; block++)
            sum += sums[block];
        return sum / logits.Length;
    }

    /// <summary>dlogits += gradient of the mean loss, times <paramref name="gradient"/>.</summary>
    /// <param name="logits">x: n values.</param>
    /// <param name="targets">t: n values in [0, 1].</param>
    /// <param name="gradient">g: what is above the loss, 1 for the loss itself.</param>
    /// <param name="dlogits">n values.</param>
    /// <param name="weights">w: n values, or none for 1.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is outside [0, 1]; says which.</exception>
    public static void Backward(ReadOnlySpan<float> logits, ReadOnlySpan<float> targets, float gradient, Span<float> dlogits, ReadOnlySpan<float> weights = default)
    {
        const string Operation = "SigmoidCrossEntropyKernel.Backward";
        Check(Operation, logits.Length, targets, weights);
        Require.Length(Operation, nameof(dlogits), dlogits.Length, logits.Length);
        Require.Apart(Operation, nameof(logits), logits, dlogits);
        Require.Apart(Operation, nameof(targets), targets, dlogits);
        Require.Apart(Operation, nameof(weights), weights, dlogits);
        fixed (float* px = logits, pt = targets, pw = weights, pd = dlogits)
            Lane.Run(new BackwardStep { X = px, T = pt, W = pw, Result = pd, Scale = gradient / logits.Length }, logits.Length);
    }

    private static void Check(string operation, int length, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights)
    {
        Require.Length(operation, nameof(targets), targets.Length, length);
        if (!weights.IsEmpty)
            Require.Length(operation, nameof(weights), weights.Length, length);
        for (int i = 0; i < targets.Length; i++)
        {
            if (!(targets[i] is >= 0 and <= 1))
                throw new ArgumentOutOfRangeException(nameof(targets), targets[i], FormattableString.Invariant($"{operation}: target {targets[i]} at position {i} is not in [0, 1]."));
        }
    }

    private struct ForwardStep : IRowStep
    {
        public float* X;
        public float* T;
        public float* W;
        public float* Sums;
        public nint Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            Sums[row] = Fold.Sum<V, LossTerm>(new() { X = X, T = T, W = W }, row * Block, Math.Min(Length, (row + 1) * Block));
    }

    // max(x, 0) − x·t + ln(1 + e^(−|x|)).
    private struct LossTerm : ITerm
    {
        public float* X;
        public float* T;
        public float* W;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V x = Lane.Load<V>(X + i, count);
            V tail = V.Log(V.Create(1f) + V.Exp(-V.Abs(x)));
            V loss = V.FusedMultiplyAdd(-x, Lane.Load<V>(T + i, count), V.Max(V.Zero, x)) + tail;
            if (W != null)
                loss *= Lane.Load<V>(W + i, count);
            return folded + Lane.Keep(loss, count, V.Zero);
        }
    }

    private struct BackwardStep : ILaneStep
    {
        public float* X;
        public float* T;
        public float* W;
        public float* Result;
        public float Scale;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V x = Lane.Load<V>(X + i, count), t = Lane.Load<V>(T + i, count);
            V slope = ((V.Create(1f) - t) * V.Sigmoid(x)) - (t * V.Sigmoid(-x));
            if (W != null)
                slope *= Lane.Load<V>(W + i, count);
            Lane.Store(V.FusedMultiplyAdd(V.Create(Scale), slope, Lane.Load<V>(Result + i, count)), Result + i, count);
        }
    }
}
