using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Heed;

/// <summary>Makes text of tokens. The kinds of <c>decoder</c> in a tokenizer's file.</summary>
/// <remarks>Works on a list of parts; what is left at the end is joined. Immutable and thread-safe.</remarks>
internal abstract class TokenDecoder
{
    /// <summary>Changes the parts.</summary>
    public abstract void Apply(List<DecodedPart> parts);

    private static void Each(List<DecodedPart> parts, Func<int, string, string> change)
    {
        for (int i = 0; i < parts.Count; i++)
            parts[i] = parts[i] with { Text = change(i, parts[i].Text) };
    }

    /// <summary>One after the other.</summary>
    internal sealed class Sequence(IReadOnlyList<TokenDecoder> steps) : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts)
        {
            long before = parts.Sum(part => (long)part.Text.Length);
            foreach (TokenDecoder step in steps)
            {
                step.Apply(parts);
                AlignedText.CheckGrowth(before, parts.Sum(part => (long)part.Text.Length));
            }
        }
    }

    /// <summary>Characters of <see cref="ByteAlphabet"/> are bytes, and bytes are UTF-8. Added tokens are text already.</summary>
    internal sealed class ByteLevel : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts)
        {
            var bytes = new List<byte>();
            foreach (DecodedPart part in parts)
            {
                if (part.IsAdded || part.Text.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 && part.Text.Any(c => ByteAlphabet.ByteOf(c) < 0))
                    bytes.AddRange(Encoding.UTF8.GetBytes(part.Text));
                else
                {
                    foreach (char c in part.Text)
                        bytes.Add((byte)ByteAlphabet.ByteOf(c));
                }
            }
            parts.Clear();
            parts.Add(new DecodedPart(Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes)), IsAdded: false));
        }
    }

    /// <summary>A space before each token that does not go on with a word; spaces before English punctuation and contractions go, if asked for.</summary>
    internal sealed class WordPiece(string prefix, bool cleansUp) : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts) => Each(parts, (i, text) =>
        {
            if (i > 0)
                text = prefix.Length > 0 && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : " " + text;
            return cleansUp ? CleanUp(text) : text;
        });

        private static string CleanUp(string text)
        {
            foreach (string sign in new[] { ".", "?", "!", "," })
                text = text.Replace(" " + sign, sign, StringComparison.Ordinal);
            text = text.Replace(" ' ", "'", StringComparison.Ordinal).Replace(" do not", " don't", StringComparison.Ordinal);
            foreach (string ending in new[] { "n't", "'m", "'s", "'ve", "'re" })
                text = text.Replace(" " + ending, ending, StringComparison.Ordinal);
            return text;
        }
    }

    /// <summary>The sign for a space becomes one; the one that was put before the text goes.</summary>
    internal sealed class Metaspace(char replacement, bool dropsFirst) : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts) => Each(parts, (i, text) =>
            (i == 0 && dropsFirst && text.Length > 0 && text[0] == replacement ? text[1..] : text).Replace(replacement, ' '));
    }

    /// <summary>What ends a word becomes a space, at the end of the text nothing.</summary>
    internal sealed class Suffix(string suffix) : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts) => Each(parts, (i, text) =>
            suffix.Length == 0 ? text : text.Replace(suffix, i == parts.Count - 1 ? "" : " ", StringComparison.Ordinal));
    }

    /// <summary>Tokens of bytes become UTF-8; each byte that is none becomes U+FFFD.</summary>
    internal sealed class ByteFallback : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts)
        {
            var output = new List<DecodedPart>();
            var bytes = new List<byte>();
            foreach (DecodedPart part in parts)
            {
                int value = part.IsAdded ? -1 : ByteTokens.ByteOf(part.Text);
                if (value >= 0)
                {
                    bytes.Add((byte)value);
                    continue;
                }
                Flush(bytes, output);
                output.Add(part);
            }
            Flush(bytes, output);
            parts.Clear();
            parts.AddRange(output);
        }

        private static void Flush(List<byte> bytes, List<DecodedPart> output)
        {
            ReadOnlySpan<byte> left = CollectionsMarshal.AsSpan(bytes);
            var text = new StringBuilder();
            while (!left.IsEmpty)
            {
                bool isWhole = Rune.DecodeFromUtf8(left, out Rune rune, out int used) == OperationStatus.Done;
                text.Append(isWhole ? rune.ToString() : new string((char)CodePoint.Replacement, used));
                left = left[used..];
            }
            if (bytes.Count > 0)
                output.Add(new DecodedPart(text.ToString(), IsAdded: false));
            bytes.Clear();
        }
    }

    /// <summary>All parts become one.</summary>
    internal sealed class Fuse : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts)
        {
            string all = string.Concat(parts.Select(part => part.Text));
            parts.Clear();
            parts.Add(new DecodedPart(all, IsAdded: false));
        }
    }

    /// <summary>Takes up to so many of one character from the ends of each part.</summary>
    internal sealed class Strip(char content, int start, int stop) : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts) => Each(parts, (_, text) =>
        {
            int first = 0, end = text.Length;
            while (first < Math.Min(start, text.Length) && text[first] == content)
                first++;
            while (end > first && text.Length - end < stop && text[end - 1] == content)
                end--;
            return text[first..end];
        });
    }

    /// <summary>Puts one text in the place of every match of a pattern.</summary>
    internal sealed class Replace(CodePointPattern pattern, string content) : TokenDecoder
    {
        public override void Apply(List<DecodedPart> parts) => Each(parts, (_, text) =>
        {
            using PatternMatcher matcher = pattern.In(text);
            StringBuilder? changed = null;
            int at = 0;
            while (matcher.Find(at, out int start, out int end))
            {
                (changed ??= new StringBuilder()).Append(text, at, start - at).Append(content);
                at = end;
            }
            return changed is null ? text : changed.Append(text, at, text.Length - at).ToString();
        });
    }
}

/// <summary>Part of a text that is being decoded.</summary>
/// <param name="Text">A token at first, text in the end.</param>
/// <param name="IsAdded">Whether it is an added token, which is text from the start.</param>
internal readonly record struct DecodedPart(string Text, bool IsAdded);
