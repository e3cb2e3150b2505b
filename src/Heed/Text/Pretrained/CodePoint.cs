using System.Globalization;

namespace Heed;

/// <summary>Reading UTF-16 by code points, and the classes of code points that tokenizers ask for.</summary>
/// <remarks>Half of a surrogate pair that stands alone is read as U+FFFD, which is also what it becomes as UTF-8. The classes are those of .NET's own
/// Unicode data, the same on every host.</remarks>
internal static class CodePoint
{
    /// <summary>What stands for what cannot be read.</summary>
    public const int Replacement = 0xFFFD;

    /// <summary>The code point at a place, and how many UTF-16 units it takes.</summary>
    public static int At(ReadOnlySpan<char> text, int i, out int length)
    {
        char c = text[i];
        length = 1;
        if (!char.IsSurrogate(c))
            return c;
        if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(c, text[i + 1]);
        }
        return Replacement;
    }

    /// <summary>The code point that ends before a place, and how many UTF-16 units it takes.</summary>
    public static int Before(ReadOnlySpan<char> text, int i, out int length)
    {
        bool isPair = i >= 2 && char.IsLowSurrogate(text[i - 1]) && char.IsHighSurrogate(text[i - 2]);
        return At(text[(isPair ? i - 2 : i - 1)..], 0, out length);
    }

    /// <summary>Letter, mark, number and so on; U+D800 to U+DFFF and what is beyond the last plane have none.</summary>
    public static UnicodeCategory Category(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint);

    public static bool IsWhiteSpace(int codePoint) => codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint);

    public static bool IsMark(int codePoint) => codePoint >= 0x300
        && Category(codePoint) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    public static bool IsNumber(int codePoint) => codePoint < 0x80 ? codePoint is >= '0' and <= '9'
        : Category(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>Category P, and all signs of ASCII.</summary>
    public static bool IsPunctuation(int codePoint) => codePoint < 0x80 ? char.IsBetween((char)codePoint, '!', '~') && !char.IsAsciiLetterOrDigit((char)codePoint)
        : Category(codePoint) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    /// <summary>The ideographs that BERT sets apart.</summary>
    public static bool IsIdeograph(int codePoint) => codePoint is >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF
        or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2CEAF or >= 0x2F800 and <= 0x2FA1F;

    /// <summary>How many bytes a code point takes as UTF-8.</summary>
    public static int Utf8Length(int codePoint) => codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;

    /// <summary>One byte of the UTF-8 form of a code point.</summary>
    public static byte Utf8Byte(int codePoint, int index)
    {
        int length = Utf8Length(codePoint), rest = codePoint >> (6 * (length - 1 - index));
        return (byte)(length == 1 ? codePoint : index > 0 ? 0x80 | (rest & 0x3F) : (0xF00 >> length & 0xFF) | rest);
    }
}
