namespace Heed;

/// <summary>How much sentences repeat themselves: what attention that looks at the same place twice makes, and coverage is there to prevent.</summary>
/// <remarks>
/// <para>Formula: share_n = Σ_s (N_n(s) − D_n(s)) / Σ_s N_n(s), where N_n(s) is the number of runs of n tokens of sentence s and D_n(s) how many different ones there are. Tokens are those of BLEU's 13a (of Chinese zh), without
/// case. Languages repeat single words, so the shares of references belong beside those of answers.</para>
/// <para>Source: See, Liu and Manning, "Get to the point: summarization with pointer-generator networks", 2017 (duplicated n-grams).</para>
/// </remarks>
public sealed class RepetitionScore
{
    private RepetitionScore(double[] shares, int stammering, int count) => (Shares, StammeringCount, Count) = (shares, stammering, count);

    /// <summary>share_1 … share_4, from 0 to 1.</summary>
    public IReadOnlyList<double> Shares { get; }

    /// <summary>Sentences in which one to four tokens stand twice in a row, as "a a" or "in the in the".</summary>
    public int StammeringCount { get; }

    /// <summary>Sentences.</summary>
    public int Count { get; }

    /// <summary>Counts the repetitions of sentences, each by itself.</summary>
    /// <param name="sentences">Detokenized sentences.</param>
    public static RepetitionScore Of(IReadOnlyList<string> sentences)
    {
        ArgumentNullException.ThrowIfNull(sentences);
        long[] repeated = new long[WordNgrams.Orders], total = new long[WordNgrams.Orders];
        int stammering = 0;
        bool isChinese = WordNgrams.AreChinese(sentences);
        foreach (string sentence in sentences)
        {
            string[] tokens = WordNgrams.Tokens(sentence, lowerCase: true, isChinese);
            for (int n = 1; n <= WordNgrams.Orders; n++)
            {
                int runs = Math.Max(0, tokens.Length - n + 1);
                total[n - 1] += runs;
                repeated[n - 1] += runs - WordNgrams.Counts(tokens, n).Count;
            }
            if (Stammers(tokens))
                stammering++;
        }
        return new RepetitionScore([.. repeated.Zip(total, (r, t) => r / (double)Math.Max(1, t))], stammering, sentences.Count);
    }

    /// <summary>As <c>7.95/1.20/0.31/0.08 %, twice in a row in 12 of 1,000</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{100 * Shares[0]:F2}/{100 * Shares[1]:F2}/{100 * Shares[2]:F2}/{100 * Shares[3]:F2} %, twice in a row in {StammeringCount:N0} of {Count:N0}");

    private static bool Stammers(string[] tokens)
    {
        for (int n = 1; n <= WordNgrams.Orders; n++)
        {
            for (int i = 0; i + (2 * n) <= tokens.Length; i++)
            {
                if (tokens.AsSpan(i, n).SequenceEqual(tokens.AsSpan(i + n, n)))
                    return true;
            }
        }
        return false;
    }
}
