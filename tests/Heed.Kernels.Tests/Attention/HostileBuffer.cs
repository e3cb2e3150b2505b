using System.Runtime.InteropServices;

namespace Heed.Kernels.Tests;

/// <summary>An operand or a result between a guarded page and guard values, of which a call can be given too little, or another's memory.</summary>
internal sealed class HostileBuffer : IDisposable
{
    // No result of a test has these bits, as a number or as an integer.
    private const float Guard = 12345;
    private static readonly uint guardBits = BitConverter.SingleToUInt32Bits(Guard);

    private readonly GuardedMemory memory;
    private readonly bool atEnd;
    private readonly bool[] isOwn;
    private readonly uint[]? operand;
    private HostileBuffer? place;
    private int first, length;

    private HostileBuffer(System.Random random, bool[] isOwn, float[]? numbers)
    {
        this.isOwn = isOwn;
        length = isOwn.Length;
        atEnd = random.Next(2) == 0;
        memory = new(length);
        memory.All.Fill(Guard);
        numbers?.CopyTo(Whole);
        operand = numbers is null ? null : [.. MemoryMarshal.Cast<float, uint>(numbers)];
    }

    /// <summary>What the call gets.</summary>
    public Span<float> Span => (place ?? this).Whole.Slice(first, length);

    /// <summary>The same as integers.</summary>
    public Span<int> Integers => MemoryMarshal.Cast<float, int>(Span);

    public int Length => length;

    private Span<float> Whole => atEnd ? memory.AtEnd : memory.AtStart;

    public static HostileBuffer Operand(System.Random random, int length) => Operand(random, [.. Enumerable.Range(0, length).Select(_ => (2 * random.NextSingle()) - 1)]);

    public static HostileBuffer Operand(System.Random random, float[] numbers) => new(random, [.. Enumerable.Repeat(true, numbers.Length)], numbers);

    public static HostileBuffer Result(System.Random random, int length) => new(random, [.. Enumerable.Repeat(true, length)], null);

    /// <summary>A result of a layout: what lies between its rows stays as it is.</summary>
    public static HostileBuffer Result(System.Random random, AttentionStrides s, int outer, int heads, int rows, int size)
    {
        bool[] isOwn = new bool[Extent(s, outer, heads, rows, size)];
        for (int i = 0; i < outer * heads * rows; i++)
            isOwn.AsSpan((int)((i / rows / heads * s.Batch) + (i / rows % heads * s.Head) + (i % rows * s.Row)), size).Fill(true);
        return new(random, isOwn, null);
    }

    /// <summary>Heads first, rows first, or with gaps between rows, heads and sequences.</summary>
    public static AttentionStrides Layout(System.Random random, int heads, int rows, int size)
    {
        switch (random.Next(3))
        {
            case 0:
                return AttentionStrides.HeadsFirst(heads, rows, size);
            case 1:
                return AttentionStrides.RowsFirst(heads, rows, size);
            default:
                long row = size + random.Next(4), head = (row * Math.Max(rows, 1)) + random.Next(4);
                return new((head * heads) + random.Next(4), head, row);
        }
    }

    /// <summary>Floats that an operand of a layout needs.</summary>
    public static int Extent(AttentionStrides s, int outer, int heads, int rows, int size) =>
        outer == 0 || heads == 0 || rows == 0 || size == 0 ? 0 : (int)((s.Batch * (outer - 1)) + (s.Head * (heads - 1)) + (s.Row * (rows - 1)) + size);

    /// <summary>One float is missing, at either end.</summary>
    public void Cut(System.Random random) => (first, length) = (random.Next(2), length - 1);

    /// <summary>Lies on another buffer.</summary>
    public void LieOn(HostileBuffer other) => (place, length) = (other, Math.Min(length, other.length));

    public void Check(bool isRefused, string what)
    {
        ReadOnlySpan<uint> own = MemoryMarshal.Cast<float, uint>(Whole), all = MemoryMarshal.Cast<float, uint>(memory.All);
        if (operand is not null)
            own.SequenceEqual(operand).ShouldBeTrue($"{what}: an operand was written");
        for (int i = 0; i < own.Length && operand is null; i++)
            (own[i] != guardBits).ShouldBe(isOwn[i] && !isRefused, $"{what}: number {i} of {own.Length} of a result, refused {isRefused}");
        (atEnd ? all[..^own.Length] : all[own.Length..]).ContainsAnyExcept(guardBits).ShouldBeFalse($"{what}: memory beside a buffer was written");
    }

    public void Dispose() => memory.Dispose();
}
