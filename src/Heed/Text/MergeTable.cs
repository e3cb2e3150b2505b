using System.Numerics;
using System.Text;

namespace Heed;

/// <summary>The merges of a byte-pair tokenizer as numbers: symbols of code points, and what two symbols make, at which rank.</summary>
/// <remarks>Open addressing with linear probes over entries of 16 bytes, at most half full; immutable after filling.</remarks>
internal sealed class MergeTable
{
    /// <summary>The symbol of a code point that no merge knows.</summary>
    public const int NoSymbol = -1;

    /// <summary>The rank of a pair that is not merged.</summary>
    public const int NoRank = int.MaxValue;

    private const int PageSize = 256;

    private readonly int[]?[] pages = new int[]?[0x110000 / PageSize];
    private readonly Entry[] entries;
    private readonly int shift;

    public MergeTable(int mergeCount)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * mergeCount));
        shift = 64 - BitOperations.Log2((uint)size);
        entries = new Entry[size];
        Array.Fill(entries, new Entry(0, NoRank, NoSymbol));
    }

    /// <summary>Gives a code point its symbol.</summary>
    public void AddCodePoint(Rune rune, int symbol)
    {
        ref int[]? page = ref pages[rune.Value / PageSize];
        if (page is null)
        {
            page = new int[PageSize];
            Array.Fill(page, NoSymbol);
        }
        page[rune.Value % PageSize] = symbol;
    }

    /// <summary>The symbol of a code point, or <see cref="NoSymbol"/>.</summary>
    public int Symbol(int codePoint) => pages[codePoint / PageSize] is { } page ? page[codePoint % PageSize] : NoSymbol;

    /// <summary>Says what two symbols make, unless it was said before.</summary>
    public void AddPair(int left, int right, int rank, int symbol)
    {
        ref Entry entry = ref Find(left, right);
        if (entry.Rank == NoRank)
            entry = new Entry(Key(left, right), rank, symbol);
    }

    /// <summary>The rank and the symbol of a pair; <see cref="NoRank"/> for one that is not merged.</summary>
    public (int Rank, int Symbol) Pair(int left, int right)
    {
        if ((left | right) < 0)
            return (NoRank, NoSymbol);
        Entry entry = Find(left, right);
        return (entry.Rank, entry.Symbol);
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private ref Entry Find(int left, int right)
    {
        long key = Key(left, right);
        int at = (int)((ulong)key * 0x9E3779B97F4A7C15 >> shift);
        while (entries[at].Rank != NoRank && entries[at].Key != key)
            at = (at + 1) & (entries.Length - 1);
        return ref entries[at];
    }

    private readonly record struct Entry(long Key, int Rank, int Symbol);
}
