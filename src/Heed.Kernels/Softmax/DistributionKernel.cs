using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Distributions other than softmax on rows of scores in memory: weight = g(score − normalizer), as <see cref="IAttentionDistribution"/> says.</summary>
/// <remarks>
/// <para>Shapes: x, y, dx, dy (rows, columns). y may be x; other overlaps throw.</para>
/// <para>Edges: a score of −∞ is masked and gives exactly 0; a row of nothing but −∞ gives zeros and passes no gradient. NaN or +∞ makes its whole row NaN.</para>
/// <para>The normalizer is found by Newton's method from below, relative to the row's maximum, so scores may be of any size. Steps depend on the row alone: it has the same bits alone or among
/// others, on any number of threads.</para>
/// <para>Cost: about ln(columns) + 5 passes over a row that stays in the cache. Rows are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe class DistributionKernel
{
    private const int MostSteps = 64;

    // A sum of weights within this of 1 is 1: weights are divided by the sum that comes out.
    private const float Close = 2e-7f;

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
            float normalizer = -Distribution.Reach, sum;
            for (int i = 0; ; i++)
            {
                WeightTerm<TDistribution> term = new() { X = x, Largest = largest, Normalizer = normalizer, Distribution = Distribution };
                sum = Fold.Sum<V, WeightTerm<TDistribution>>(term, 0, Columns);
                float slope = Fold.Sum<V, WeightTerm<TDistribution>>(term with { IsSlope = true }, 0, Columns);
                float next = normalizer + ((sum - 1) / slope);
                if (i == MostSteps || !(sum - 1 > Close) || !(next > normalizer))
                    break;
                normalizer = next;
            }
            Lane.Loop<V, WeightStep<TDistribution>>(new() { X = x, Y = y, Largest = largest, Normalizer = normalizer, Scale = 1 / sum, Distribution = Distribution }, 0, Columns);
        }
    }

    /// <summary>Σ g, or Σ g′; lanes beyond the row are masked.</summary>
    private struct WeightTerm<TDistribution> : ITerm
        where TDistribution : unmanaged, IAttentionDistribution
    {
        public float* X;
        public float Largest, Normalizer;
        public bool IsSlope;
        public TDistribution Distribution;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V x = Lane.Load<V>(X + i, count), weight = Distribution.Weight(Lane.Keep(x - V.Create(Largest) - V.Create(Normalizer), count, V.Create(float.NegativeInfinity)));
            // A score that is NaN has no weight, and would be forgotten.
            return folded + (IsSlope ? Distribution.Slope(weight) : V.Select(V.AreEqual(x, x), weight, x));
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
            where V : unmanaged, ISimd<V> =>
            Lane.Store(Distribution.Weight(Lane.Load<V>(X + i, count) - V.Create(Largest) - V.Create(Normalizer)) * V.Create(Scale), Y + i, count);
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
            float slopes = Fold.Sum<V, WeighedTerm<TDistribution>>(new() { Y = y, Distribution = Distribution }, 0, Columns);
            if (slopes == 0)
                return;
            float center = Fold.Sum<V, WeighedTerm<TDistribution>>(new() { Y = y, Factor = dy, Distribution = Distribution }, 0, Columns) / slopes;
            Lane.Loop<V, CenteredStep<TDistribution>>(new() { Gradient = dy, Y = y, Result = dx, Center = center, Distribution = Distribution }, 0, Columns);
        }
    }

    /// <summary>Σ s, or Σ s·factor. Lanes beyond the row have weight 0, and their slope is 0.</summary>
    private struct WeighedTerm<TDistribution> : ITerm
        where TDistribution : unmanaged, IAttentionDistribution
    {
        public float* Y;
        public float* Factor;
        public TDistribution Distribution;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V slope = Distribution.Slope(Lane.Load<V>(Y + i, count));
            return Factor == null ? folded + slope : V.FusedMultiplyAdd(slope, Lane.Load<V>(Factor + i, count), folded);
        }
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
            where V : unmanaged, ISimd<V> =>
            Lane.Store(
                V.FusedMultiplyAdd(Distribution.Slope(Lane.Load<V>(Y + i, count)), Lane.Load<V>(Gradient + i, count) - V.Create(Center), Lane.Load<V>(Result + i, count)), Result + i, count);
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
            float slopes = Fold.Sum<V, WeighedTerm<EntmaxFunction>>(new() { Y = y, Distribution = Distribution }, 0, Columns);
            if (slopes == 0)
            {
                Result[row] = 0;
                return;
            }
            float center = Fold.Sum<V, WeighedTerm<EntmaxFunction>>(new() { Y = y, Factor = dy, Distribution = Distribution }, 0, Columns) / slopes;
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
