namespace Heed.Kernels;

/// <summary><see cref="EmbeddingKernel"/> in double precision: plain loops, the oracle of tests and of gradient checks.</summary>
public static class ReferenceEmbedding
{
    /// <summary>y[n, :] = table[id[n], :].</summary>
    public static void Gather(ReadOnlySpan<double> table, int features, ReadOnlySpan<int> ids, Span<double> y)
    {
        for (int n = 0; n < ids.Length; n++)
            table.Slice(ids[n] * features, features).CopyTo(y[(n * features)..]);
    }

    /// <summary>dtable[id[n], :] += dy[n, :], except for the padding number.</summary>
    public static void ScatterAdd(ReadOnlySpan<double> dy, int features, ReadOnlySpan<int> ids, Span<double> dtable, int padding = -1)
    {
        for (int n = 0; n < ids.Length; n++)
        {
            for (int f = 0; f < features && ids[n] != padding; f++)
                dtable[(ids[n] * features) + f] += dy[(n * features) + f];
        }
    }
}
