namespace Heed.Kernels;

/// <summary>Keys and values of the tokens so far, (batch, key/value heads, tokens, size), for generating one token after the other.</summary>
/// <remarks>
/// <para>Positions are absolute: a sliding cache that has evicted its oldest tokens still knows where the others stand, so masks, distances and bits are those of
/// attention over the whole sequence, as far as the mask lets it see.</para>
/// <para>Attention over the cache reads each byte once for its whole group of query heads. Not thread-safe while it changes; attending from several threads is safe.</para>
/// </remarks>
public sealed unsafe partial class KeyValueCache
{
    private readonly int room;   // tokens for which there is memory: more than the capacity where the cache slides, so that it moves rarely
    private float[] keys = [], values = [];
    private ushort[] shortKeys = [], shortValues = [];
    private int start;

    /// <summary>An empty cache. Allocates all of its memory.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="heads">Key and value heads.</param>
    /// <param name="headDim">Size of a key.</param>
    /// <param name="valueDim">Size of a value.</param>
    /// <param name="capacity">Largest number of tokens.</param>
    /// <param name="format">How numbers are stored.</param>
    /// <param name="slides">Whether appending to a full cache evicts the oldest tokens; else it throws.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or all together exceed an array.</exception>
    public KeyValueCache(int batch, int heads, int headDim, int valueDim, int capacity, KeyValueFormat format = KeyValueFormat.Float32, bool slides = false)
    {
        Require.Range(nameof(KeyValueCache), nameof(batch), batch, batch >= 0, "at least 0");
        Require.Range(nameof(KeyValueCache), nameof(heads), heads, heads >= 0, "at least 0");
        Require.Range(nameof(KeyValueCache), nameof(headDim), headDim, headDim >= 0, "at least 0");
        Require.Range(nameof(KeyValueCache), nameof(valueDim), valueDim, valueDim >= 0, "at least 0");
        Require.Range(nameof(KeyValueCache), nameof(capacity), capacity, capacity is >= 0 and <= 1 << 24, "in 0 … 2²⁴");
        (Batch, Heads, HeadDim, ValueDim, Capacity, Format, Slides) = (batch, heads, headDim, valueDim, capacity, format, slides);
        room = slides ? capacity + (capacity / 4) + 1 : capacity;
        Int128 size = (Int128)batch * heads * room * Math.Max(headDim, valueDim);
        Require.Range(nameof(KeyValueCache), nameof(capacity), capacity, size <= Array.MaxLength, "small enough for batch·heads·capacity·size to fit an array");
        (keys, values, shortKeys, shortValues) = Allocate();
    }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Key and value heads.</summary>
    public int Heads { get; }

    /// <summary>Size of a key.</summary>
    public int HeadDim { get; }

    /// <summary>Size of a value.</summary>
    public int ValueDim { get; }

    /// <summary>Largest number of tokens.</summary>
    public int Capacity { get; }

    /// <summary>How numbers are stored.</summary>
    public KeyValueFormat Format { get; }

    /// <summary>Whether appending to a full cache evicts the oldest tokens.</summary>
    public bool Slides { get; }

    /// <summary>Tokens in the cache.</summary>
    public int Length { get; private set; }

    /// <summary>Position of the first token: how many were evicted.</summary>
    public int Position { get; private set; }

    /// <summary>Adds tokens behind the last one.</summary>
    /// <param name="newKeys">(batch, heads, count, headDim).</param>
    /// <param name="newValues">(batch, heads, count, valueDim).</param>
    /// <param name="count">Number of tokens.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or there are more tokens than the capacity.</exception>
    /// <exception cref="InvalidOperationException">The cache is full and does not slide, or positions exceed 2²⁴.</exception>
    public void Append(ReadOnlySpan<float> newKeys, ReadOnlySpan<float> newValues, int count)
    {
        Require.Range("KeyValueCache.Append", nameof(count), count, count >= 0 && count <= Capacity, "in 0 … the capacity");
        Require.Length("KeyValueCache.Append", nameof(newKeys), newKeys.Length, (long)Batch * Heads * count * HeadDim);
        Require.Length("KeyValueCache.Append", nameof(newValues), newValues.Length, (long)Batch * Heads * count * ValueDim);
        if (!Slides && Length + count > Capacity)
            throw new InvalidOperationException(FormattableString.Invariant($"KeyValueCache.Append: {Length} of {Capacity} tokens are taken, {count} more do not fit. Make the cache larger, or let it slide."));
        if ((long)Position + Length + count > 1 << 24)
            throw new InvalidOperationException("KeyValueCache.Append: positions beyond 2²⁴ are not exact in float32. Clear the cache.");
        Evict(Math.Max(0, Length + count - Capacity));
        if (start + Length + count > room)
            MoveToFront();
        for (int row = 0; row < Batch * Heads; row++)
        {
            Write(newKeys.Slice(row * count * HeadDim, count * HeadDim), keys, shortKeys, ((row * room) + start + Length) * HeadDim);
            Write(newValues.Slice(row * count * ValueDim, count * ValueDim), values, shortValues, ((row * room) + start + Length) * ValueDim);
        }
        Length += count;
    }

    /// <summary>Forgets the oldest tokens; the others keep their positions.</summary>
    /// <param name="count">0 … <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer tokens.</exception>
    public void Evict(int count)
    {
        Require.Range("KeyValueCache.Evict", nameof(count), count, count >= 0 && count <= Length, "in 0 … Length");
        start += count;
        Position += count;
        Length -= count;
    }

    /// <summary>Forgets the newest tokens, as when guesses are taken back.</summary>
    /// <param name="length">Tokens that stay, 0 … <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer tokens.</exception>
    public void Truncate(int length)
    {
        Require.Range("KeyValueCache.Truncate", nameof(length), length, length >= 0 && length <= Length, "in 0 … Length");
        Length = length;
    }

    /// <summary>Forgets all tokens and positions.</summary>
    /// <param name="position">Where the next token stands: that of an imported cache's first one; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The position is outside 0 … 2²⁴.</exception>
    public void Clear(int position = 0)
    {
        Require.Range("KeyValueCache.Clear", nameof(position), position, position is >= 0 and <= 1 << 24, "in 0 … 2²⁴");
        (start, Length, Position) = (0, 0, position);
    }

    /// <summary>Sequence b becomes a copy of what sequence sources[b] was: the step of beam search. Copies the sequences that change, once each, and one more for each circle of them.</summary>
    /// <param name="sources">One sequence for each.</param>
    /// <exception cref="ArgumentException">There are more or fewer sources than sequences, or one does not exist.</exception>
    public void Reorder(ReadOnlySpan<int> sources)
    {
        Require.Length("KeyValueCache.Reorder", nameof(sources), sources.Length, Batch);
        RequireSequences("KeyValueCache.Reorder", sources);
        int[] from = sources.ToArray(), readers = new int[Batch];
        for (int b = 0; b < Batch; b++)
            readers[from[b]] += from[b] == b ? 0 : 1;
        // What nobody waits for is overwritten first, then what it was copied from if nobody waits for that any more; circles are left.
        for (int b = 0; b < Batch; b++)
        {
            for (int at = b; from[at] != at && readers[at] == 0;)
            {
                int source = from[at];
                CopySequence(this, source, at);
                from[at] = at;
                readers[source]--;
                at = source;
            }
        }
        KeyValueCache? spare = null;
        for (int b = 0; b < Batch; b++)
        {
            if (from[b] == b)
                continue;
            spare ??= new KeyValueCache(1, Heads, HeadDim, ValueDim, room, Format) { start = start, Length = Length };
            spare.CopySequence(this, b, 0);
            int at = b;
            for (int source = from[at]; source != b; at = source, source = from[at])
            {
                CopySequence(this, source, at);
                from[at] = at;
            }
            CopySequence(spare, 0, at);
            from[at] = at;
        }
    }

    /// <summary>A cache with some of the sequences, and room for more or fewer tokens.</summary>
    /// <param name="sequences">Which, in the order wanted; one may come several times.</param>
    /// <param name="capacity">Most tokens of the new cache, at least <see cref="Length"/>.</param>
    /// <exception cref="ArgumentException">A sequence does not exist, or the capacity is too small.</exception>
    public KeyValueCache Select(ReadOnlySpan<int> sequences, int capacity)
    {
        RequireSequences("KeyValueCache.Select", sequences);
        Require.Range("KeyValueCache.Select", nameof(capacity), capacity, capacity >= Length, "at least Length");
        KeyValueCache chosen = new(sequences.Length, Heads, HeadDim, ValueDim, capacity, Format, Slides) { Length = Length, Position = Position };
        for (int b = 0; b < sequences.Length; b++)
            chosen.CopySequence(this, sequences[b], b);
        return chosen;
    }

    /// <summary>Attention of new queries over the tokens of the cache; the last query stands at the last token unless the options say otherwise.</summary>
    /// <param name="q">(batch, headCount, queries, headDim).</param>
    /// <param name="output">(batch, headCount, queries, valueDim); overwritten.</param>
    /// <param name="headCount">Query heads: a multiple of the cache's heads.</param>
    /// <param name="queries">Queries of each sequence.</param>
    /// <param name="modifier">Function of the score.</param>
    /// <param name="mask">Which pairs take part.</param>
    /// <param name="parameters">What the modifier reads.</param>
    /// <param name="statistics">What to tell about the weights; top keys and the mass of keys only of a cache in float32.</param>
    /// <param name="options">As in <see cref="FusedAttention"/>; positions are the cache's own, and sequences must not be packed.</param>
    /// <typeparam name="TModifier">The score modifier.</typeparam>
    /// <typeparam name="TMask">The mask.</typeparam>
    /// <exception cref="ArgumentException">A size, length or overlap does not fit; nothing was written.</exception>
    public void Attend<TModifier, TMask>(
        ReadOnlySpan<float> q, Span<float> output, int headCount, int queries, TModifier modifier, TMask mask,
        ReadOnlySpan<float> parameters = default, in AttentionStatistics statistics = default, in AttentionOptions options = default)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        if (!options.QueryOffsets.IsEmpty || options.KeyPosition != 0)
            throw new ArgumentException("KeyValueCache.Attend: the cache knows positions and has no packed sequences; leave KeyPosition and the offsets out.", nameof(options));
        AttentionShape shape = new(Batch, headCount, Heads, queries, Length, HeadDim)
        {
            ValueDim = ValueDim,
            KeyStrides = AttentionStrides.HeadsFirst(Heads, room, HeadDim),
            ValueStrides = AttentionStrides.HeadsFirst(Heads, room, ValueDim),
        };
        fixed (float* k = keys, v = values)
        fixed (ushort* shortK = shortKeys, shortV = shortValues)
        {
            CachedOperands cached = new()
            {
                IsShort = Format == KeyValueFormat.BFloat16,
                Keys = Format == KeyValueFormat.BFloat16 ? (float*)(shortK + ((nint)start * HeadDim)) : k + ((nint)start * HeadDim),
                Values = Format == KeyValueFormat.BFloat16 ? (float*)(shortV + ((nint)start * ValueDim)) : v + ((nint)start * ValueDim),
                Position = Position,
            };
            FusedAttention.ForwardCached(q, cached, output, shape, modifier, mask, parameters, statistics, options);
        }
    }

    private (float[] Keys, float[] Values, ushort[] ShortKeys, ushort[] ShortValues) Allocate()
    {
        int k = Batch * Heads * room * HeadDim, v = Batch * Heads * room * ValueDim;
        return Format == KeyValueFormat.Float32 ? (new float[k], new float[v], [], []) : ([], [], new ushort[k], new ushort[v]);
    }

    private static void Write(ReadOnlySpan<float> source, float[] full, ushort[] half, int at)
    {
        if (half.Length == 0)
        {
            source.CopyTo(full.AsSpan(at));
            return;
        }
        for (int i = 0; i < source.Length; i++)
            half[at + i] = BFloat16.Narrow(source[i]);
    }

    private void MoveToFront()
    {
        for (int row = 0; row < Batch * Heads; row++)
        {
            Move<float>(keys, row, HeadDim);
            Move<float>(values, row, ValueDim);
            Move<ushort>(shortKeys, row, HeadDim);
            Move<ushort>(shortValues, row, ValueDim);
        }
        start = 0;
    }

    private void Move<T>(Span<T> store, int row, int size)
    {
        if (!store.IsEmpty)
            store.Slice(((row * room) + start) * size, Length * size).CopyTo(store[(row * room * size)..]);
    }

    private void RequireSequences(string operation, ReadOnlySpan<int> sequences)
    {
        foreach (int sequence in sequences)
            Require.Range(operation, nameof(sequences), sequence, sequence >= 0 && sequence < Batch, "sequences of the cache");
    }

    // Sequence b becomes one of a cache with as many tokens; the two may be one cache.
    private void CopySequence(KeyValueCache from, int source, int b)
    {
        for (int head = 0; head < Heads; head++)
        {
            int there = (((source * Heads) + head) * from.room) + from.start, here = (((b * Heads) + head) * room) + start;
            Copy<float>(from.keys, keys, there, here, HeadDim);
            Copy<float>(from.values, values, there, here, ValueDim);
            Copy<ushort>(from.shortKeys, shortKeys, there, here, HeadDim);
            Copy<ushort>(from.shortValues, shortValues, there, here, ValueDim);
        }
    }

    private void Copy<T>(ReadOnlySpan<T> from, Span<T> to, int there, int here, int size)
    {
        if (!from.IsEmpty)
            from.Slice(there * size, Length * size).CopyTo(to[(here * size)..]);
    }
}

/// <summary>Keys and values of a cache: two bytes each where short, else four.</summary>
internal unsafe struct CachedOperands
{
    public bool IsShort;
    public float* Keys, Values;
    public int Position;
}
