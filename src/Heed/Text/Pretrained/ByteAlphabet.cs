namespace Heed;

/// <summary>A printable character for each byte, so that a vocabulary of bytes can be written as text.</summary>
/// <remarks>Bytes that print in Latin-1 stand for themselves; the 68 others take the code points from U+0100 on, in their order: a space is <c>Ġ</c>,
/// a line feed <c>Ċ</c>. Source: Radford et al., "Language models are unsupervised multitask learners", 2019, section 2.2.</remarks>
internal static class ByteAlphabet
{
    private const int First = 0x100;

    private static readonly char[] characters = Make();
    private static readonly short[] bytes = Reverse(characters);

    /// <summary>The character of a byte.</summary>
    public static char Of(byte value) => characters[value];

    /// <summary>The byte of a character; −1 for one that stands for none.</summary>
    public static int ByteOf(char character) => character < bytes.Length ? bytes[character] : -1;

    /// <summary>A text with each code point as the characters of its bytes.</summary>
    public static AlignedText Apply(AlignedText text)
    {
        ReadOnlySpan<char> span = text.Span;
        var writer = new AlignedText.Writer(span.Length + 16);
        for (int i = 0; i < span.Length;)
        {
            int codePoint = CodePoint.At(span, i, out int length);
            for (int k = 0; k < CodePoint.Utf8Length(codePoint); k++)
                writer.Add(characters[CodePoint.Utf8Byte(codePoint, k)], text.StartOf(i), text.EndOf(i + length - 1));
            i += length;
        }
        return writer.ToText();
    }

    private static char[] Make()
    {
        var map = new char[256];
        int next = First;
        for (int value = 0; value < 256; value++)
        {
            bool isPrinted = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            map[value] = isPrinted ? (char)value : (char)next++;
        }
        return map;
    }

    private static short[] Reverse(char[] map)
    {
        var reverse = new short[map.Max() + 1];
        Array.Fill(reverse, (short)-1);
        for (int value = 0; value < map.Length; value++)
            reverse[map[value]] = (short)value;
        return reverse;
    }
}
