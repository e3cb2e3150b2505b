namespace Heed;

/// <summary>A text on its way through normalization, each UTF-16 unit with the range of the original text that it comes from.</summary>
/// <remarks>Until something changes, the units are those of the original and no ranges are kept. An inserted unit has an empty range where it stands.</remarks>
internal readonly struct AlignedText
{
    private const long MostGrowth = 256;

    private readonly ReadOnlyMemory<char> units;
    private readonly int[]? starts;
    private readonly int[]? ends;
    private readonly int offset;

    private AlignedText(ReadOnlyMemory<char> units, int[]? starts, int[]? ends, int offset) =>
        (this.units, this.starts, this.ends, this.offset) = (units, starts, ends, offset);

    /// <summary>Part of an original text, unchanged.</summary>
    public static AlignedText Of(string text, int start, int length) => new(text.AsMemory(start, length), null, null, start);

    public ReadOnlySpan<char> Span => units.Span;

    public int Length => units.Length;

    /// <summary>Where in the original a unit begins.</summary>
    public int StartOf(int unit) => starts is null ? offset + unit : starts[offset + unit];

    /// <summary>Where in the original a unit ends.</summary>
    public int EndOf(int unit) => ends is null ? offset + unit + 1 : ends[offset + unit];

    public AlignedText Slice(int start, int length) => new(units.Slice(start, length), starts, ends, offset + start);

    /// <summary>Refuses a text that has grown beyond all use, as the rules of a hostile file could make it.</summary>
    /// <exception cref="InputException">It is more than 256 times as long as before.</exception>
    public static void CheckGrowth(long before, long after)
    {
        if (after > MostGrowth * (before + 16))
            throw new InputException(FormattableString.Invariant($"the tokenizer's rules make more than {after} characters of {before}; its file is damaged, copy it again."));
    }

    /// <summary>Writes a new text unit by unit.</summary>
    public sealed class Writer
    {
        private readonly int planned;
        private char[] units;
        private int[] starts, ends;
        private int count;

        public Writer(int capacity) => (planned, units, starts, ends) = (capacity, new char[capacity], new int[capacity], new int[capacity]);

        public int Length => count;

        public ReadOnlySpan<char> Span => units.AsSpan(0, count);

        public void Add(char unit, int start, int end)
        {
            if (count == units.Length)
            {
                CheckGrowth(planned, count);
                int size = Math.Max(16, checked(2 * count));
                Array.Resize(ref units, size);
                Array.Resize(ref starts, size);
                Array.Resize(ref ends, size);
            }
            (units[count], starts[count], ends[count]) = (unit, start, end);
            count++;
        }

        public void Add(int codePoint, int start, int end)
        {
            if (codePoint <= char.MaxValue)
            {
                Add((char)codePoint, start, end);
                return;
            }
            Add((char)(0xD7C0 + (codePoint >> 10)), start, end);
            Add((char)(0xDC00 | (codePoint & 0x3FF)), start, end);
        }

        /// <summary>Adds units that all come from one place.</summary>
        public void Add(ReadOnlySpan<char> text, int start, int end)
        {
            foreach (char unit in text)
                Add(unit, start, end);
        }

        /// <summary>Adds part of another text as it is.</summary>
        public void Add(AlignedText text, int start, int length)
        {
            ReadOnlySpan<char> span = text.Span;
            for (int i = start; i < start + length; i++)
                Add(span[i], text.StartOf(i), text.EndOf(i));
        }

        public AlignedText ToText() => new(units.AsMemory(0, count), starts, ends, 0);
    }
}
