namespace Heed;

/// <summary>Pairs of token ids as one batch.</summary>
/// <remarks>Sources are padded on the right with 0. A target's tokens are each written behind the one before it, the first behind id 0 (the edge); behind the last token 0 is written.</remarks>
public sealed class PairBatch
{
    private readonly int[][] targets;

    private PairBatch(int[][] targets, int sourceTime)
    {
        this.targets = targets;
        (BatchSize, SourceTime) = (targets.Length, sourceTime);
        (SourceIds, SourceLengths, RowIndices) = (new int[(long)BatchSize * sourceTime], new int[BatchSize], new int[BatchSize]);
        TargetLengths = [.. targets.Select(t => t.Length + 1)];
        TargetTime = TargetLengths.Max();
    }

    /// <summary>Number of pairs.</summary>
    public int BatchSize { get; }

    /// <summary>Length of the longest source, at least 1.</summary>
    public int SourceTime { get; }

    /// <summary>Length of the longest target with its end.</summary>
    public int TargetTime { get; }

    /// <summary>(batch · source time) ids.</summary>
    public int[] SourceIds { get; }

    /// <summary>The number of tokens of each source.</summary>
    public int[] SourceLengths { get; }

    /// <summary>The number of tokens of each target, its end among them.</summary>
    public int[] TargetLengths { get; }

    /// <summary>Which row of the data each pair is.</summary>
    public int[] RowIndices { get; }

    /// <summary>For copying, the ids that the source's tokens have as tokens of the target, those beyond the target's vocabulary numbered behind it for each pair: (batch · source time), −1 for padding.
    /// Empty if nothing is copied.</summary>
    public int[] CopyIds { get; private set; } = [];

    /// <summary>Makes a batch.</summary>
    /// <param name="sources">All sources' ids.</param>
    /// <param name="targets">All targets' ids without edges; with copying, ids beyond the vocabulary are those of <paramref name="copies"/>.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="copies">The sources' tokens as tokens of the target, or null.</param>
    /// <exception cref="ArgumentException">No rows came.</exception>
    public static PairBatch Create(IReadOnlyList<int[]> sources, IReadOnlyList<int[]> targets, ReadOnlySpan<int> rows, IReadOnlyList<int[]>? copies = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(targets);
        if (rows.IsEmpty)
            throw new ArgumentException("PairBatch.Create: rows is empty; a batch needs at least one pair.", nameof(rows));
        int[][] chosen = new int[rows.Length][];
        int longest = 1;
        for (int i = 0; i < rows.Length; i++)
        {
            chosen[i] = targets[rows[i]];
            longest = Math.Max(longest, sources[rows[i]].Length);
        }
        PairBatch batch = new(chosen, longest);
        if (copies is not null)
        {
            batch.CopyIds = new int[batch.SourceIds.Length];
            Array.Fill(batch.CopyIds, -1);
        }
        for (int i = 0; i < rows.Length; i++)
        {
            sources[rows[i]].CopyTo(batch.SourceIds, i * longest);
            copies?[rows[i]].CopyTo(batch.CopyIds, i * longest);
            (batch.SourceLengths[i], batch.RowIndices[i]) = (sources[rows[i]].Length, rows[i]);
        }
        return batch;
    }

    /// <summary>The tokens that each step reads: 0, then the target's; a token beyond <paramref name="count"/> as unknown. (time · batch), or (batch · time).</summary>
    internal int[] TargetInputs(bool timeFirst, int count)
    {
        int[] ids = new int[BatchSize * TargetTime];
        for (int b = 0; b < BatchSize; b++)
        {
            for (int t = 0; t < targets[b].Length; t++)
                ids[Place(b, t + 1, timeFirst)] = targets[b][t] < count ? targets[b][t] : Vocabulary.Unknown;
        }
        return ids;
    }

    /// <summary>The places of the real tokens and what each is: the target's, then 0.</summary>
    internal (int[] Places, int[] Ids) TargetTokens(bool timeFirst)
    {
        int[] places = new int[TargetLengths.Sum()], ids = new int[places.Length];
        int at = 0;
        for (int b = 0; b < BatchSize; b++)
        {
            for (int t = 0; t < TargetLengths[b]; t++, at++)
                (places[at], ids[at]) = (Place(b, t, timeFirst), t < targets[b].Length ? targets[b][t] : 0);
        }
        return (places, ids);
    }

    private int Place(int b, int t, bool timeFirst) => timeFirst ? (t * BatchSize) + b : (b * TargetTime) + t;
}
