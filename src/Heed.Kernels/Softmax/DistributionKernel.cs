using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Distributions other than softmax on rows of scores in memory: weight = g(score − normalizer), as <see cref="IAttentionDistribution"/> says.</summary>
/// <remarks>
/// <para>Shapes: x, y, dx, dy (rows, columns). y may be x; other overlaps throw.</para>
/// <para>Edges: a score of −∞ is masked and gives exactly 0; a row of nothing but −∞ gives zeros and passes no gradient. NaN or +∞ makes its whole row NaN.</para>
/// <para>The normalizer is found by <see cref="NormalizerRow"/>, relative to the row's maximum, so scores may be of any size. Steps depend on the row alone: it has the same bits alone or among
/// others, on any number of threads.</para>
/// <para>Cost: three passes over a row, and about 5 over the scores that are near the largest; g itself is computed for those alone. Backward: two passes that look only where a weight is not 0.
/// Rows are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe class DistributionKernel
{
    /// <summary>y = the distribution of x, row by row.</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="y">(rows, columns); may be x.</param>
    /// <param name="distribution">From scores to weights.</param>
    /// <typeparam name="TDistribution">From scores to weights.</typeparam>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap by halves.</exception>
    public static void Forward<TDistribution>(ReadOnlySpan<float> x, int columns, Span<float> y, TDistribution distribution)
        where TDistribution : unmanaged, IAttentionDistribution
    {
        const string Operation = "DistributionKernel.Forward";
        int rows = Require.Rows(Operation, nameof(x), x.Length, columns);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        Require.SameOrApart(Operation, nameof(x), x, y);
        fixed (float* px = x, py = y)
            RowCall.Run(new ForwardStep<TDistribution> { X = px, Y = py, Columns = columns, Distribution = distribution }, rows, 8L * columns);
    }

    /// <summary>dx += s∘(dy − ⟨s, dy⟩/Σ s), row by row, with the slopes s = g′.</summary>
    /// <param name="dy">(rows, columns).</param>
    /// <param name="y">(rows, columns): the forward pass's result.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="dx">(rows, columns).</param>
    /// <param name="distribution">As in the forward pass.</param>
    /// <typeparam name="TDistribution">From scores to weights.</typeparam>
    /// <exception cref="ArgumentException">Lengths do not fit, or dx overlaps a source by halves.</exception>
    public static void Backward<TDistribution>(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, int columns, Span<float> dx, TDistribution distribution)
        where TDistribution : unmanaged, IAttentionDistribution
    {
        const string Operation = "DistributionKernel.Backward";
        int rows = Require.Rows(Operation, nameof(dy), dy.Length, columns);
        Require.Length(Operation, nameof(y), y.Length, dy.Length);
        Require.Length(Operation, nameof(dx), dx.Length, dy.Length);
        Require.SameOrApart(Operation, nameof(dy), dy, dx);
        Require.SameOrApart(Operation, nameof(y), y, dx);
        fixed (float* pdy = dy, py = y, pdx = dx)
            RowCall.Run(new BackwardStep<TDistribution> { Gradient = pdy, Y = py, Result = pdx, Columns = columns, Distribution = distribution }, rows, 4L * columns);
    }

    /// <summary>The gradient for α of entmax, row by row: d[i] = Σ over j of dy[i, j]·∂p[i, j]/∂α.</summary>
    /// <remarks>Formula, with p̃ = s/Σ s and h_j = −p_j·ln p_j: ∂p_j/∂α = (p_j − p̃_j)/(α − 1)² + (h_j − p̃_j·Σ h)/(α − 1).</remarks>
    /// <param name="dy">(rows, columns).</param>
    /// <param name="y">(rows, columns): the forward pass's result.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="alpha">α of the forward pass.</param>
    /// <param name="d">(rows); overwritten.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or d overlaps a source.</exception>
    public static void AlphaGradient(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, int columns, float alpha, Span<float> d)
    {
        const string Operation = "DistributionKernel.AlphaGradient";
        int rows = Require.Rows(Operation, nameof(dy), dy.Length, columns);
        Require.Length(Operation, nameof(y), y.Length, dy.Length);
        Require.Length(Operation, nameof(d), d.Length, rows);
        Require.Apart(Operation, nameof(dy), dy, d);
        Require.Apart(Operation, nameof(y), y, d);
        fixed (float* pdy = dy, py = y, pd = d)
            RowCall.Run(new AlphaStep { Gradient = pdy, Y = py, Result = pd, Columns = columns, Distribution = new(alpha), Scale = 1 / (alpha - 1) }, rows, 8L * columns);
    }

    private struct ForwardStep<TDistribution> : IRowStep
        where TDistribution : unmanaged, IAttentionDistribution
    {
        public float* X;
        public float* Y;
        public nint Columns;
        public TDistribution Distribution;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* x = X + (row * Columns), y = Y + (row * Columns);
            float largest = Fold.Max<V, MaxTerm>(new() { A = x }, 0, Columns);
            if (!float.IsFinite(largest))
            {
                new Span<float>(y, (int)Columns).Fill(float.IsNegativeInfinity(largest) ? 0 : float.NaN);
                return;
            }
            using Scratch candidates = new(NormalizerRow.Candidates(Columns));
            (float normalizer, float sum, nint count) = NormalizerRow.Find<V, TDistribution>(x, Columns, largest, Distribution, candidates.Pointer);
            WeightStep<TDistribution> weigh = new() { X = x, Y = y, Largest = largest, Normalizer = normalizer, Scale = 1 / sum, Distribution = Distribution };
            if (PackedRow.IsFew(count, Columns) && !float.IsNaN(sum))
            {
                weigh.X = weigh.Y = candidates.Pointer;
                weigh.Largest = 0;
                for (nint i = 0; i < count; i += V.Width)
                    weigh.Step<V>(i, V.Width);
                PackedRow.Scatter<V>(x, Columns, largest - Distribution.Reach, candidates.Pointer, y);
                return;
            }
            for (nint i = 0; i < Columns; i += V.Width)
                weigh.Step<V>(i, (int)Math.Min(V.Width, Columns - i));
        }
    }

    private struct WeightStep<TDistribution> : ILaneStep
        where TDistribution : unmanaged, IAttentionDistribution
    {
        public float* X;
        public float* Y;
        public float Largest, Normalizer, Scale;
        public TDistribution Distribution;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V excess = Lane.Load<V>(X + i, count) - V.Create(Largest) - V.Create(Normalizer);
            // Most vectors hold nothing but scores without a weight. NaN is not among these.
            V weights = V.Bits(V.LessThan(excess, V.Zero)) == Every<V>() && !float.IsNaN(Scale) ? V.Zero : Distribution.Weight(excess) * V.Create(Scale);
            Lane.Store(weights, Y + i, count);
        }
    }

    private struct BackwardStep<TDistribution> : IRowStep
        where TDistribution : unmanaged, IAttentionDistribution
    {
        public float* Gradient;
        public float* Y;
        public float* Result;
        public nint Columns;
        public TDistribution Distribution;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* dy = Gradient + (row * Columns), y = Y + (row * Columns), dx = Result + (row * Columns);
            nint part = PackedRow.Part(Columns);
            using Scratch packed = new(4 * part);
            float* few = packed.Pointer;
            int* places = (int*)(few + (3 * part));
            nint count = PackedRow.Gather<V>(y, dy, dx, Columns, few, places);
            if (count >= 0)
            {
                Center<V>(few + part, few, few + (2 * part), count);
                for (nint i = 0; i < count; i++)
                    dx[places[i]] = few[(2 * part) + i];
                return;
            }
            Center<V>(dy, y, dx, Columns);
        }

        // The packed weights end with zeros, which have no slope.
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void Center<V>(float* dy, float* y, float* dx, nint n)
            where V : unmanaged, ISimd<V>
        {
            (float slopes, float weighed) = SlopeSums<V, TDistribution>(y, dy, n, Distribution);
            if (slopes == 0)
                return;
            float center = weighed / slopes;
            CenteredStep<TDistribution> step = new() { Gradient = dy, Y = y, Result = dx, Center = center, Distribution = Distribution };
            for (nint i = 0; i < n; i += V.Width)
                step.Step<V>(i, (int)Math.Min(V.Width, n - i));
        }
    }

    // Every lane of a mask.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Every<V>()
        where V : unmanaged, ISimd<V> => V.Width == 64 ? ulong.MaxValue : (1ul << V.Width) - 1;

    /// <summary>Σ s and Σ s·dy, in the order of the row; vectors of weights that are all 0 have no slope and are left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static (float Slopes, float Weighed) SlopeSums<V, TDistribution>(float* y, float* dy, nint n, TDistribution distribution)
        where V : unmanaged, ISimd<V>
        where TDistribution : unmanaged, IAttentionDistribution
    {
        V slopes = V.Zero, weighed = V.Zero;
        for (nint i = 0; i < n; i += V.Width)
        {
            int count = (int)Math.Min(V.Width, n - i);
            V weights = Lane.Load<V>(y + i, count);
            if (V.Bits(V.AreEqual(weights, V.Zero)) == Every<V>())
                continue;
            V slope = distribution.Slope(weights);
            slopes += slope;
            weighed = V.FusedMultiplyAdd(slope, Lane.Load<V>(dy + i, count), weighed);
        }
        return (V.Sum(slopes), V.Sum(weighed));
    }

    private struct CenteredStep<TDistribution> : ILaneStep
        where TDistribution : unmanaged, IAttentionDistribution
    {
        public float* Gradient;
        public float* Y;
        public float* Result;
        public float Center;
        public TDistribution Distribution;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V weights = Lane.Load<V>(Y + i, count);
            if (V.Bits(V.AreEqual(weights, V.Zero)) != Every<V>())
                Lane.Store(V.FusedMultiplyAdd(Distribution.Slope(weights), Lane.Load<V>(Gradient + i, count) - V.Create(Center), Lane.Load<V>(Result + i, count)), Result + i, count);
        }
    }

    private struct AlphaStep : IRowStep
    {
        public float* Gradient;
        public float* Y;
        public float* Result;
        public nint Columns;
        public EntmaxFunction Distribution;
        public float Scale;   // 1/(α − 1)

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* dy = Gradient + (row * Columns), y = Y + (row * Columns);
            (float slopes, float weighed) = SlopeSums<V, EntmaxFunction>(y, dy, Columns, Distribution);
            if (slopes == 0)
            {
                Result[row] = 0;
                return;
            }
            float center = weighed / slopes;
            float weights = Fold.Sum<V, CenteredTerm>(new() { Y = y, Gradient = dy, Center = center }, 0, Columns);
            float entropies = Fold.Sum<V, CenteredTerm>(new() { Y = y, Gradient = dy, Center = center, IsEntropy = true }, 0, Columns);
            Result[row] = (weights * Scale * Scale) + (entropies * Scale);
        }
    }

    /// <summary>Σ p·(dy − center), or Σ −p·ln p·(dy − center).</summary>
    private struct CenteredTerm : ITerm
    {
        public float* Y;
        public float* Gradient;
        public float Center;
        public bool IsEntropy;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V p = Lane.Load<V>(Y + i, count);
            if (IsEntropy)
                p = V.Select(V.LessThan(V.Zero, p), -(p * V.Log(p)), V.Zero);
            return V.FusedMultiplyAdd(p, Lane.Load<V>(Gradient + i, count) - V.Create(Center), folded);
        }
    }
}
