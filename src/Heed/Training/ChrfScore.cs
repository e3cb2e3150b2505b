using System.Text;

namespace Heed;

/// <summary>chrF2 of a corpus, with one reference for each answer, as sacreBLEU computes it: characters without white space, up to six of them, recall counts twice.</summary>
/// <remarks>Formula: chrF_β = (1 + β²)·P·R/(β²·P + R), with precision P and recall R of character n-grams, mean over n = 1 … 6 of the orders that both sides have. Source: Popović 2015, 2016.</remarks>
public static class ChrfScore
{
    /// <summary>How the figure is computed, in the form of sacreBLEU's signatures.</summary>
    public const string Signature = "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|impl:heed";

    private const int Orders = 6;
    private const double Factor = 4;   // β²

    /// <summary>Computes the figure, from 0 to 100.</summary>
    /// <param name="answers">Detokenized answers.</param>
    /// <param name="references">Their references, as many.</param>
    /// <exception cref="ArgumentException">There are more of one than of the other.</exception>
    public static double Of(IReadOnlyList<string> answers, IReadOnlyList<string> references)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(references);
        if (answers.Count != references.Count)
            throw new ArgumentException(FormattableString.Invariant($"ChrfScore.Of: {answers.Count} answers but {references.Count} references came; one for each is required."), nameof(references));
        long[] given = new long[Orders], wanted = new long[Orders], right = new long[Orders];
        for (int i = 0; i < answers.Count; i++)
        {
            Rune[] answer = Characters(answers[i]), reference = Characters(references[i]);
            for (int n = 1; n <= Orders; n++)
            {
                Dictionary<string, int> known = Counts(reference, n);
                // An order that the reference is too short for says nothing about the answer.
                given[n - 1] += known.Count > 0 ? Math.Max(0, answer.Length - n + 1) : 0;
                wanted[n - 1] += Math.Max(0, reference.Length - n + 1);
                foreach ((string gram, int count) in Counts(answer, n))
                    right[n - 1] += Math.Min(count, known.GetValueOrDefault(gram));
            }
        }
        double precision = 0, recall = 0;
        int orders = 0;
        for (int n = 0; n < Orders; n++)
        {
            if (given[n] == 0 || wanted[n] == 0)
                continue;
            (precision, recall, orders) = (precision + ((double)right[n] / given[n]), recall + ((double)right[n] / wanted[n]), orders + 1);
        }
        (precision, recall) = orders == 0 ? (0, 0) : (precision / orders, recall / orders);
        return precision + recall > 0 ? 100 * (1 + Factor) * precision * recall / ((Factor * precision) + recall) : 0;
    }

    private static Rune[] Characters(string text) => [.. string.Concat(MtevalTokenizer.Split(text)).EnumerateRunes()];

    private static Dictionary<string, int> Counts(Rune[] characters, int n)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        StringBuilder gram = new();
        for (int i = 0; i + n <= characters.Length; i++)
        {
            gram.Clear();
            for (int j = i; j < i + n; j++)
                gram.Append(characters[j].ToString());
            string key = gram.ToString();
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }
        return counts;
    }
}
