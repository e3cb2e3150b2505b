namespace Heed;

/// <summary>How much of each input token reaches a token of the last layer, if attention mixed tokens as its weights say and residual connections passed half of each through.</summary>
/// <remarks>
/// <para>Formula: R = Â_L·…·Â_1, Â_l = r·I + (1 − r)·mean over heads of A_l, r the residual's share. A row sums to 1 where the weights do.</para>
/// <para>It leaves out values, norms and position-wise networks: a rough map, not a cause. Hold it against what changes when a token is taken away.</para>
/// <para>Cost: rows · keys² · layers; memory rows · keys beside the captured layers. Source: Abnar and Zuidema, "Quantifying attention flow in transformers", 2020.</para>
/// </remarks>
public static class AttentionRollout
{
    /// <summary>Multiplies the layers of one sequence.</summary>
    /// <param name="layers">The layers of self-attention, first one first, each with all heads that shall count and all rows in order.</param>
    /// <param name="sequence">Which sequence of the batch.</param>
    /// <param name="rows">Positions of the tokens that are asked about; null: all.</param>
    /// <param name="residual">r, in [0, 1].</param>
    /// <returns>For each row asked the shares of the sequence's tokens, which stand at positions 0, 1, ….</returns>
    /// <exception cref="ArgumentException">There is no layer, a layer lacks rows, or layers have different lengths.</exception>
    public static float[][] Of(IReadOnlyList<CapturedAttention> layers, int sequence = 0, IReadOnlyList<int>? rows = null, double residual = 0.5)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0)
            throw new ArgumentException("AttentionRollout: there is no layer; capture the attention of all of them.", nameof(layers));
        if (residual is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(residual), residual, "AttentionRollout: the residual's share must be in [0, 1].");
        int count = CountOf(layers[^1], sequence);
        foreach (CapturedAttention layer in layers)
        {
            if (CountOf(layer, sequence) != count || layer.KeyCount < count || layer.Heads.Count == 0)
                throw new ArgumentException(FormattableString.Invariant($"AttentionRollout: '{layer.Name}' has no {count} rows over as many keys, or no head; capture all rows of self-attention layers."), nameof(layers));
        }
        float[][] shares = [.. (rows ?? [.. Enumerable.Range(0, count)]).Select(row => OneAt(row, count))];
        for (int l = layers.Count - 1; l >= 0; l--)
            shares = Array.ConvertAll(shares, share => Through(share, layers[l], sequence, residual));
        return shares;
    }

    // How many rows stand at positions 0, 1, …; −1 if they are others.
    private static int CountOf(CapturedAttention layer, int sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequence, layer.Batch);
        int count = 0;
        while (count < layer.RowCount && layer.Position(sequence, count) == count)
            count++;
        return count == layer.RowCount || layer.Position(sequence, count) < 0 ? count : -1;
    }

    private static float[] OneAt(int row, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, count);
        float[] share = new float[count];
        share[row] = 1;
        return share;
    }

    // A row vector times Â.
    private static float[] Through(float[] share, CapturedAttention layer, int sequence, double residual)
    {
        double[] sums = new double[share.Length];
        for (int row = 0; row < share.Length; row++)
        {
            if (share[row] == 0)
                continue;
            sums[row] += residual * share[row];
            double part = (1 - residual) * share[row] / layer.Heads.Count;
            for (int head = 0; head < layer.Heads.Count; head++)
            {
                ReadOnlySpan<float> weights = layer.Row(sequence, head, row)[..share.Length];
                for (int key = 0; key < weights.Length; key++)
                    sums[key] += part * weights[key];
            }
        }
        return Array.ConvertAll(sums, sum => (float)sum);
    }
}
