using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Softmax cross-entropy against class numbers, weighted mean over the rows that count.</summary>
/// <remarks>
/// <para>With p = softmax(x) row by row, t[i] the target, w the class weights (1 without), ε the label smoothing, C the number of classes and
/// W = Σ over counted i of w[t[i]]: loss = (1/W)·Σ over counted i of { (1 − ε)·w[t[i]]·(−ln p[i, t[i]]) + (ε/C)·Σ over c of w[c]·(−ln p[i, c]) };
/// the gradient is dx[i, c] += (g/W)·(p[i, c]·Σq − q[c]) with q[c] = (1 − ε)·w[t[i]]·[c = t[i]] + (ε/C)·w[c]. These are the definitions of
/// torch.nn.CrossEntropyLoss with reduction "mean".</para>
/// <para>Shapes: logits and probabilities (rows, classes), targets (rows), class weights (classes) or none. A target of
/// <see cref="Ignored"/> takes its row out; where no row counts (or W = 0) loss and gradient are 0 (torch: NaN). A target outside the classes throws
/// before memory is touched. Results must lie apart from the sources.</para>
/// <para>Order of the sums: over classes as in <see cref="SoftmaxKernel"/>; over rows in order, in double precision: same bits for any number of threads.
/// Cost: one exponential an element. Thread-safe.</para>
/// </remarks>
public static unsafe class CrossEntropyKernel
{
    /// <summary>The target of a row that does not count: −1.</summary>
    public const int Ignored = -1;

    /// <summary>The loss, and the probabilities that the backward pass needs.</summary>
    /// <param name="logits">x: (rows, classes).</param>
    /// <param name="targets">t: (rows), each 0 … classes − 1 or <see cref="Ignored"/>.</param>
    /// <param name="classes">C.</param>
    /// <param name="probabilities">p: (rows, classes), written for all rows.</param>
    /// <param name="classWeights">w: (classes), or empty.</param>
    /// <param name="labelSmoothing">ε in [0, 1].</param>
    /// <returns>The weighted mean.</returns>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is no class, or ε is outside [0, 1].</exception>
    public static double Forward(
        ReadOnlySpan<float> logits, ReadOnlySpan<int> targets, int classes, Span<float> probabilities, ReadOnlySpan<float> classWeights = default, float labelSmoothing = 0)
    {
        double weight = Check("CrossEntropyKernel.Forward", logits, targets, classes, probabilities, classWeights, labelSmoothing);
        if (targets.Length == 0)
            return 0;
        using Scratch scratch = new(2L * targets.Length);
        double* losses = (double*)scratch.Pointer;
        fixed (float* px = logits, pp = probabilities, pw = classWeights)
        fixed (int* pt = targets)
        {
            ForwardStep step = new() { X = px, P = pp, Weights = pw, Targets = pt, Losses = losses, Classes = classes, Smoothing = labelSmoothing };
            RowCall.Run(step, targets.Length, classes);
        }
        double sum = 0;
        for (int row = 0; row < targets.Length; row++)
            sum += losses[row];
        return weight == 0 ? 0 : sum / weight;
    }

    /// <summary>dlogits += (or =) gradient of the loss, times <paramref name="gradient"/>.</summary>
    /// <param name="probabilities">p of the forward pass: (rows, classes).</param>
    /// <param name="targets">As in the forward pass.</param>
    /// <param name="classes">C.</param>
    /// <param name="gradient">g: what is above the loss, 1 for the loss itself.</param>
    /// <param name="dlogits">(rows, classes).</param>
    /// <param name="classWeights">As in the forward pass.</param>
    /// <param name="labelSmoothing">As in the forward pass.</param>
    /// <param name="adds">Whether what is there is added to; false: it is written over, rows that do not count with 0.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is no class, or ε is outside [0, 1].</exception>
    public static void Backward(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<int> targets, int classes, float gradient, Span<float> dlogits, ReadOnlySpan<float> classWeights = default, float labelSmoothing = 0, bool adds = true)
    {
        double weight = Check("CrossEntropyKernel.Backward", probabilities, targets, classes, dlogits, classWeights, labelSmoothing);
        if (weight == 0)
        {
            if (!adds)
                dlogits.Clear();
            return;
        }
        fixed (float* pp = probabilities, pd = dlogits, pw = classWeights)
        fixed (int* pt = targets)
        {
            BackwardStep step = new() { P = pp, Result = pd, Weights = pw, Targets = pt, Classes = classes, Smoothing = labelSmoothing, Scale = (float)(gradient / weight), Adds = adds };
            for (int c = 0; c < classes; c++)
                step.WeightSum += pw == null ? 1 : pw[c];
            RowCall.Run(step, targets.Length, classes);
        }
    }

    // Gives W.
    private static double Check(
        string operation, ReadOnlySpan<float> source, ReadOnlySpan<int> targets, int classes, ReadOnlySpan<float> result, ReadOnlySpan<float> classWeights, float labelSmoothing)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Require.Length(operation, "logits or probabilities", source.Length, (long)targets.Length * classes);
        Require.Length(operation, "result", result.Length, source.Length);
        Require.Apart(operation, "its source", source, result);
        if (classWeights.Length != 0)
            Require.Length(operation, nameof(classWeights), classWeights.Length, classes);
        Require.Apart(operation, nameof(classWeights), classWeights, result);
        if (!(labelSmoothing is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, $"{operation}: label smoothing must lie in [0, 1].");
        double weight = 0;
        for (int row = 0; row < targets.Length; row++)
        {
            int target = targets[row];
            if (target == Ignored)
                continue;
            if ((uint)target >= (uint)classes)
                throw new ArgumentOutOfRangeException(nameof(targets), target, FormattableString.Invariant($"{operation}: target {target} of row {row} is not one of {classes} classes (0 … {classes - 1}), nor {Ignored} for a row that does not count."));
            weight += classWeights.Length == 0 ? 1 : classWeights[target];
        }
        return weight;
    }

    private struct ForwardStep : IRowStep
    {
        public float* X;
        public float* P;
        public float* Weights;
        public int* Targets;
        public double* Losses;
        public nint Classes;
        public float Smoothing;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* x = X + (row * Classes), p = P + (row * Classes);
            float anchor = SoftmaxRow.Anchor<V>(x, Classes), sum = SoftmaxRow.Exponentials<V>(x, anchor, p, Classes);
            SoftmaxRow.Normalize<V>(p, sum, Classes);
            int target = Targets[row];
            if (target == Ignored)
            {
                Losses[row] = 0;
                return;
            }
            double log = Lane.First(V.Log(V.Create(sum)));
            double loss = (1.0 - Smoothing) * (Weights == null ? 1 : Weights[target]) * (log - (x[target] - anchor));
            if (Smoothing != 0)
                loss += Smoothing / (double)Classes * Fold.Sum<V, SmoothTerm>(new() { X = x, Weights = Weights, Anchor = anchor, Log = (float)log }, 0, Classes);
            Losses[row] = loss;
        }
    }

    // Σ w·(ln Σ − (x − anchor)).
    private struct SmoothTerm : ITerm
    {
        public float* X;
        public float* Weights;
        public float Anchor;
        public float Log;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V loss = V.Create(Log) - (Lane.Load<V>(X + i, count) - V.Create(Anchor));
            return folded + Lane.Keep(Weights == null ? loss : loss * Lane.Load<V>(Weights + i, count), count, V.Zero);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* P;
        public float* Result;
        public float* Weights;
        public int* Targets;
        public nint Classes;
        public float Smoothing;
        public float Scale;
        public bool Adds;
        public double WeightSum;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            int target = Targets[row];
            float* p = P + (row * Classes), result = Result + (row * Classes);
            if (target == Ignored)
            {
                if (!Adds)
                    new Span<float>(result, (int)Classes).Clear();
                return;
            }
            double own = (1.0 - Smoothing) * (Weights == null ? 1 : Weights[target]), share = Smoothing / (double)Classes;
            float total = (float)(own + (share * WeightSum)), before = Adds ? result[target] : 0;
            Lane.Loop<V, SpreadStep>(new() { P = p, Weights = Weights, Result = result, Scale = Scale, Total = total, Share = (float)share, Adds = Adds }, 0, Classes);
            // The target's own element in one piece: p − 1 must not be cut out of two rounded sums.
            float q = (float)(own + (share * (Weights == null ? 1 : Weights[target])));
            result[target] = before + (Scale * ((p[target] * total) - q));
        }
    }

    // dx += or = s·(p·Σq − share·w).
    private struct SpreadStep : ILaneStep
    {
        public float* P;
        public float* Weights;
        public float* Result;
        public float Scale;
        public float Total;
        public float Share;
        public bool Adds;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V q = V.Create(Share) * (Weights == null ? V.Create(1f) : Lane.Load<V>(Weights + i, count));
            V slope = V.FusedMultiplyAdd(Lane.Load<V>(P + i, count), V.Create(Total), -q);
            Lane.Store(V.FusedMultiplyAdd(V.Create(Scale), slope, Adds ? Lane.Load<V>(Result + i, count) : V.Zero), Result + i, count);
        }
    }
}
