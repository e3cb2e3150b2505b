namespace Heed;

/// <summary>What kind of thing each head of a captured self-attention does, as one number for each head: means over all rows of all sequences.</summary>
/// <remarks>Of cross-attention only <see cref="Entropy"/> and <see cref="FirstTokenMass"/> mean something. Cost: one reading of the weights each. A head without any row has NaN.</remarks>
public static class HeadStatistics
{
    /// <summary>H = −Σ_j α_j·ln α_j in nats: 0 where a head looks at one key, ln(keys) where it looks at all alike.</summary>
    /// <param name="attention">The layer.</param>
    /// <returns>One mean for each head.</returns>
    public static double[] Entropy(CapturedAttention attention) => Mean(attention, (weights, _) =>
    {
        double entropy = 0;
        foreach (float weight in weights)
            entropy -= weight > 0 ? weight * Math.Log(weight) : 0;
        return entropy;
    });

    /// <summary>Σ_j α_ij·|i − j| in tokens: how far away a head looks.</summary>
    /// <param name="attention">The layer.</param>
    /// <returns>One mean for each head.</returns>
    public static double[] MeanDistance(CapturedAttention attention) => Mean(attention, (weights, position) =>
    {
        double distance = 0;
        for (int key = 0; key < weights.Length; key++)
            distance += weights[key] * Math.Abs(position - key);
        return distance;
    });

    /// <summary>α_i0: how much of a head's weight rests on the first token, where heads with nothing to say often look (Xiong et al. 2024, "attention sinks").</summary>
    /// <param name="attention">The layer.</param>
    /// <returns>One mean for each head.</returns>
    public static double[] FirstTokenMass(CapturedAttention attention) => Mean(attention, (weights, _) => weights.Length == 0 ? double.NaN : weights[0]);

    /// <summary>α_{i,i−1} over all rows but the first: whether a head looks at the token before.</summary>
    /// <param name="attention">The layer.</param>
    /// <returns>One mean for each head.</returns>
    public static double[] PreviousTokenScore(CapturedAttention attention) => Mean(attention, (weights, position) => position < 1 ? double.NaN : weights[position - 1]);

    /// <summary>α_{i,i−period+1} over rows i ≥ period: on a random sequence that repeats, whether a head looks at what followed this token the last time (Olsson et al. 2022, "In-context learning and induction heads").</summary>
    /// <param name="attention">The layer, run over <see cref="RepeatedTokens"/>.</param>
    /// <param name="period">Tokens until the sequence repeats; at least 1.</param>
    /// <returns>One mean for each head; 1 is a perfect induction head.</returns>
    public static double[] InductionScore(CapturedAttention attention, int period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        return Mean(attention, (weights, position) => position < period ? double.NaN : weights[position - period + 1]);
    }

    /// <summary>Random tokens, and the same once more behind them: what <see cref="InductionScore"/> is measured on. All are different where the vocabulary suffices, so that nothing but the repetition foretells.</summary>
    /// <param name="vocabularySize">Tokens are drawn from 0 to this, alike.</param>
    /// <param name="period">Tokens until the sequence repeats; at least 1.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>2·period tokens.</returns>
    public static int[] RepeatedTokens(int vocabularySize, int period, ulong seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        RandomStream random = new(seed, "repeated tokens");
        HashSet<int> taken = [];
        int[] ids = new int[2 * period];
        for (int i = 0; i < period; i++)
        {
            do
                ids[i] = random.Next(vocabularySize);
            while (!taken.Add(ids[i]) && taken.Count < vocabularySize);
            ids[i + period] = ids[i];
        }
        return ids;
    }

    private delegate double RowStatistic(ReadOnlySpan<float> weights, int position);

    // Rows whose statistic is NaN do not count.
    private static double[] Mean(CapturedAttention attention, RowStatistic statistic)
    {
        ArgumentNullException.ThrowIfNull(attention);
        double[] means = new double[attention.Heads.Count];
        for (int head = 0; head < means.Length; head++)
        {
            (double sum, int count) = (0, 0);
            for (int b = 0; b < attention.Batch; b++)
            {
                for (int row = 0; row < attention.RowCount; row++)
                {
                    int position = attention.Position(b, row);
                    double value = position < 0 ? double.NaN : statistic(attention.Row(b, head, row), position);
                    if (double.IsNaN(value))
                        continue;
                    sum += value;
                    count++;
                }
            }
            means[head] = count == 0 ? double.NaN : sum / count;
        }
        return means;
    }
}
