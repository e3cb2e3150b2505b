namespace Heed;

/// <summary>A Huffman table of a JPEG (ITU-T T.81, annexes C and F.2.2.3): codes of up to nine bits by one look-up, longer ones by their first code of each length.</summary>
internal sealed class JpegHuffmanTable
{
    public const int LookBits = 9;

    private const int MaximumBits = 16;

    private readonly ushort[] look = new ushort[1 << LookBits];
    private readonly byte[] symbols;
    // Of each length: the first code that is longer, shifted to 16 bits; and what added to a code gives its symbol's place.
    private readonly int[] limit = new int[MaximumBits + 2], delta = new int[MaximumBits + 1];

    private JpegHuffmanTable(byte[] symbols) => this.symbols = symbols;

    /// <summary>Builds a table.</summary>
    /// <param name="counts">How many codes there are of 1 to 16 bits.</param>
    /// <param name="symbols">The symbols in the order of their codes.</param>
    /// <returns>null where the lengths allow no such codes.</returns>
    public static JpegHuffmanTable? Create(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        var table = new JpegHuffmanTable(symbols.ToArray());
        int code = 0, place = 0;
        for (int length = 1; length <= MaximumBits; length++)
        {
            table.delta[length] = place - code;
            for (int i = 0; i < counts[length - 1]; i++, code++, place++)
            {
                if (code >= 1 << length)
                    return null;
                if (length <= LookBits)
                    table.look.AsSpan(code << (LookBits - length), 1 << (LookBits - length)).Fill((ushort)(length << 8 | symbols[place]));
            }
            table.limit[length] = code << (MaximumBits - length);
            code <<= 1;
        }
        table.limit[MaximumBits + 1] = int.MaxValue;
        return table;
    }

    /// <summary>The length of the code (high byte) and its symbol (low byte) at the front of 16 bits; 0 where no code is.</summary>
    public int Find(int bits)
    {
        int entry = look[bits >> (MaximumBits - LookBits)];
        return entry != 0 ? entry : FindLong(bits);
    }

    private int FindLong(int bits)
    {
        int length = LookBits + 1;
        while (bits >= limit[length])
            length++;
        return length > MaximumBits ? 0 : length << 8 | symbols[(bits >> (MaximumBits - length)) + delta[length]];
    }
}
