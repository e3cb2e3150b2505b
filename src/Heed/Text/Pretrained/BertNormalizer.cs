using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>What BERT does to a text before it is cut.</summary>
/// <remarks>Controls go, white space becomes a space, ideographs get spaces around them, accents are stripped (decomposed, then marks without width are
/// dropped), letters become lower case: each if asked for. Source: Devlin et al., "BERT", 2019, and the <c>BasicTokenizer</c> published with it.</remarks>
internal sealed class BertNormalizer(bool cleansText, bool separatesIdeographs, bool stripsAccents, bool lowersCase) : TextNormalizer
{
    private readonly TextNormalizer.Lower lower = new();

    public override AlignedText Apply(AlignedText text)
    {
        bool isAscii = Ascii.IsValid(text.Span);
        AlignedText first = FirstPass(text);
        if (isAscii)
            return first;
        if (stripsAccents)
            first = new NonSpacing().Apply(UnicodeNormalization.Apply(first, isCompatible: false, isComposed: false));
        return lowersCase ? lower.Apply(first) : first;
    }

    private AlignedText FirstPass(AlignedText text)
    {
        ReadOnlySpan<char> span = text.Span;
        var writer = new AlignedText.Writer(span.Length + 16);
        for (int i = 0; i < span.Length;)
        {
            char c = span[i];
            if (c is >= ' ' and <= '~')
            {
                writer.Add(lowersCase && char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c, text.StartOf(i), text.EndOf(i));
                i++;
                continue;
            }
            int codePoint = CodePoint.At(span, i, out int length), start = text.StartOf(i), end = text.EndOf(i + length - 1);
            i += length;
            if (cleansText && codePoint is not ('\t' or '\n' or '\r') && (codePoint is 0 or CodePoint.Replacement || IsControl(codePoint)))
                continue;
            if (cleansText && CodePoint.IsWhiteSpace(codePoint))
                codePoint = ' ';
            bool isApart = separatesIdeographs && CodePoint.IsIdeograph(codePoint);
            if (isApart)
                writer.Add(' ', start, start);
            writer.Add(codePoint, start, end);
            if (isApart)
                writer.Add(' ', end, end);
        }
        return writer.ToText();
    }

    private static bool IsControl(int codePoint) =>
        CodePoint.Category(codePoint) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse;

    private sealed class NonSpacing : Each
    {
        protected override void Write(int codePoint, int start, int end, AlignedText.Writer writer)
        {
            if (codePoint < 0x300 || CodePoint.Category(codePoint) != UnicodeCategory.NonSpacingMark)
                writer.Add(codePoint, start, end);
        }
    }
}
