using System.Buffers.Binary;
using System.Text;

namespace Heed;

/// <summary>The rules of a SentencePiece model (its <c>precompiled_charsmap</c>): the longest prefix that a trie knows is replaced, again and again.</summary>
/// <remarks>
/// <para>The data: 4 bytes, little-endian, with the length of the trie in bytes; the trie, a double array of 32-bit units; the replacements in UTF-8, each
/// with a zero behind it. A unit holds a label (bits 0–7 and 31), whether a value follows (bit 8) and an offset (bits 10–30, eight bits
/// further left if bit 9 is set); a value is the place of a replacement. Source: the data formats of Darts-clone and SentencePiece.</para>
/// <para>As in SentencePiece itself the longest match counts. Hugging Face's reader looks up whole graphemes and takes the shortest, which differs where
/// one rule is a prefix of another.</para>
/// </remarks>
internal sealed class PrecompiledNormalizer : TextNormalizer
{
    private const int MaximumKey = 64;

    private readonly uint[] trie;
    private readonly byte[] replacements;

    /// <summary>Reads the data.</summary>
    /// <exception cref="FormatException">The data are cut off or lead outside of themselves.</exception>
    public PrecompiledNormalizer(ReadOnlySpan<byte> data)
    {
        if (data.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(data) is uint length && (length % 4 != 0 || length == 0 || length > data.Length - 4))
            throw new FormatException("its precompiled_charsmap is cut off");
        int size = (int)BinaryPrimitives.ReadUInt32LittleEndian(data);
        trie = new uint[size / 4];
        for (int i = 0; i < trie.Length; i++)
            trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(data[(4 + 4 * i)..]);
        replacements = data[(4 + size)..].ToArray();
        if (replacements.Length > 0 && replacements[^1] != 0)
            throw new FormatException("its precompiled_charsmap is cut off");
    }

    public override AlignedText Apply(AlignedText text)
    {
        ReadOnlySpan<char> span = text.Span;
        var writer = new AlignedText.Writer(span.Length + 16);
        Span<char> units = stackalloc char[2];
        for (int i = 0; i < span.Length;)
        {
            int taken = Longest(span[i..], out int value);
            if (taken > 0)
            {
                int start = text.StartOf(i), end = text.EndOf(i + taken - 1);
                ReadOnlySpan<byte> bytes = replacements.AsSpan(value);
                bytes = bytes[..bytes.IndexOf((byte)0)];
                while (!bytes.IsEmpty)
                {
                    Rune.DecodeFromUtf8(bytes, out Rune rune, out int used);
                    writer.Add(units[..rune.EncodeToUtf16(units)], start, end);
                    bytes = bytes[used..];
                }
                i += taken;
                continue;
            }
            int codePoint = CodePoint.At(span, i, out int length);
            writer.Add(codePoint, text.StartOf(i), text.EndOf(i + length - 1));
            i += length;
        }
        return writer.ToText();
    }

    // How many units the longest match takes; a match ends where a code point does.
    private int Longest(ReadOnlySpan<char> text, out int value)
    {
        int longest = 0;
        value = 0;
        uint at = Offset(trie[0]);
        // A trie from a wrong file may lead in a circle.
        for (int i = 0; i < Math.Min(text.Length, MaximumKey);)
        {
            int codePoint = CodePoint.At(text, i, out int length), size = CodePoint.Utf8Length(codePoint);
            i += length;
            uint unit = 0;
            for (int k = 0; k < size; k++)
            {
                byte label = CodePoint.Utf8Byte(codePoint, k);
                at ^= label;
                // No key has a zero in it.
                if (label == 0 || at >= trie.Length || ((unit = trie[at]) & 0x800000FF) != label)
                    return longest;
                at ^= Offset(unit);
            }
            if ((unit & 0x100) != 0 && at < trie.Length && (trie[at] & 0x7FFFFFFF) is uint place && place < replacements.Length)
                (longest, value) = (i, (int)place);
        }
        return longest;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
