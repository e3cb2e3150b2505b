using Heed.Kernels;

namespace Heed;

/// <summary>A vector for each pair of neighbouring tokens, which a small data set teaches before a recurrent layer learns word order.</summary>
/// <remarks>
/// <para>Formula: <c>y[b, t] = P[1 + mix(id(b, t), id(b, t + 1)) mod (B − 1)]</c>: pairs share the B buckets by a hash, so no pair is stored. Row 0 stays 0: it
/// stands for the last token of a text and for pairs with padding or an unknown token.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, P <c>(B, size)</c>, y <c>(batch, time, size)</c>.</para>
/// <para>Source: the hashed word n-grams of Joulin et al., "Bag of tricks for efficient text classification", 2017, section 2.2.</para>
/// </remarks>
public sealed class PairEmbedding : Module
{
    private readonly Embedding buckets;
    private readonly int bucketCount, firstKnown;

    /// <summary>Creates the table.</summary>
    /// <param name="bucketCount">B, at least 2.</param>
    /// <param name="size">Length of a vector.</param>
    /// <param name="firstKnown">Ids below this one (padding, unknown) form no pairs.</param>
    /// <param name="initializer">How P starts.</param>
    public PairEmbedding(int bucketCount, int size, int firstKnown, Initializer initializer)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bucketCount, 2);
        (this.bucketCount, this.firstKnown) = (bucketCount, firstKnown);
        buckets = Register("buckets", new Embedding(bucketCount, size, paddingId: 0, initializer));
    }

    /// <summary>Looks the vectors up.</summary>
    /// <param name="ids">batch · time token ids, row-major.</param>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, time, size)</c>.</returns>
    /// <exception cref="ShapeException">The number of ids is no multiple of the batch.</exception>
    public Tensor Forward(ReadOnlyMemory<int> ids, int batch, in Pass pass)
    {
        int[] rows = new int[ids.Length];
        int time = ids.Length / Math.Max(1, batch);
        ReadOnlySpan<int> all = ids.Span;
        for (int i = 0; i + 1 < rows.Length; i++)
        {
            if ((i + 1) % time != 0 && all[i] >= firstKnown && all[i + 1] >= firstKnown)
                rows[i] = 1 + (int)(CounterRandom.Mix(((ulong)(uint)all[i] << 32) | (uint)all[i + 1]) % (ulong)(bucketCount - 1));
        }
        return Return(buckets.Forward(rows, batch, pass), pass);
    }
}
