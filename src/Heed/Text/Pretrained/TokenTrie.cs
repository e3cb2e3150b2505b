using System.Numerics;

namespace Heed;

/// <summary>The tokens of a vocabulary by their units, for all that asks which tokens begin at a place.</summary>
/// <remarks>One open-addressed table of (node, unit) → node, at most half full; immutable after filling.</remarks>
internal sealed class TokenTrie
{
    /// <summary>Where every walk begins.</summary>
    public const int Root = 0;

    /// <summary>No node, and no value.</summary>
    public const int None = -1;

    private readonly List<int> values = [None];
    private Entry[] entries = new Entry[64];
    private int shift = 64 - 6, count;

    /// <summary>Adds a token; a later one of the same units replaces it.</summary>
    public void Add(ReadOnlySpan<char> token, int value)
    {
        int node = Root;
        foreach (char unit in token)
        {
            int next = Next(node, unit);
            if (next == None)
            {
                next = values.Count;
                values.Add(None);
                Insert(node, unit, next);
            }
            node = next;
        }
        values[node] = value;
    }

    /// <summary>The node behind a unit, or <see cref="None"/>.</summary>
    public int Next(int node, char unit)
    {
        long key = Key(node, unit);
        for (int at = Slot(key); ; at = (at + 1) & (entries.Length - 1))
        {
            if (entries[at].Key == key)
                return entries[at].Node;
            if (entries[at].Key == 0)
                return None;
        }
    }

    /// <summary>The value of a node, or <see cref="None"/>.</summary>
    public int ValueOf(int node) => values[node];

    /// <summary>The longest token at the start of a text: its length and value, or 0.</summary>
    public int Longest(ReadOnlySpan<char> text, out int value)
    {
        int node = Root, longest = 0;
        value = None;
        for (int i = 0; i < text.Length && (node = Next(node, text[i])) != None; i++)
        {
            if (values[node] != None)
                (longest, value) = (i + 1, values[node]);
        }
        return longest;
    }

    // Never 0, which marks a free slot.
    private static long Key(int node, char unit) => (((long)node << 16) | unit) + 1;

    private int Slot(long key) => (int)((ulong)key * 0x9E3779B97F4A7C15 >> shift);

    private void Insert(int node, char unit, int next)
    {
        if (2 * ++count > entries.Length)
        {
            Entry[] old = entries;
            entries = new Entry[2 * old.Length];
            shift = 64 - BitOperations.Log2((uint)entries.Length);
            foreach (Entry entry in old)
            {
                if (entry.Key != 0)
                    entries[Free(entry.Key)] = entry;
            }
        }
        long key = Key(node, unit);
        entries[Free(key)] = new Entry(key, next);
    }

    private int Free(long key)
    {
        int at = Slot(key);
        while (entries[at].Key != 0)
            at = (at + 1) & (entries.Length - 1);
        return at;
    }

    private readonly record struct Entry(long Key, int Node);
}
