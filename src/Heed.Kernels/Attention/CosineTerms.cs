namespace Heed.Kernels;

/// <summary>The terms of <see cref="CosineScore"/>: 1/‖x‖ for each row of a contiguous matrix.</summary>
/// <remarks>A row of zeros has the term 0 and passes no gradient. Sums in double precision, one after the other.</remarks>
public static class CosineTerms
{
    /// <summary>terms[i] = 1/‖x[i]‖.</summary>
    /// <param name="x">(rows, size).</param>
    /// <param name="terms">(rows).</param>
    /// <exception cref="ArgumentException">x is no whole number of rows.</exception>
    public static void Forward(ReadOnlySpan<float> x, Span<float> terms)
    {
        int size = Size(nameof(Forward), x.Length, terms.Length);
        for (int i = 0; i < terms.Length; i++)
        {
            double square = 0;
            foreach (float value in x.Slice(i * size, size))
                square += (double)value * value;
            terms[i] = square == 0 ? 0 : (float)(1 / Math.Sqrt(square));
        }
    }

    /// <summary>dx[i] += −dterm[i]·term[i]³·x[i].</summary>
    /// <param name="x">(rows, size).</param>
    /// <param name="terms">(rows), of the forward pass.</param>
    /// <param name="dTerms">(rows).</param>
    /// <param name="dx">(rows, size).</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> terms, ReadOnlySpan<float> dTerms, Span<float> dx)
    {
        int size = Size(nameof(Backward), x.Length, terms.Length);
        Require.Length("CosineTerms.Backward", nameof(dTerms), dTerms.Length, terms.Length);
        Require.Length("CosineTerms.Backward", nameof(dx), dx.Length, x.Length);
        for (int i = 0; i < terms.Length; i++)
        {
            // A term that nothing asked for passes nothing on, whatever its row holds.
            if (dTerms[i] == 0)
                continue;
            float factor = dTerms[i] * terms[i] * terms[i] * terms[i];
            for (int j = i * size; j < (i + 1) * size; j++)
                dx[j] -= factor * x[j];
        }
    }

    private static int Size(string operation, int length, int rows)
    {
        if (rows == 0 ? length != 0 : length % rows != 0)
            throw AttentionCheck.Wrong("x", FormattableString.Invariant($"CosineTerms.{operation}: x has {length} values, whole rows for {rows} terms are required."));
        return rows == 0 ? 0 : length / rows;
    }
}
