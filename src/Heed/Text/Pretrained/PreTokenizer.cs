namespace Heed;

/// <summary>Cuts a text into the pieces that a model never joins. The kinds of <c>pre_tokenizer</c> in a tokenizer's file.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal abstract class PreTokenizer
{
    public abstract void Apply(TextPieces pieces);

    /// <summary>One after the other.</summary>
    internal sealed class Sequence(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
    {
        public IReadOnlyList<PreTokenizer> Parts => parts;

        public override void Apply(TextPieces pieces)
        {
            foreach (PreTokenizer part in parts)
                part.Apply(pieces);
        }
    }

    /// <summary>Cuts at the matches of a pattern; turned round, what is between them is taken for the matches.</summary>
    internal sealed class Split(CodePointPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
    {
        public override void Apply(TextPieces pieces) => pieces.Cut((text, piece, output) =>
        {
            ReadOnlySpan<char> span = text.Span[piece.Start..piece.End];
            using PatternMatcher matcher = pattern.In(span);
            var splitter = new PieceSplitter(behavior, output);
            int at = 0;
            while (matcher.Find(at, out int start, out int end))
            {
                splitter.Add(piece.Start + at, piece.Start + start, invert);
                splitter.Add(piece.Start + start, piece.Start + end, !invert);
                at = end;
            }
            splitter.Add(piece.Start + at, piece.End, invert);
            splitter.End(piece.End);
        });
    }

    /// <summary>Cuts at code points of a kind.</summary>
    internal sealed class SplitAt(Func<int, bool> isIn, SplitBehavior behavior) : PreTokenizer
    {
        public override void Apply(TextPieces pieces) => pieces.Cut((text, piece, output) =>
        {
            ReadOnlySpan<char> span = text.Span[..piece.End];
            var splitter = new PieceSplitter(behavior, output);
            int start = piece.Start;
            for (int i = piece.Start; i < piece.End;)
            {
                int codePoint = CodePoint.At(span, i, out int length);
                if (isIn(codePoint))
                {
                    splitter.Add(start, i, isMatch: false);
                    splitter.Add(i, i + length, isMatch: true);
                    start = i + length;
                }
                i += length;
            }
            splitter.Add(start, piece.End, isMatch: false);
            splitter.End(piece.End);
        });
    }

    /// <summary>Runs of word characters and runs of others; white space is dropped.</summary>
    internal sealed class Words : PreTokenizer
    {
        public override void Apply(TextPieces pieces) => pieces.Cut((text, piece, output) =>
        {
            ReadOnlySpan<char> span = text.Span[..piece.End];
            var splitter = new PieceSplitter(SplitBehavior.Contiguous, output);
            for (int i = piece.Start; i < piece.End;)
            {
                int codePoint = CodePoint.At(span, i, out int length);
                if (CodePoint.IsWhiteSpace(codePoint))
                    splitter = new PieceSplitter(SplitBehavior.Contiguous, output);
                else
                    splitter.Add(i, i + length, CodePointSet.Word.Contains(codePoint));
                i += length;
            }
        });
    }

    /// <summary>White space is dropped, every punctuation mark is a piece.</summary>
    internal sealed class Bert : PreTokenizer
    {
        public override void Apply(TextPieces pieces) => pieces.Cut((text, piece, output) =>
        {
            ReadOnlySpan<char> span = text.Span[..piece.End];
            int start = piece.Start;
            for (int i = piece.Start; i < piece.End;)
            {
                int codePoint = CodePoint.At(span, i, out int length);
                bool isSpace = CodePoint.IsWhiteSpace(codePoint);
                if (isSpace || CodePoint.IsPunctuation(codePoint))
                {
                    if (start < i)
                        output.Add(new Piece(start, i));
                    if (!isSpace)
                        output.Add(new Piece(i, i + length));
                    start = i + length;
                }
                i += length;
            }
            if (start < piece.End)
                output.Add(new Piece(start, piece.End));
        });
    }

    /// <summary>Words of GPT-2 (if asked for), then bytes as characters.</summary>
    internal sealed class ByteLevel(bool addsPrefixSpace, bool usesPattern) : PreTokenizer
    {
        private static readonly CodePointPattern words = new(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+");
        private static readonly Split split = new(words, SplitBehavior.Isolated, invert: false);

        public override void Apply(TextPieces pieces)
        {
            Cut(pieces);
            pieces.Rewrite((text, piece, writer) =>
            {
                AlignedText bytes = ByteAlphabet.Apply(text.Slice(piece.Start, piece.Length));
                writer.Add(bytes, 0, bytes.Length);
            });
        }

        /// <summary>Only cuts: the model takes over the bytes.</summary>
        public void Cut(TextPieces pieces)
        {
            if (addsPrefixSpace && pieces.Pieces.Exists(piece => piece.Length > 0 && pieces.Text.Span[piece.Start] != ' '))
            {
                pieces.Rewrite((text, piece, writer) =>
                {
                    if (piece.Length > 0 && text.Span[piece.Start] != ' ')
                        writer.Add(' ', text.StartOf(piece.Start), text.StartOf(piece.Start));
                    writer.Add(text, piece.Start, piece.Length);
                });
            }
            if (usesPattern)
                split.Apply(pieces);
        }
    }

    /// <summary>A visible sign for each space, one before the text if asked for, and pieces that begin with it.</summary>
    internal sealed class Metaspace(char replacement, MetaspacePrepend prepend, bool splits) : PreTokenizer
    {
        private readonly SplitAt split = new(codePoint => codePoint == replacement, SplitBehavior.MergedWithNext);

        public override void Apply(TextPieces pieces)
        {
            bool isFirst = pieces.IsFirst;
            pieces.Rewrite((text, piece, writer) =>
            {
                ReadOnlySpan<char> span = text.Span[piece.Start..piece.End];
                bool isAsked = prepend == MetaspacePrepend.Always || (prepend == MetaspacePrepend.First && isFirst);
                isFirst = false;
                if (isAsked && span.Length > 0 && span[0] != ' ' && span[0] != replacement)
                    writer.Add(replacement, text.StartOf(piece.Start), text.StartOf(piece.Start));
                for (int i = 0; i < span.Length; i++)
                    writer.Add(span[i] == ' ' ? replacement : span[i], text.StartOf(piece.Start + i), text.EndOf(piece.Start + i));
            });
            if (splits)
                split.Apply(pieces);
        }
    }
}

/// <summary>Where a metaspace is put before a text.</summary>
internal enum MetaspacePrepend { Always, First, Never }
