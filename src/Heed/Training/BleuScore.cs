namespace Heed;

/// <summary>BLEU of a corpus, with one reference for each answer, as sacreBLEU computes it: tokenization 13a (of Chinese zh), up to four words, exponential smoothing.</summary>
/// <remarks>
/// <para>Formula: BLEU = min(1, e^(1 − r/c))·exp(¼·Σ_n log p_n), where p_n is the share of the answers' n-grams that their references have (each as often as there), c and r the numbers of tokens. A p_n of 0 counts as
/// 1/(2^k·total), for the k-th such.</para>
/// <para>Source: Papineni et al. 2002; Post, "A call for clarity in reporting BLEU scores", 2018.</para>
/// </remarks>
public sealed class BleuScore
{
    private const int Orders = WordNgrams.Orders;

    private BleuScore(double score, double[] precisions, double brevityPenalty, long length, long referenceLength, bool lowerCase, string tokenization) =>
        (Score, Precisions, BrevityPenalty, Length, ReferenceLength, IsLowerCase, Tokenization) = (score, precisions, brevityPenalty, length, referenceLength, lowerCase, tokenization);

    /// <summary>From 0 to 100.</summary>
    public double Score { get; }

    /// <summary>p_1 … p_4, from 0 to 100, smoothed.</summary>
    public IReadOnlyList<double> Precisions { get; }

    /// <summary>What answers that are too short are multiplied by.</summary>
    public double BrevityPenalty { get; }

    /// <summary>Tokens of the answers.</summary>
    public long Length { get; }

    /// <summary>Tokens of the references.</summary>
    public long ReferenceLength { get; }

    /// <summary>Whether case was ignored.</summary>
    public bool IsLowerCase { get; }

    /// <summary><c>13a</c>, or where most letters of the references are Han <c>zh</c>: each Chinese character is a token.</summary>
    public string Tokenization { get; }

    /// <summary>How the figure was computed, in the form of sacreBLEU's signatures.</summary>
    public string Signature => $"nrefs:1|case:{(IsLowerCase ? "lc" : "mixed")}|eff:no|tok:{Tokenization}|smooth:exp|impl:heed";

    /// <summary>Computes the figure.</summary>
    /// <param name="answers">Detokenized answers.</param>
    /// <param name="references">Their references, as many.</param>
    /// <param name="lowerCase">Whether case is ignored; default false.</param>
    /// <exception cref="ArgumentException">There are more of one than of the other.</exception>
    public static BleuScore Of(IReadOnlyList<string> answers, IReadOnlyList<string> references, bool lowerCase = false)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(references);
        if (answers.Count != references.Count)
            throw new ArgumentException(FormattableString.Invariant($"BleuScore.Of: {answers.Count} answers but {references.Count} references came; one for each is required."), nameof(references));
        long[] right = new long[Orders], total = new long[Orders];
        long length = 0, referenceLength = 0;
        bool isChinese = WordNgrams.AreChinese(references);
        for (int i = 0; i < answers.Count; i++)
        {
            string[] answer = WordNgrams.Tokens(answers[i], lowerCase, isChinese), reference = WordNgrams.Tokens(references[i], lowerCase, isChinese);
            (length, referenceLength) = (length + answer.Length, referenceLength + reference.Length);
            for (int n = 1; n <= Orders; n++)
            {
                Dictionary<string, int> known = WordNgrams.Counts(reference, n);
                foreach ((string gram, int count) in WordNgrams.Counts(answer, n))
                    right[n - 1] += Math.Min(count, known.GetValueOrDefault(gram));
                total[n - 1] += Math.Max(0, answer.Length - n + 1);
            }
        }
        double penalty = length >= referenceLength ? 1 : length == 0 ? 0 : Math.Exp(1 - ((double)referenceLength / length));
        double[] precisions = new double[Orders];
        double smoothing = 1, logs = 0;
        for (int n = 0; n < Orders && total[n] > 0; n++)
            precisions[n] = right[n] > 0 ? 100.0 * right[n] / total[n] : 100 / ((smoothing *= 2) * total[n]);
        foreach (double precision in precisions)
            logs += Math.Log(precision);
        double score = right.Sum() == 0 ? 0 : penalty * Math.Exp(logs / Orders);
        return new BleuScore(score, right.Sum() == 0 ? new double[Orders] : precisions, penalty, length, referenceLength, lowerCase, isChinese ? "zh" : "13a");
    }

    /// <summary>As <c>BLEU 36.51 (71.2/45.1/29.8/19.7, brevity 0.981), nrefs:1|…</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"BLEU {Score:F2} ({Precisions[0]:F1}/{Precisions[1]:F1}/{Precisions[2]:F1}/{Precisions[3]:F1}, brevity penalty {BrevityPenalty:F3}, {Length} of {ReferenceLength} tokens), {Signature}");
}
