namespace Heed;

/// <summary>Where the padding of a batch stands.</summary>
public enum PaddingSide
{
    /// <summary>Behind the texts; each begins at step 0.</summary>
    Right,

    /// <summary>Before the texts; each ends at the last step.</summary>
    Left,
}

/// <summary>Some texts as one rectangle of ids.</summary>
/// <remarks>Shapes: <see cref="Ids"/> (batch, maximum length), row-major; <see cref="Lengths"/>, <see cref="Starts"/>, <see cref="Targets"/>,
/// <see cref="RowIndices"/> (batch). The arrays belong to the batch and are not changed by it later.</remarks>
public sealed class TextBatch
{
    private TextBatch(int batchSize, int maximumLength)
    {
        (BatchSize, MaximumLength) = (batchSize, maximumLength);
        Ids = new int[(long)batchSize * maximumLength];
        (Lengths, Starts, Targets, RowIndices) = (new int[batchSize], new int[batchSize], new int[batchSize], new int[batchSize]);
    }

    /// <summary>Vocabulary ids, (batch, maximum length), row-major; <see cref="Vocabulary.Padding"/> where a text does not reach.</summary>
    public int[] Ids { get; }

    /// <summary>Tokens of each text; 0 for an empty one.</summary>
    public int[] Lengths { get; }

    /// <summary>The step at which each text begins: 0 when padding is on the right.</summary>
    public int[] Starts { get; }

    /// <summary>Label index of each text; −1 when there are no labels.</summary>
    public int[] Targets { get; }

    /// <summary>Which row of the data each text is.</summary>
    public int[] RowIndices { get; }

    /// <summary>The number of each token's sentence, (batch, maximum length), row-major; 0 in padding. Empty unless it was asked for.</summary>
    public int[] Sentences { get; private init; } = [];

    /// <summary>The segment of each token, (batch, maximum length), row-major; 0 in padding. Empty unless it was asked for.</summary>
    public int[] Segments { get; private init; } = [];

    /// <summary>How many texts there are.</summary>
    public int BatchSize { get; }

    /// <summary>Length of the longest text, at least 1 so that no axis is empty.</summary>
    public int MaximumLength { get; }

    /// <summary>Makes a batch.</summary>
    /// <param name="sequences">The ids of all texts.</param>
    /// <param name="rows">Which of them go into the batch, in this order.</param>
    /// <param name="targets">The label indices of all texts; empty if there are none.</param>
    /// <param name="padding">Where the padding stands.</param>
    /// <param name="sentences">The number of each token's sentence, as long as the sequences; null for none.</param>
    /// <param name="segments">The segment of each token, as long as the sequences; null for none.</param>
    /// <exception cref="ArgumentException">No row is asked for, or targets, sentences or segments and sequences differ in number.</exception>
    public static TextBatch Create(
        IReadOnlyList<int[]> sequences, ReadOnlySpan<int> rows, ReadOnlySpan<int> targets = default, PaddingSide padding = PaddingSide.Right, IReadOnlyList<int[]>? sentences = null, IReadOnlyList<int[]>? segments = null)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        if (rows.IsEmpty)
            throw new ArgumentException("TextBatch.Create: rows is empty; a batch needs at least one text.", nameof(rows));
        if (!targets.IsEmpty && targets.Length != sequences.Count)
        {
            throw new ArgumentException(
                $"TextBatch.Create: targets has {targets.Length} entries but sequences {sequences.Count}; give one label a text.", nameof(targets));
        }

        foreach ((string name, IReadOnlyList<int[]>? more) in new[] { (nameof(sentences), sentences), (nameof(segments), segments) })
        {
            if (more is not null && more.Count != sequences.Count)
                throw new ArgumentException($"TextBatch.Create: {name} has {more.Count} entries but sequences {sequences.Count}; give one a text.", name);
        }

        int longest = 1;
        foreach (int row in rows)
            longest = Math.Max(longest, sequences[row].Length);
        var batch = new TextBatch(rows.Length, longest) { Sentences = new int[sentences is null ? 0 : rows.Length * longest], Segments = new int[segments is null ? 0 : rows.Length * longest] };
        for (int i = 0; i < rows.Length; i++)
        {
            int[] ids = sequences[rows[i]];
            int start = padding == PaddingSide.Right ? 0 : longest - ids.Length;
            ids.CopyTo(batch.Ids, i * longest + start);
            sentences?[rows[i]].CopyTo(batch.Sentences, i * longest + start);
            segments?[rows[i]].CopyTo(batch.Segments, i * longest + start);
            (batch.Lengths[i], batch.Starts[i], batch.RowIndices[i]) = (ids.Length, start, rows[i]);
            batch.Targets[i] = targets.IsEmpty ? -1 : targets[rows[i]];
        }
        return batch;
    }
}
