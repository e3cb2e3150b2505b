using System.Text;

namespace Heed;

/// <summary>The tokenization <c>zh</c> that BLEU of Chinese is reported with, as sacreBLEU defines it: every Chinese character and sign a token, the rest as 13a sets marks apart.</summary>
/// <remarks>Source: Post, "A call for clarity in reporting BLEU scores", 2018.</remarks>
internal static class ChineseTokenizer
{
    public static string[] Tokenize(string line)
    {
        StringBuilder text = new();
        foreach (Rune rune in line.Trim().EnumerateRunes())
        {
            if (IsIdeograph(rune.Value) || IsSign(rune.Value))
                text.Append(' ').Append(rune.ToString()).Append(' ');
            else
                text.Append(rune.ToString());
        }
        return MtevalTokenizer.SetApart(text.ToString());
    }

    /// <summary>Whether it is a character of Chinese writing, not a sign.</summary>
    public static bool IsIdeograph(int c) => c is
        (>= 0x3400 and <= 0x4DB5) or (>= 0x4E00 and <= 0x9FBB) or (>= 0xF900 and <= 0xFA2D) or (>= 0xFA30 and <= 0xFA6A) or (>= 0xFA70 and <= 0xFAD9) or (>= 0x20000 and <= 0x2A6D6) or (>= 0x2F800 and <= 0x2FA1D);

    // Radicals, strokes, phonetic signs, punctuation of full width, and what else stands between characters.
    private static bool IsSign(int c) => c is
        (>= 0xFF00 and <= 0xFFEF) or (>= 0x2E80 and <= 0x2EFF) or (>= 0x3000 and <= 0x303F) or (>= 0x31C0 and <= 0x31EF) or (>= 0x2F00 and <= 0x2FDF) or (>= 0x2FF0 and <= 0x2FFF)
        or (>= 0x3100 and <= 0x312F) or (>= 0x31A0 and <= 0x31BF) or (>= 0xFE10 and <= 0xFE1F) or (>= 0xFE30 and <= 0xFE4F) or (>= 0x2600 and <= 0x26FF) or (>= 0x2700 and <= 0x27BF)
        or (>= 0x3200 and <= 0x32FF) or (>= 0x3300 and <= 0x33FF);
}
