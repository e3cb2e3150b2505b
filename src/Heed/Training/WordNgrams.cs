namespace Heed;

/// <summary>Runs of n tokens of a sentence, tokenized as BLEU's 13a does.</summary>
internal static class WordNgrams
{
    /// <summary>The longest runs that are counted.</summary>
    public const int Orders = 4;

    /// <summary>The tokens of a sentence.</summary>
    public static string[] Tokens(string text, bool lowerCase)
    {
        if (lowerCase)
            text = string.Create(text.Length, text, static (to, from) => LowerCase.Into(from, to));
        return MtevalTokenizer.Tokenize(text.TrimEnd());
    }

    /// <summary>How often each run of n tokens occurs.</summary>
    public static Dictionary<string, int> Counts(string[] tokens, int n)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        for (int i = 0; i + n <= tokens.Length; i++)
        {
            string gram = n == 1 ? tokens[i] : string.Join(' ', tokens, i, n);
            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }
        return counts;
    }
}
