using Heed.Kernels;

namespace Heed;

/// <summary>Keys and values of all layers of a <see cref="Transformer"/>, so that each new token costs one step.</summary>
/// <remarks>Sequences of different lengths stand right-aligned: <see cref="Starts"/> says where each begins. Not for several threads at once.</remarks>
public sealed class TransformerCache
{
    internal TransformerCache(KeyValueCache[] own, KeyValueCache[] memory, SequenceRanges? memoryRanges, int[] starts) =>
        (Own, Memory, MemoryRanges, StartArray) = (own, memory, memoryRanges, starts);

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

    internal KeyValueCache[] Memory { get; private set; }

    internal SequenceRanges? MemoryRanges { get; private set; }

    internal int[] StartArray { get; private set; }

    /// <summary>Forgets the newest tokens.</summary>
    /// <param name="length">Tokens that stay.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public void Truncate(int length)
    {
        foreach (KeyValueCache cache in Own)
            cache.Truncate(length);
    }

    /// <summary>A cache that holds one sequence several times: where hypotheses part.</summary>
    /// <param name="count">How many times.</param>
    /// <param name="capacity">Most tokens of each.</param>
    internal TransformerCache Repeat(int count, int capacity)
    {
        if (Batch != 1 || Memory.Length > 0 || StartArray.Length > 0)
            throw new InvalidOperationException("TransformerCache.Repeat: one sequence without a memory and without padding is required.");
        return new TransformerCache([.. Own.Select(own =>
        {
            float[] keys = new float[own.Heads * own.Length * own.HeadDim], values = new float[own.Heads * own.Length * own.ValueDim];
            own.CopyTo(keys, values);
            KeyValueCache copy = new(count, own.Heads, own.HeadDim, own.ValueDim, capacity, own.Format);
            copy.Append([.. Enumerable.Repeat(keys, count).SelectMany(k => k)], [.. Enumerable.Repeat(values, count).SelectMany(v => v)], own.Length);
            return copy;
        })], [], null, []);
    }

    /// <summary>Sequence b becomes a copy of what sequence sources[b] was: the step of beam search.</summary>
    /// <param name="sources">One for each sequence.</param>
    /// <exception cref="ArgumentException">There are more or fewer, or one does not exist.</exception>
    public void Reorder(ReadOnlySpan<int> sources)
    {
        foreach (KeyValueCache cache in Own)
            cache.Reorder(sources);
        foreach (KeyValueCache cache in Memory)
            cache.Reorder(sources);
        int[] from = sources.ToArray();
        if (StartArray.Length > 0)
            StartArray = [.. from.Select(s => StartArray[s])];
        if (MemoryRanges is { } ranges)
            MemoryRanges = new SequenceRanges(from.Select(s => ranges.Lengths.Span[s]).ToArray(), from.Select(s => ranges.Starts.Span[s]).ToArray());
    }
}
