namespace Heed.Kernels;

/// <summary><see cref="AdditiveScoreKernel"/> in double precision: plain loops, the oracle of tests and of gradient checks.</summary>
public static class ReferenceAdditiveScore
{
    /// <summary>Fills scores (batch, heads, queries, keys) from query (batch, heads, queries, a), key (batch, heads, keys, a) and v (heads, a).</summary>
    public static void Forward(ReadOnlySpan<double> query, ReadOnlySpan<double> key, ReadOnlySpan<double> v, in AdditiveScoreShape s, Span<double> scores)
    {
        for (int j = 0; j < scores.Length; j++)
        {
            int k = j % s.Keys, row = j / s.Keys, n = row / s.Queries;
            double sum = 0;
            for (int i = 0; i < s.Size; i++)
                sum += v[(n % s.HeadCount * s.Size) + i] * Math.Tanh(query[(row * s.Size) + i] + key[((((n * s.Keys) + k) * s.Size) + i)]);
            scores[j] = sum;
        }
    }
}
