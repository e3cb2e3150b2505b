using Heed.Kernels;

namespace Heed;

/// <summary>Keys and values of all layers of a <see cref="Transformer"/>, so that each new token costs one step.</summary>
/// <remarks>Sequences of different lengths stand right-aligned: <see cref="Starts"/> says where each begins. Not for several threads at once.</remarks>
public sealed class TransformerCache
{
    internal TransformerCache(KeyValueCache[] own, MultiHeadMemory[] memory, int[] starts) => (Own, Memory, StartArray) = (own, memory, starts);

    /// <summary>Tokens in the cache, padding among them.</summary>
    public int Length => Own[0].Length;

    /// <summary>Most tokens.</summary>
    public int Capacity => Own[0].Capacity;

    /// <summary>Sequences.</summary>
    public int Batch => Own[0].Batch;

    /// <summary>The first real token of each sequence; empty: all begin at 0.</summary>
    public ReadOnlyMemory<int> Starts => StartArray;

    /// <summary>Bytes of keys and values at the full capacity.</summary>
    public long Bytes => Own.Sum(c => (long)c.Batch * c.Heads * c.Capacity * (c.HeadDim + c.ValueDim) * (c.Format == KeyValueFormat.BFloat16 ? 2 : 4));

    internal KeyValueCache[] Own { get; }

    // One of each layer; empty where layers attend to none.
    internal MultiHeadMemory[] Memory { get; private set; }

    internal int[] StartArray { get; private set; }

    /// <summary>Forgets the newest tokens.</summary>
    /// <param name="length">Tokens that stay.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public void Truncate(int length)
    {
        foreach (KeyValueCache cache in Own)
            cache.Truncate(length);
    }

    /// <summary>Sequence b becomes a copy of what sequence sources[b] was: the step of beam search. Only sequences that change are copied.</summary>
    /// <param name="sources">One for each sequence; those that attend to one sequence of a memory must go on with one.</param>
    /// <exception cref="ArgumentException">There are more or fewer, one does not exist, or sequences of one memory would part.</exception>
    public void Reorder(ReadOnlySpan<int> sources)
    {
        foreach (KeyValueCache cache in Own)
            cache.Reorder(sources);
        int[] from = sources.ToArray();
        Memory = MemoryOf(from);
        if (StartArray.Length > 0)
            StartArray = [.. from.Select(s => StartArray[s])];
    }

    /// <summary>A cache of some of the sequences, in the order wanted; this one stays as it is.</summary>
    /// <param name="sequences">Which; one may come several times, as in <see cref="Reorder"/>.</param>
    /// <param name="capacity">Most tokens of the new cache.</param>
    internal TransformerCache Select(int[] sequences, int capacity) =>
        new([.. Own.Select(cache => cache.Select(sequences, capacity))], MemoryOf(sequences), StartArray.Length == 0 ? [] : [.. sequences.Select(s => StartArray[s])]);

    private MultiHeadMemory[] MemoryOf(int[] sequences)
    {
        if (Memory.Length == 0)
            return Memory;
        // As many sequences, side by side, attend to each of the memory.
        int width = Batch / Memory[0].Batch;
        int[] chosen = new int[sequences.Length / width];
        for (int i = 0; i < sequences.Length; i++)
        {
            int source = sequences[i] / width;
            if (i % width == 0)
                chosen[i / width] = source;
            else if (chosen[i / width] != source)
                throw new ArgumentException(FormattableString.Invariant($"TransformerCache: sequences {i / width * width} and {i} attend to one sequence of the memory, and would go on with those of two."), nameof(sequences));
        }
        return chosen.Length == Memory[0].Batch && chosen.Select((source, i) => source == i).All(same => same) ? Memory : [.. Memory.Select(m => m.Select(chosen))];
    }
}
