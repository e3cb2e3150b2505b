namespace Heed;

/// <summary>Changes a text before it is cut, and remembers where each unit comes from. The kinds of <c>normalizer</c> in a tokenizer's file.</summary>
/// <remarks>Immutable and thread-safe; nothing depends on the host's culture or ICU.</remarks>
internal abstract class TextNormalizer
{
    public abstract AlignedText Apply(AlignedText text);

    /// <summary>A text of its own, as the content of an added token.</summary>
    public string Apply(string text) => Apply(AlignedText.Of(text, 0, text.Length)).Span.ToString();

    /// <summary>What a code point becomes, unit by unit; the base of all that look at one code point alone.</summary>
    internal abstract class Each : TextNormalizer
    {
        public sealed override AlignedText Apply(AlignedText text)
        {
            ReadOnlySpan<char> span = text.Span;
            if (!span.ContainsAnyExceptInRange(' ', '~') && IsPlain(span))
                return text;
            var writer = new AlignedText.Writer(span.Length + 16);
            for (int i = 0; i < span.Length;)
            {
                int codePoint = CodePoint.At(span, i, out int length);
                Write(codePoint, text.StartOf(i), text.EndOf(i + length - 1), writer);
                i += length;
            }
            return writer.ToText();
        }

        /// <summary>Whether a text of printable ASCII stays as it is.</summary>
        protected virtual bool IsPlain(ReadOnlySpan<char> ascii) => true;

        protected abstract void Write(int codePoint, int start, int end, AlignedText.Writer writer);
    }

    /// <summary>One after the other.</summary>
    internal sealed class Sequence(IReadOnlyList<TextNormalizer> parts) : TextNormalizer
    {
        public override AlignedText Apply(AlignedText text)
        {
            int before = text.Length;
            foreach (TextNormalizer part in parts)
            {
                text = part.Apply(text);
                AlignedText.CheckGrowth(before, text.Length);
            }
            return text;
        }
    }

    /// <summary>NFC, NFD, NFKC or NFKD.</summary>
    internal sealed class Form(bool isCompatible, bool isComposed) : TextNormalizer
    {
        public override AlignedText Apply(AlignedText text) => UnicodeNormalization.Apply(text, isCompatible, isComposed);
    }

    /// <summary>Lower case by a fixed table; U+0130 becomes i and a dot above, as its full mapping says.</summary>
    internal sealed class Lower : Each
    {
        protected override bool IsPlain(ReadOnlySpan<char> ascii) => !ascii.ContainsAnyInRange('A', 'Z');

        protected override void Write(int codePoint, int start, int end, AlignedText.Writer writer)
        {
            if (codePoint != 0x130)
            {
                writer.Add(LowerCase.Of(codePoint), start, end);
                return;
            }
            writer.Add('i', start, end);
            writer.Add(0x307, start, end);
        }
    }

    /// <summary>Drops all marks; what stands before it decomposes.</summary>
    internal sealed class StripAccents : Each
    {
        protected override void Write(int codePoint, int start, int end, AlignedText.Writer writer)
        {
            if (!CodePoint.IsMark(codePoint))
                writer.Add(codePoint, start, end);
        }
    }

    /// <summary>The white space and the controls of SentencePiece's <c>nmt</c> rules.</summary>
    internal sealed class Nmt : Each
    {
        protected override void Write(int codePoint, int start, int end, AlignedText.Writer writer)
        {
            if (codePoint is >= 1 and <= 8 or 0xB or >= 0xE and <= 0x1F or 0x7F or 0x8F or 0x9F)
                return;
            bool isSpace = codePoint is 9 or 0xA or 0xC or 0xD or 0x1680 or >= 0x200B and <= 0x200F or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or CodePoint.Replacement;
            writer.Add(isSpace ? ' ' : codePoint, start, end);
        }
    }

    /// <summary>Drops white space at the ends.</summary>
    internal sealed class Strip(bool left, bool right) : TextNormalizer
    {
        public override AlignedText Apply(AlignedText text)
        {
            ReadOnlySpan<char> span = text.Span;
            int start = 0, end = span.Length;
            while (left && start < end && char.IsWhiteSpace(span[start]))
                start++;
            while (right && end > start && char.IsWhiteSpace(span[end - 1]))
                end--;
            return text.Slice(start, end - start);
        }
    }

    /// <summary>Puts a text before or behind one that is not empty.</summary>
    internal sealed class Attach(string content, bool isBehind) : TextNormalizer
    {
        public override AlignedText Apply(AlignedText text)
        {
            if (text.Length == 0)
                return text;
            var writer = new AlignedText.Writer(text.Length + content.Length);
            int start = text.StartOf(0), end = text.EndOf(text.Length - 1);
            if (!isBehind)
                writer.Add(content, start, start);
            writer.Add(text, 0, text.Length);
            if (isBehind)
                writer.Add(content, end, end);
            return writer.ToText();
        }
    }

    /// <summary>Puts one text in the place of every match of a pattern.</summary>
    internal sealed class Replace(CodePointPattern pattern, string content) : TextNormalizer
    {
        public override AlignedText Apply(AlignedText text)
        {
            ReadOnlySpan<char> span = text.Span;
            using PatternMatcher matcher = pattern.In(span);
            if (!matcher.Find(0, out int start, out int end))
                return text;
            var writer = new AlignedText.Writer(span.Length + 16);
            int at = 0;
            do
            {
                writer.Add(text, at, start - at);
                writer.Add(content, text.StartOf(start), text.EndOf(end - 1));
                at = end;
            }
            while (matcher.Find(at, out start, out end));
            writer.Add(text, at, span.Length - at);
            return writer.ToText();
        }
    }

    /// <summary>Bytes of UTF-8 as the characters of <see cref="ByteAlphabet"/>.</summary>
    internal sealed class Bytes : TextNormalizer
    {
        public override AlignedText Apply(AlignedText text) => ByteAlphabet.Apply(text);
    }
}
