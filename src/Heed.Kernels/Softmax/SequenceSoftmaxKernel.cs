using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Softmax over the steps of each sequence: w[b, k, t] = e^(s[b, t, k] − m) / Σ over real t′ of e^(s[b, t′, k] − m).</summary>
/// <remarks>
/// <para>Shapes: scores s (batch, time, views), as a linear layer gives them; weights w (batch, views, time): each view is one distribution over the
/// steps. Results must lie apart from the sources.</para>
/// <para>Padding is never read; its weights are exactly 0 and no gradient reaches it. An empty sequence has zero weights. Within a sequence the edges
/// are those of <see cref="SoftmaxKernel"/>.</para>
/// <para>Order of the sums: as in <see cref="SoftmaxKernel"/>, over a sequence's own steps: same bits alone, in a batch, and with more padding. Cost: one
/// exponential a real score. Sequences are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe class SequenceSoftmaxKernel
{
    /// <summary>w = softmax of s over the real steps.</summary>
    /// <param name="scores">s: (batch, time, views).</param>
    /// <param name="views">Number of distributions for each sequence.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="weights">w: (batch, views, time).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> scores, int views, Sequences sequences, Span<float> weights)
    {
        Check("SequenceSoftmaxKernel.Forward", nameof(scores), scores, views, sequences, weights);
        Require.Length("SequenceSoftmaxKernel.Forward", nameof(weights), weights.Length, scores.Length);
        fixed (float* ps = scores, pw = weights)
        fixed (int* pstarts = sequences.Starts, plengths = sequences.Lengths)
        {
            SequenceBounds bounds = new() { Starts = pstarts, Lengths = plengths, Time = sequences.Time };
            RowCall.Run(new ForwardStep { Scores = ps, Weights = pw, Views = views, Bounds = bounds }, sequences.Batch, (long)sequences.Time * views);
        }
    }

    /// <summary>ds[b, t, k] += w[b, k, t]·(dw[b, k, t] − ⟨dw[b, k, :], w[b, k, :]⟩) at real steps.</summary>
    /// <param name="dweights">dw: (batch, views, time).</param>
    /// <param name="weights">w of the forward pass: (batch, views, time).</param>
    /// <param name="views">Number of distributions for each sequence.</param>
    /// <param name="sequences">The real steps.</param>
    /// <param name="dscores">ds: (batch, time, views).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dweights, ReadOnlySpan<float> weights, int views, Sequences sequences, Span<float> dscores)
    {
        Check("SequenceSoftmaxKernel.Backward", nameof(dweights), dweights, views, sequences, dscores);
        Check("SequenceSoftmaxKernel.Backward", nameof(weights), weights, views, sequences, dscores);
        Require.Length("SequenceSoftmaxKernel.Backward", nameof(dscores), dscores.Length, weights.Length);
        fixed (float* pdw = dweights, pw = weights, pds = dscores)
        fixed (int* pstarts = sequences.Starts, plengths = sequences.Lengths)
        {
            SequenceBounds bounds = new() { Starts = pstarts, Lengths = plengths, Time = sequences.Time };
            RowCall.Run(new BackwardStep { Gradient = pdw, Weights = pw, Result = pds, Views = views, Bounds = bounds }, sequences.Batch, (long)sequences.Time * views);
        }
    }

    private static void Check(string operation, string argument, ReadOnlySpan<float> source, int views, Sequences sequences, ReadOnlySpan<float> result)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(views);
        Require.Length(operation, argument, source.Length, (long)sequences.Batch * sequences.Time * views);
        Require.Apart(operation, argument, source, result);
    }

    private struct ForwardStep : IRowStep
    {
        public float* Scores;
        public float* Weights;
        public int Views;
        public SequenceBounds Bounds;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint start = Bounds.Start(row), length = Bounds.Length(row), time = Bounds.Time;
            float* weights = Weights + (row * time * Views);
            Transpose.Run(Scores + (((row * time) + start) * Views), Views, weights + start, time, (int)length, Views);
            for (int k = 0; k < Views; k++, weights += time)
            {
                new Span<float>(weights, (int)start).Clear();
                SoftmaxRow.Forward<V>(weights + start, weights + start, length);
                new Span<float>(weights + start + length, (int)(time - start - length)).Clear();
            }
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient;
        public float* Weights;
        public float* Result;
        public int Views;
        public SequenceBounds Bounds;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint start = Bounds.Start(row), length = Bounds.Length(row), time = Bounds.Time, size = length * Views;
            float* result = Result + (((row * time) + start) * Views);
            nint from = (row * time * Views) + start;
            if (Views == 1)
            {
                SoftmaxRow.Backward<V>(Gradient + from, Weights + from, result, length);
                return;
            }
            using Scratch scratch = new(2 * size);
            float* byView = scratch.Pointer, byStep = byView + size;
            new Span<float>(byView, (int)size).Clear();
            for (int k = 0; k < Views; k++, from += time)
                SoftmaxRow.Backward<V>(Gradient + from, Weights + from, byView + (k * length), length);
            Transpose.Run(byView, length, byStep, Views, Views, (int)length);
            Lane.Loop<V, Binary<AddOperator>>(new() { A = result, B = byStep, Y = result }, 0, size);
        }
    }
}
