using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Heed;

/// <summary>The bits of a scan: stuffed zeros behind 0xFF are dropped, and a marker or the end of the file ends them.</summary>
/// <remarks>Behind the end come zeros, so that a decoder needs no test in its inner loop; <see cref="IsExhausted"/> tells whether any of them was used.</remarks>
internal ref struct JpegBitReader
{
    private readonly ReadOnlySpan<byte> data;
    private ulong bits;
    // Of the low bits, how many are not taken, and how many of those at the bottom are zeros behind the end.
    private int count, padding;

    public JpegBitReader(ReadOnlySpan<byte> data, int position)
    {
        this.data = data;
        Position = position;
    }

    /// <summary>Where the next byte is read.</summary>
    public int Position { get; private set; }

    /// <summary>Whether bits were taken that the file does not have.</summary>
    public readonly bool IsExhausted => padding > count;

    /// <summary>Makes at least 32 bits available: one code and the bits that belong to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill()
    {
        if (count < 32)
            FillMore();
    }

    /// <summary>The next 16 bits; <see cref="Fill"/> comes first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Peek16() => (int)(bits >> (count - 16)) & 0xFFFF;

    /// <summary>Takes bits off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int length) => count -= length;

    /// <summary>Takes a number of up to 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take(int length)
    {
        count -= length;
        return (int)(bits >> count) & ((1 << length) - 1);
    }

    /// <summary>Takes a signed number in the form of T.81, section F.1.2.1: a first bit of 0 stands for a negative one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int TakeSigned(int length)
    {
        int value = Take(length);
        // All ones where the first bit is 0: the number is then value − (2^length − 1).
        int mask = (value >> (length - 1)) - 1;
        return value + (mask & (1 - (1 << length)));
    }

    /// <summary>Takes a code; −1 where no code is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int TakeSymbol(JpegHuffmanTable table)
    {
        Fill();
        int entry = table.Find(Peek16());
        Skip(entry >> 8);
        return entry == 0 ? -1 : entry & 255;
    }

    /// <summary>Drops what is left before the restart marker and steps over it.</summary>
    /// <param name="number">Which of the eight markers must come.</param>
    /// <returns>Whether it came.</returns>
    public bool TryRestart(int number)
    {
        (bits, count, padding) = (0, 0, 0);
        int at = Position;
        // Any marker may have fill bytes before it.
        while (at + 1 < data.Length && data[at] == 0xFF && data[at + 1] == 0xFF)
            at++;
        if (at + 1 >= data.Length || data[at] != 0xFF || data[at + 1] != JpegMarker.Restart0 + number)
            return false;
        Position = at + 2;
        return true;
    }

    private void FillMore()
    {
        // Four bytes at once while none of them is 0xFF (their complement has no zero byte).
        if (Position <= data.Length - 4)
        {
            uint next = BinaryPrimitives.ReadUInt32BigEndian(data[Position..]), inverse = ~next;
            if (((inverse - 0x01010101) & ~inverse & 0x80808080) == 0)
            {
                bits = bits << 32 | next;
                count += 32;
                Position += 4;
                return;
            }
        }
        while (count < 32)
        {
            int value = 0;
            if (Position >= data.Length || (data[Position] == 0xFF && (Position + 1 >= data.Length || data[Position + 1] != 0)))
                padding += 8;
            else
            {
                value = data[Position];
                Position += value == 0xFF ? 2 : 1;
            }
            bits = bits << 8 | (uint)value;
            count += 8;
        }
    }
}
