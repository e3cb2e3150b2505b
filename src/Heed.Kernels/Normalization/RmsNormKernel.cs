namespace Heed.Kernels;

/// <summary>Root-mean-square normalisation of rows: y[i, j] = x[i, j]·r[i]·γ[j], r[i] = 1/√(⟨x²⟩[i] + ε).</summary>
/// <remarks>
/// <para>⟨·⟩ is the mean of a row: a <see cref="LayerNormKernel"/> that neither subtracts the mean nor shifts. Shapes: x, y, dx, dy (rows, columns);
/// γ, dγ (columns), γ may be empty; r (rows). y may be x, but the backward pass needs x.</para>
/// <para>Sums, threads, NaN and cost as there, with one pass less. Thread-safe.</para>
/// <para>Source: Zhang and Sennrich, "Root mean square layer normalization", 2019; as in Llama.</para>
/// </remarks>
public static unsafe class RmsNormKernel
{
    /// <summary>Normalises rows and keeps what the backward pass needs.</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="gamma">γ: (columns), or empty for ones.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="y">(rows, columns); may be x.</param>
    /// <param name="reciprocal">r: (rows).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap what they must not.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, int columns, float epsilon, Span<float> y, Span<float> reciprocal)
    {
        const string Operation = "RmsNormKernel.Forward";
        int rows = Check(Operation, x, gamma, reciprocal, columns, y);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        Require.SameOrApart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(x), x, reciprocal);
        fixed (float* px = x, pgamma = gamma, py = y, pr = reciprocal)
            LayerNormKernel.ForwardRows(px, pgamma, null, rows, columns, epsilon, py, null, pr);
    }

    /// <summary>dx += r·(g − x·r·⟨g∘x·r⟩) with g = dy∘γ; dγ += Σ over rows of dy∘x·r.</summary>
    /// <param name="dy">(rows, columns).</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="gamma">As in the forward pass.</param>
    /// <param name="reciprocal">r of the forward pass.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="dx">(rows, columns), or empty where it is not wanted.</param>
    /// <param name="dgamma">(columns), or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> reciprocal, int columns, Span<float> dx, Span<float> dgamma)
    {
        const string Operation = "RmsNormKernel.Backward";
        int rows = Check(Operation, x, gamma, reciprocal, columns, dx);
        Require.Length(Operation, nameof(dy), dy.Length, x.Length);
        if (dgamma.Length != 0)
            Require.Length(Operation, nameof(dgamma), dgamma.Length, columns);
        Require.Apart(Operation, nameof(dgamma), dgamma, dx);
        Require.Apart(Operation, nameof(dy), dy, dx);
        Require.Apart(Operation, nameof(dy), dy, dgamma);
        Require.Apart(Operation, nameof(x), x, dx);
        Require.Apart(Operation, nameof(x), x, dgamma);
        fixed (float* pdy = dy, px = x, pgamma = gamma, pr = reciprocal, pdx = dx, pdgamma = dgamma)
            LayerNormKernel.BackwardRows(pdy, px, pgamma, null, pr, rows, columns, dx.Length == 0 ? null : pdx, dgamma.Length == 0 ? null : pdgamma);
    }

    // An empty result is one that is not wanted.
    private static int Check(string operation, ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> reciprocal, int columns, ReadOnlySpan<float> result)
    {
        int rows = Require.Rows(operation, nameof(x), x.Length, columns);
        if (gamma.Length != 0)
            Require.Length(operation, nameof(gamma), gamma.Length, columns);
        if (result.Length != 0)
            Require.Length(operation, nameof(result), result.Length, x.Length);
        Require.Length(operation, nameof(reciprocal), reciprocal.Length, rows);
        Require.Apart(operation, nameof(gamma), gamma, result);
        Require.Apart(operation, nameof(reciprocal), reciprocal, result);
        return rows;
    }
}
