using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Layer normalisation of rows: y[i, j] = x̂[i, j]·γ[j] + β[j], x̂[i, j] = (x[i, j] − μ[i])·r[i], r[i] = 1/√(σ²[i] + ε).</summary>
/// <remarks>
/// <para>μ and σ² are a row's mean and biased variance (Σ(x − μ)²/columns, in a second pass); ε stands inside the root. Shapes: x, y, dx, dy
/// (rows, columns); γ, β, dγ, dβ (columns) or empty; μ, r (rows). y may be x, but the backward pass needs x; results lie apart from all else.</para>
/// <para>Order of the sums: within a row as in <see cref="SoftmaxKernel"/>, so a row has the same bits alone or among others; over rows (dγ, dβ) as in
/// <see cref="Reduction.AddColumnSums"/>. Same bits for any number of threads. NaN or infinity makes its row NaN, and no other.</para>
/// <para>Cost: three passes over a row forward, two and one of the sums backward. Rows are shared by the workers. Thread-safe.</para>
/// <para>Source: Ba, Kiros and Hinton, "Layer normalization", 2016; as torch.nn.LayerNorm over the last axis.</para>
/// </remarks>
public static unsafe class LayerNormKernel
{
    /// <summary>Normalises rows and keeps what the backward pass needs.</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="gamma">γ: (columns), or empty for ones.</param>
    /// <param name="beta">β: (columns), or empty for zeros.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="epsilon">ε; torch's default is 1e-5.</param>
    /// <param name="y">(rows, columns); may be x.</param>
    /// <param name="mean">μ: (rows).</param>
    /// <param name="reciprocalDeviation">r: (rows).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap what they must not.</exception>
    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, int columns, float epsilon, Span<float> y, Span<float> mean, Span<float> reciprocalDeviation)
    {
        const string Operation = "LayerNormKernel.Forward";
        int rows = Require.Rows(Operation, nameof(x), x.Length, columns);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        CheckParameter(Operation, nameof(gamma), gamma, columns, y);
        CheckParameter(Operation, nameof(beta), beta, columns, y);
        CheckStatistics(Operation, mean, reciprocalDeviation, rows, y);
        Require.SameOrApart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(x), x, mean);
        Require.Apart(Operation, nameof(x), x, reciprocalDeviation);
        fixed (float* px = x, pgamma = gamma, pbeta = beta, py = y, pmean = mean, pr = reciprocalDeviation)
            ForwardRows(px, pgamma, pbeta, rows, columns, epsilon, py, pmean, pr);
    }

    /// <summary>dx += r·(g − ⟨g⟩ − x̂·⟨g∘x̂⟩) with g = dy∘γ and ⟨·⟩ the mean of a row; dγ += Σ over rows of dy∘x̂; dβ += Σ over rows of dy.</summary>
    /// <param name="dy">(rows, columns).</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="gamma">As in the forward pass.</param>
    /// <param name="mean">μ of the forward pass.</param>
    /// <param name="reciprocalDeviation">r of the forward pass.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="dx">(rows, columns), or empty where it is not wanted.</param>
    /// <param name="dgamma">(columns), or empty.</param>
    /// <param name="dbeta">(columns), or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> mean, ReadOnlySpan<float> reciprocalDeviation, int columns,
        Span<float> dx, Span<float> dgamma, Span<float> dbeta)
    {
        const string Operation = "LayerNormKernel.Backward";
        int rows = Require.Rows(Operation, nameof(dy), dy.Length, columns);
        Require.Length(Operation, nameof(x), x.Length, dy.Length);
        CheckParameter(Operation, nameof(gamma), gamma, columns, dx);
        CheckStatistics(Operation, mean, reciprocalDeviation, rows, dx);
        if (dx.Length != 0)
            Require.Length(Operation, nameof(dx), dx.Length, dy.Length);
        CheckGradient(Operation, dy, x, dx);
        CheckParameter(Operation, nameof(dgamma), dgamma, columns, dx);
        CheckParameter(Operation, nameof(dbeta), dbeta, columns, dx);
        CheckGradient(Operation, dy, x, dgamma);
        CheckGradient(Operation, dy, x, dbeta);
        fixed (float* pdy = dy, px = x, pgamma = gamma, pmean = mean, pr = reciprocalDeviation, pdx = dx, pdgamma = dgamma)
            BackwardRows(pdy, px, pgamma, pmean, pr, rows, columns, dx.Length == 0 ? null : pdx, dgamma.Length == 0 ? null : pdgamma);
        if (dbeta.Length != 0)
            Reduction.AddColumnSums(dy, dbeta);
    }

    /// <summary>The rows of both normalisations; without an array for the means they are 0, which is <see cref="RmsNormKernel"/>.</summary>
    internal static void ForwardRows(float* x, float* gamma, float* beta, int rows, int columns, float epsilon, float* y, float* mean, float* reciprocal)
    {
        ForwardStep step = new() { X = x, Gamma = gamma, Beta = beta, Y = y, Mean = mean, Reciprocal = reciprocal, Columns = columns, Epsilon = epsilon };
        RowCall.Run(step, rows, columns);
    }

    /// <summary>The gradients of both; null where one is not wanted.</summary>
    internal static void BackwardRows(float* dy, float* x, float* gamma, float* mean, float* reciprocal, int rows, int columns, float* dx, float* dgamma)
    {
        if (dx != null)
            RowCall.Run(new BackwardStep { Gradient = dy, X = x, Gamma = gamma, Mean = mean, Reciprocal = reciprocal, Result = dx, Columns = columns }, rows, columns);
        if (dgamma != null)
            ColumnBlocks.Run(new GammaTerm { Gradient = dy, X = x, Mean = mean, Reciprocal = reciprocal, Columns = columns }, rows, columns, dgamma);
    }

    private static void CheckParameter(string operation, string argument, ReadOnlySpan<float> parameter, int columns, ReadOnlySpan<float> result)
    {
        if (parameter.Length != 0)
            Require.Length(operation, argument, parameter.Length, columns);
        Require.Apart(operation, argument, parameter, result);
    }

    private static void CheckStatistics(string operation, ReadOnlySpan<float> mean, ReadOnlySpan<float> reciprocalDeviation, int rows, ReadOnlySpan<float> result)
    {
        Require.Length(operation, nameof(mean), mean.Length, rows);
        Require.Length(operation, nameof(reciprocalDeviation), reciprocalDeviation.Length, rows);
        Require.Apart(operation, nameof(mean), mean, result);
        Require.Apart(operation, nameof(reciprocalDeviation), reciprocalDeviation, result);
        Require.Apart(operation, nameof(mean), mean, reciprocalDeviation);
    }

    private static void CheckGradient(string operation, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> gradient)
    {
        Require.Apart(operation, nameof(dy), dy, gradient);
        Require.Apart(operation, nameof(x), x, gradient);
    }

    private struct ForwardStep : IRowStep
    {
        public float* X;
        public float* Gamma;
        public float* Beta;
        public float* Y;
        public float* Mean;
        public float* Reciprocal;
        public nint Columns;
        public float Epsilon;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* x = X + (row * Columns);
            float mean = Mean == null ? 0 : Fold.Sum<V, SumTerm>(new() { A = x }, 0, Columns) / Columns;
            float variance = Fold.Sum<V, DeviationTerm>(new() { X = x, Mean = mean }, 0, Columns) / Columns;
            float reciprocal = 1 / MathF.Sqrt(variance + Epsilon);
            if (Mean != null)
                Mean[row] = mean;
            Reciprocal[row] = reciprocal;
            Lane.Loop<V, NormalizeStep>(new() { X = x, Gamma = Gamma, Beta = Beta, Y = Y + (row * Columns), Mean = mean, Reciprocal = reciprocal }, 0, Columns);
        }
    }

    // Σ (x − μ)².
    private struct DeviationTerm : ITerm
    {
        public float* X;
        public float Mean;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V deviation = Lane.Keep(Lane.Load<V>(X + i, count) - V.Create(Mean), count, V.Zero);
            return V.FusedMultiplyAdd(deviation, deviation, folded);
        }
    }

    private struct NormalizeStep : ILaneStep
    {
        public float* X;
        public float* Gamma;
        public float* Beta;
        public float* Y;
        public float Mean;
        public float Reciprocal;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V y = (Lane.Load<V>(X + i, count) - V.Create(Mean)) * V.Create(Reciprocal);
            V gamma = Gamma == null ? V.Create(1f) : Lane.Load<V>(Gamma + i, count), beta = Beta == null ? V.Zero : Lane.Load<V>(Beta + i, count);
            Lane.Store(V.FusedMultiplyAdd(y, gamma, beta), Y + i, count);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient;
        public float* X;
        public float* Gamma;
        public float* Mean;
        public float* Reciprocal;
        public float* Result;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint at = row * Columns;
            InputTerm term = new() { Gradient = Gradient + at, X = X + at, Gamma = Gamma, Result = Result + at, Mean = Mean == null ? 0 : Mean[row], Reciprocal = Reciprocal[row] };
            term.MeanGradient = Mean == null ? 0 : Fold.Sum<V, GradientTerm>(new() { Of = term }, 0, Columns) / Columns;
            term.MeanProduct = Fold.Sum<V, ProductTerm>(new() { Of = term }, 0, Columns) / Columns;
            Lane.Loop<V, InputTerm>(term, 0, Columns);
        }
    }

    // g and x̂ of one row, and what is made of them.
    private struct InputTerm : ILaneStep
    {
        public float* Gradient;
        public float* X;
        public float* Gamma;
        public float* Result;
        public float Mean;
        public float Reciprocal;
        public float MeanGradient;
        public float MeanProduct;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V G<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V dy = Lane.Load<V>(Gradient + i, count);
            return Gamma == null ? dy : dy * Lane.Load<V>(Gamma + i, count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Normal<V>(nint i, int count)
            where V : unmanaged, ISimd<V> => (Lane.Load<V>(X + i, count) - V.Create(Mean)) * V.Create(Reciprocal);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V slope = V.FusedMultiplyAdd(-Normal<V>(i, count), V.Create(MeanProduct), G<V>(i, count) - V.Create(MeanGradient));
            Lane.Store(V.FusedMultiplyAdd(slope, V.Create(Reciprocal), Lane.Load<V>(Result + i, count)), Result + i, count);
        }
    }

    // Σ g.
    private struct GradientTerm : ITerm
    {
        public InputTerm Of;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V> => folded + Of.G<V>(i, count);
    }

    // Σ g∘x̂; lanes beyond the row have g = 0.
    private struct ProductTerm : ITerm
    {
        public InputTerm Of;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(Of.G<V>(i, count), Lane.Keep(Of.Normal<V>(i, count), count, V.Zero), folded);
    }

    private struct GammaTerm : IColumnTerm
    {
        public float* Gradient;
        public float* X;
        public float* Mean;
        public float* Reciprocal;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Add<V>(nint row, float* partial)
            where V : unmanaged, ISimd<V>
        {
            nint at = row * Columns;
            Lane.Loop<V, GammaStep>(new() { Of = new() { Gradient = Gradient + at, X = X + at, Mean = Mean == null ? 0 : Mean[row], Reciprocal = Reciprocal[row] }, Partial = partial }, 0, Columns);
        }
    }

    private struct GammaStep : ILaneStep
    {
        public InputTerm Of;
        public float* Partial;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V> =>
            Lane.Store(V.FusedMultiplyAdd(Of.G<V>(i, count), Of.Normal<V>(i, count), Lane.Load<V>(Partial + i, count)), Partial + i, count);
    }
}
