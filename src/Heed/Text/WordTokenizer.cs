using System.Globalization;

namespace Heed;

/// <summary>Words, numbers, single ideographs and kana, punctuation marks, symbols and emoji.</summary>
/// <remarks>
/// <para>A word is a run of letters, digits and other numbers, combining marks and connectors such as <c>_</c>, with at most one apostrophe
/// (<c>'</c> or U+2019) inside, as in <c>don't</c>. A joiner, non-joiner or soft hyphen inside a word belongs to it. An ideograph (Han, Tangut,
/// Nüshu and the supplementary planes) or a kana is a token of its own. Everything else that is not white space is one token a
/// grapheme cluster: a punctuation mark, a symbol, an emoji with its modifiers, a flag, a lone surrogate. White space is dropped.</para>
/// <para>The form for the vocabulary is lower case by a fixed table, with U+2019 as <c>'</c>. No Unicode normalisation is applied.
/// Scripts written without spaces, such as Thai, give one token a run of letters.</para>
/// <para>Against the regular expression <c>[\u3400-\u9fff]|\w+(?:'\w+)?|[^\w\s]</c> of Python, which does not split ideographs from letters
/// or digits before them (<c>20分</c>), takes kana as words, cuts words at combining marks and U+2019, and emoji into code points, the tokens
/// of other text are equal.</para>
/// <para>Cost: linear; nothing is allocated but the growth of the list. Thread-safe.</para>
/// </remarks>
/// <param name="lowerCase">Whether tokens are looked up in lower case.</param>
public sealed class WordTokenizer(bool lowerCase = true) : ITokenizer
{
    private const char CurlyApostrophe = '\u2019';

    private enum Kind : byte { Symbol, Space, Word, Ideograph, Mark }

    private static ReadOnlySpan<byte> AsciiKinds =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0,
        0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 2,
        0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0,
    ];

    /// <inheritdoc/>
    public string Name => "word";

    /// <inheritdoc/>
    public bool LowerCase { get; } = lowerCase;

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> text, List<Token> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        tokens.Clear();
        for (int i = 0; i < text.Length;)
        {
            Kind kind = KindAt(text, i, out int length);
            if (kind == Kind.Word)
                length = WordEnd(text, i + length) - i;
            else if (kind != Kind.Space)
                length = ClusterLength(text, i, length);
            if (kind != Kind.Space)
                tokens.Add(new Token(i, length));
            i += length;
        }
    }

    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> token, Span<char> destination)
    {
        if (LowerCase)
            Heed.LowerCase.Into(token, destination);
        else
            token.CopyTo(destination);
        destination[..token.Length].Replace(CurlyApostrophe, '\'');
    }

    private static int WordEnd(ReadOnlySpan<char> text, int i)
    {
        bool apostrophe = false;
        while (i < text.Length)
        {
            char c = text[i];
            Kind kind = KindAt(text, i, out int length);
            if (kind is Kind.Word or Kind.Mark)
                i += length;
            else if (c is '\'' or CurlyApostrophe && !apostrophe && WordStartsAt(text, i + 1))
                (apostrophe, i) = (true, i + 1);
            else if (c is '\u200C' or '\u200D' or '\u00AD' && WordStartsAt(text, i + 1))
                i++;
            else
                break;
        }
        return i;
    }

    private static bool WordStartsAt(ReadOnlySpan<char> text, int i) => i < text.Length && KindAt(text, i, out _) == Kind.Word;

    private static Kind KindAt(ReadOnlySpan<char> text, int i, out int length)
    {
        char c = text[i];
        length = 1;
        if (c < 0x80)
            return (Kind)AsciiKinds[c];
        if (IsIdeographOrKana(c))
            return Kind.Ideograph;
        if (!char.IsSurrogate(c))
            return char.IsWhiteSpace(c) ? Kind.Space : KindOf(CharUnicodeInfo.GetUnicodeCategory(c));
        if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            return Kind.Symbol;
        length = 2;
        int codePoint = char.ConvertToUtf32(c, text[i + 1]);
        return IsSupplementaryIdeographOrKana(codePoint) ? Kind.Ideograph : KindOf(CharUnicodeInfo.GetUnicodeCategory(codePoint));
    }

    private static Kind KindOf(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => Kind.Word,
        <= UnicodeCategory.EnclosingMark => Kind.Mark,
        <= UnicodeCategory.OtherNumber or UnicodeCategory.ConnectorPunctuation => Kind.Word,
        _ => Kind.Symbol,
    };

    private static bool IsIdeographOrKana(char c) => c >= 0x3005 && c switch
    {
        >= '\u3400' and <= '\u4DBF' or >= '\u4E00' and <= '\u9FFF' => true,
        >= '\u3041' and <= '\u3096' or >= '\u309D' and <= '\u309F' or >= '\u30A1' and <= '\u30FA' or >= '\u30FC' and <= '\u30FF' => true,
        '\u3005' or '\u3006' or '\u3007' or >= '\u3021' and <= '\u3029' or >= '\u3038' and <= '\u303C' => true,
        >= '\u31F0' and <= '\u31FF' or >= '\uF900' and <= '\uFAFF' or >= '\uFF66' and <= '\uFF9D' => true,
        _ => false,
    };

    private static bool IsSupplementaryIdeographOrKana(int codePoint) => codePoint switch
    {
        >= 0x20000 and <= 0x3FFFD => true,                                        // both ideographic planes
        >= 0x17000 and <= 0x18DFF or >= 0x1B170 and <= 0x1B2FF => true,           // Tangut, Khitan, Nüshu
        >= 0x1AFF0 and <= 0x1AFFF or >= 0x1B000 and <= 0x1B16F => true,           // kana
        _ => false,
    };

    // A cluster can only be longer than its first code point if something follows that may extend it.
    private static int ClusterLength(ReadOnlySpan<char> text, int i, int length)
    {
        int next = i + length;
        if (next == text.Length)
            return length;
        char c = text[next];
        if (c < 0x300 || c is >= '\u3041' and <= '\u3096' or >= '\u30A1' and <= '\u9FFF' or >= '\uFF01' and <= '\uFF9D')
            return length;
        return StringInfo.GetNextTextElementLength(text[i..]);
    }
}
