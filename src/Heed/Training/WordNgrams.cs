using System.Text;

namespace Heed;

/// <summary>Runs of n tokens of a sentence, tokenized as BLEU's 13a does, or its zh.</summary>
internal static class WordNgrams
{
    /// <summary>The longest runs that are counted.</summary>
    public const int Orders = 4;

    /// <summary>Whether most letters of some sentences are Han: their words are not set apart by spaces, so that each character is a token.</summary>
    public static bool AreChinese(IEnumerable<string> sentences)
    {
        long han = 0, letters = 0;
        foreach (Rune rune in sentences.SelectMany(sentence => sentence.EnumerateRunes()).Where(Rune.IsLetter))
        {
            letters++;
            han += ChineseTokenizer.IsIdeograph(rune.Value) ? 1 : 0;
        }
        return 2 * han > letters;
    }

    /// <summary>The tokens of a sentence.</summary>
    public static string[] Tokens(string text, bool lowerCase, bool isChinese)
    {
        if (lowerCase)
            text = string.Create(text.Length, text, static (to, from) => LowerCase.Into(from, to));
        return isChinese ? ChineseTokenizer.Tokenize(text) : MtevalTokenizer.Tokenize(text.TrimEnd());
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
