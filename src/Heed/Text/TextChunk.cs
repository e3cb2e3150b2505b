using System.Globalization;

namespace Heed;

/// <summary>The chunks that a byte-pair tokenizer never merges across.</summary>
internal static class TextChunk
{
    /// <summary>The longest chunk, in UTF-16 units: longer runs are cut, so that no text costs more than linear time.</summary>
    public const int MaximumLength = 64;

    private const char CurlyApostrophe = '\u2019';

    private enum Kind { Space, Letter, Digit, Sign, Joined }

    /// <summary>The length of the chunk that starts at a place, at least 1.</summary>
    public static int Length(ReadOnlySpan<char> text, int start)
    {
        int end = Math.Min(text.Length, start + MaximumLength), at = start;
        if (text[start] == TextPair.Separator)
            return 1;
        // One space belongs to what follows it.
        if (text[start] == ' ' && start + 1 < text.Length && text[start + 1] != TextPair.Separator && KindAt(text, start + 1, out _) != Kind.Space)
            at++;
        Kind kind = KindAt(text, at, out int length);
        at += length;
        // A mark that stands alone begins a chunk of signs.
        kind = kind == Kind.Joined ? Kind.Sign : kind;
        while (at < end)
        {
            Kind next = KindAt(text, at, out length);
            bool goesOn = next == kind || next == Kind.Joined || (kind == Kind.Letter && IsApostrophe(text[at]) && at + 1 < end && KindAt(text, at + 1, out _) == Kind.Letter);
            if (!goesOn || at + length > end || text[at] == TextPair.Separator)
                break;
            at += length;
        }
        return kind == Kind.Space && at < text.Length && at - start > 1 && text[at - 1] == ' ' && KindAt(text, at, out _) != Kind.Space ? at - 1 - start : at - start;
    }

    /// <summary>Writes the vocabulary form, which is as long as the text; the spans may be the same memory.</summary>
    public static void Normalize(ReadOnlySpan<char> text, Span<char> destination, bool lowerCase)
    {
        if (lowerCase)
            LowerCase.Into(text, destination);
        else
            text.CopyTo(destination);
        destination[..text.Length].Replace(CurlyApostrophe, '\'');
    }

    private static bool IsApostrophe(char c) => c is '\'' or CurlyApostrophe;

    private static Kind KindAt(ReadOnlySpan<char> text, int i, out int length)
    {
        char c = text[i];
        length = 1;
        if (c < 0x80)
        {
            return char.IsAsciiLetter(c) || c == '_' ? Kind.Letter : char.IsAsciiDigit(c) ? Kind.Digit
                : c is ' ' or (>= '\t' and <= '\r') ? Kind.Space : Kind.Sign;
        }
        if (c is >= '\u4E00' and <= '\u9FFF' or >= '\uAC00' and <= '\uD7A3')
            return Kind.Letter;
        if (!char.IsSurrogate(c))
            return char.IsWhiteSpace(c) ? Kind.Space : KindOf(CharUnicodeInfo.GetUnicodeCategory(c));
        if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            return Kind.Sign;
        length = 2;
        return KindOf(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[i + 1])));
    }

    private static Kind KindOf(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber => Kind.Letter,
        <= UnicodeCategory.EnclosingMark or UnicodeCategory.Format => Kind.Joined,
        <= UnicodeCategory.OtherNumber => Kind.Digit,
        _ => Kind.Sign,
    };
}
