using System.Collections;

namespace Heed;

/// <summary>A row of <see cref="PairData"/>.</summary>
/// <param name="Source">What is read.</param>
/// <param name="Target">What is to be written.</param>
/// <param name="Line">The line where the row begins, from 1; 0 if it comes from no file.</param>
public readonly record struct PairExample(string Source, string Target, long Line);

/// <summary>Pairs of texts in memory: source and target, such as a sentence and its translation.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class PairData : IReadOnlyList<PairExample>
{
    private readonly PairExample[] rows;

    private PairData(PairExample[] rows, string? path, TextReadCounts counts) => (this.rows, SourcePath, Counts) = (rows, path, counts);

    /// <summary>The file that the rows come from (the one of the sources, if there are two); null if none.</summary>
    public string? SourcePath { get; }

    /// <summary>What became of the rows of the file.</summary>
    public TextReadCounts Counts { get; }

    /// <summary>How many pairs there are.</summary>
    public int Count => rows.Length;

    /// <summary>A pair.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public PairExample this[int index] => rows[index];

    /// <summary>All sources in the order of the rows.</summary>
    public IEnumerable<string> Sources => rows.Select(row => row.Source);

    /// <summary>All targets in the order of the rows.</summary>
    public IEnumerable<string> Targets => rows.Select(row => row.Target);

    /// <summary>Reads a table with a column for each side.</summary>
    /// <param name="path">TSV, CSV or JSON Lines, plain or gzip.</param>
    /// <param name="options">Columns, format, what to drop; default if null.</param>
    /// <exception cref="InputException">The file cannot be read, a side is empty, or no row is left; the message names the place and the likely fix.</exception>
    public static PairData Read(string path, PairReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new PairReadOptions();
        options.Validate();
        using TextTable table = TextTable.Open(path, options.Table());
        return Collect(Pairs(table), options, path, () => table.BlankLines);
    }

    /// <summary>Reads two files, of which each line belongs to the same line of the other.</summary>
    /// <param name="sourcePath">One source a line, plain or gzip.</param>
    /// <param name="targetPath">One target a line, plain or gzip.</param>
    /// <param name="options">Encoding and what to drop; default if null.</param>
    /// <exception cref="InputException">A file cannot be read, one is longer than the other, a side is empty, or no row is left.</exception>
    public static PairData ReadFiles(string sourcePath, string targetPath, PairReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourcePath);
        ArgumentException.ThrowIfNullOrEmpty(targetPath);
        options ??= new PairReadOptions();
        options.Validate();
        TextReadOptions lines = new() { Format = TextFormat.Lines, Label = null, Encoding = options.Encoding };
        return Collect(Beside(TextTable.ReadRows(sourcePath, lines), TextTable.ReadRows(targetPath, lines), sourcePath, targetPath), options, sourcePath, static () => 0);
    }

    /// <summary>Makes a set from pairs in memory.</summary>
    /// <param name="pairs">Sources and targets.</param>
    /// <param name="options">What to drop; default if null.</param>
    /// <exception cref="InputException">A side is empty, or no row is left.</exception>
    public static PairData FromPairs(IEnumerable<(string Source, string Target)> pairs, PairReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        return Collect(pairs.Select(pair => new PairExample(pair.Source, pair.Target, 0)), options ?? new PairReadOptions(), null, static () => 0);
    }

    /// <summary>Some of the rows.</summary>
    /// <param name="indices">Row indices in the order wanted.</param>
    public PairData Select(IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return new PairData([.. indices.Select(i => rows[i])], SourcePath, new TextReadCounts(indices.Count, indices.Count, []));
    }

    /// <summary>Divides the rows into training, development and test data without leaks: rows whose sources are equal (up to case and white space) stay in one part.</summary>
    /// <param name="seed">The seed; the same seed and rows give the same parts.</param>
    /// <param name="dev">The share of the development part.</param>
    /// <param name="test">The share of the test part; both together below 1.</param>
    /// <returns>Parts in the order of the rows.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A share is out of range.</exception>
    public PairSplit Split(ulong seed, double dev = 0.1, double test = 0.1)
    {
        if (!(dev >= 0 && test >= 0 && dev + test < 1))
            throw new ArgumentOutOfRangeException(nameof(test), "PairData.Split: dev and test must be at least 0 and together below 1, or nothing is left to learn from.");
        List<int>[] clusters = [.. Enumerable.Range(0, rows.Length).GroupBy(i => TextKey.Of(rows[i].Source)).Select(group => group.ToList())];
        new RandomStream(seed, "split").Shuffle<List<int>>(clusters);
        List<int> train = [], first = [], second = [];
        foreach (List<int> cluster in clusters)
        {
            // A source with many rows goes where there is room, and one at least stays for training.
            List<int> part = train.Count > 0 && first.Count + cluster.Count <= (dev * rows.Length) + 0.5 ? first
                : train.Count > 0 && second.Count + cluster.Count <= (test * rows.Length) + 0.5 ? second : train;
            part.AddRange(cluster);
        }
        foreach (List<int> part in new[] { train, first, second })
            part.Sort();
        return new PairSplit(Select(train), Select(first), Select(second));
    }

    /// <summary>How many rows have a source that another set has, too (up to case and white space).</summary>
    /// <param name="other">The other set.</param>
    public int CountShared(PairData other)
    {
        ArgumentNullException.ThrowIfNull(other);
        HashSet<TextKey> theirs = [.. other.rows.Select(row => TextKey.Of(row.Source))];
        return rows.Count(row => theirs.Contains(TextKey.Of(row.Source)));
    }

    /// <summary>The rows in order.</summary>
    public IEnumerator<PairExample> GetEnumerator() => ((IEnumerable<PairExample>)rows).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static IEnumerable<PairExample> Pairs(TextTable table)
    {
        foreach (TextRow row in table)
        {
            TextPair.TrySplit(row.Text, out Range source, out Range target);
            yield return new PairExample(row.Text[source], row.Text[target], row.Line);
        }
    }

    private static IEnumerable<PairExample> Beside(IEnumerable<TextRow> sources, IEnumerable<TextRow> targets, string sourcePath, string targetPath)
    {
        using IEnumerator<TextRow> source = sources.GetEnumerator(), target = targets.GetEnumerator();
        for (long line = 1; ; line++)
        {
            (bool hasSource, bool hasTarget) = (source.MoveNext(), target.MoveNext());
            if (!hasSource && !hasTarget)
                yield break;
            if (hasSource != hasTarget)
            {
                (string shorter, string longer) = hasSource ? (targetPath, sourcePath) : (sourcePath, targetPath);
                string message = FormattableString.Invariant($"the file has {line - 1} lines, but '{longer}' has more; line by line they must belong together.");
                throw new InputException(message + " Was a line end lost, or is it another file?", shorter, line);
            }
            yield return new PairExample(source.Current.Text, target.Current.Text, line);
        }
    }

    private static PairData Collect(IEnumerable<PairExample> pairs, PairReadOptions options, string? path, Func<long> blankLines)
    {
        List<PairExample> kept = [];
        HashSet<(string, string)>? seen = options.DropDuplicates ? [] : null;
        long empty = 0, duplicates = 0;
        foreach (PairExample pair in pairs)
        {
            if (pair.Source is null || pair.Target is null)
                throw new ArgumentException("PairData: a side of a pair is null.", nameof(pairs));
            bool noSource = string.IsNullOrWhiteSpace(pair.Source);
            if (noSource || string.IsNullOrWhiteSpace(pair.Target))
            {
                if (!options.DropEmpty)
                    throw new InputException($"the {(noSource ? "source" : "target")} is empty; fill it in, remove the row, or let such rows be dropped.", path, pair.Line);
                empty++;
            }
            else if (seen is not null && !seen.Add((pair.Source, pair.Target)))
            {
                duplicates++;
            }
            else
            {
                kept.Add(pair);
            }
        }
        if (kept.Count == 0)
            throw new InputException("there is no pair; at least one is needed.", path);
        DroppedRows[] dropped = [new("empty lines", blankLines()), new("with an empty side", empty), new("duplicates", duplicates)];
        return new PairData([.. kept], path, new TextReadCounts(kept.Count + dropped.Sum(d => d.Count), kept.Count, [.. dropped.Where(d => d.Count > 0)]));
    }
}

/// <summary>Pairs in three parts that share no source.</summary>
/// <param name="Train">What is learned from.</param>
/// <param name="Dev">What chooses the best epoch.</param>
/// <param name="Test">What is measured.</param>
public sealed record PairSplit(PairData Train, PairData Dev, PairData Test);
