namespace Heed;

/// <summary>Which texts stand together in a batch: texts of similar length, so that little of a batch is padding.</summary>
/// <remarks>
/// <para>For training, each epoch shuffles the rows, cuts them into chunks of 20 batches, sorts each chunk by length (stable), cuts it into
/// batches and shuffles the batches. For evaluation the rows are sorted by length once; results go back by row index.</para>
/// <para>An epoch's order is a pure function of lengths, batch size, seed and epoch, so a run can be resumed at any batch.
/// Immutable and thread-safe. Cost of an epoch's order: O(rows · log rows).</para>
/// </remarks>
public sealed class BatchPlan
{
    private const int BatchesPerChunk = 20;

    private readonly int[] lengths;
    private readonly ulong? seed;

    private BatchPlan(ReadOnlySpan<int> lengths, int batchSize, ulong? seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        (this.lengths, BatchSize, this.seed) = (lengths.ToArray(), batchSize, seed);
    }

    /// <summary>How many texts a batch holds; the last of the rows may give a smaller one.</summary>
    public int BatchSize { get; }

    /// <summary>How many batches an epoch has.</summary>
    public int BatchCount => (int)(((long)lengths.Length + BatchSize - 1) / BatchSize);

    /// <summary>A plan that is shuffled anew in each epoch.</summary>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="batchSize">Texts in a batch, at least 1.</param>
    /// <param name="seed">The seed of the run.</param>
    public static BatchPlan Training(ReadOnlySpan<int> lengths, int batchSize, ulong seed) => new(lengths, batchSize, seed);

    /// <summary>A plan in order of length, the same in each epoch.</summary>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="batchSize">Texts in a batch, at least 1.</param>
    public static BatchPlan Evaluation(ReadOnlySpan<int> lengths, int batchSize) => new(lengths, batchSize, seed: null);

    /// <summary>The batches of an epoch in order, each a list of row indices; every row is in exactly one of them.</summary>
    /// <param name="epoch">From 0.</param>
    public IReadOnlyList<ReadOnlyMemory<int>> Epoch(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int[] rows = [.. Enumerable.Range(0, lengths.Length)];
        RandomStream? stream = seed is { } value ? new RandomStream(value, "batches").Fork((ulong)epoch) : null;
        stream?.Shuffle<int>(rows);
        long chunk = stream is null ? rows.Length : (long)BatchSize * BatchesPerChunk;
        for (long start = 0; start < rows.Length; start += chunk)
            SortByLength(rows.AsSpan((int)start, (int)Math.Min(chunk, rows.Length - start)));

        var batches = new ReadOnlyMemory<int>[BatchCount];
        for (int i = 0; i < batches.Length; i++)
            batches[i] = rows.AsMemory(i * BatchSize, Math.Min(BatchSize, rows.Length - i * BatchSize));
        stream?.Shuffle<ReadOnlyMemory<int>>(batches);
        return batches;
    }

    // The position in the low half makes equal lengths keep their order.
    private void SortByLength(Span<int> rows)
    {
        var keys = new long[rows.Length];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = ((long)lengths[rows[i]] << 32) | (uint)i;
        keys.AsSpan().Sort(rows);
    }
}
