using System.Collections;

namespace Heed;

/// <summary>Labelled texts in memory.</summary>
/// <remarks>Immutable and thread-safe. Labels are indices into <see cref="LabelNames"/>, which are sorted ordinally unless given.</remarks>
public sealed class TextData : IReadOnlyList<TextExample>
{
    private readonly TextExample[] rows;

    private TextData(TextExample[] rows, IReadOnlyList<string> labelNames, string? path, TableFormat? format, TextReadCounts counts) =>
        (this.rows, LabelNames, SourcePath, Format, Counts) = (rows, labelNames, path, format, counts);

    /// <summary>The labels' names in the order of their indices.</summary>
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>The file that the rows come from; null if none.</summary>
    public string? SourcePath { get; }

    /// <summary>What was found out about the file; null if there is none.</summary>
    public TableFormat? Format { get; }

    /// <summary>What became of the rows of the file.</summary>
    public TextReadCounts Counts { get; }

    /// <summary>How many rows there are.</summary>
    public int Count => rows.Length;

    /// <summary>A row.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public TextExample this[int index] => rows[index];

    /// <summary>All texts in the order of the rows.</summary>
    public IEnumerable<string> Texts => rows.Select(row => row.Text);

    /// <summary>All label indices in the order of the rows; a new array.</summary>
    public int[] ToLabels() => Array.ConvertAll(rows, row => row.Label);

    /// <summary>How often each label occurs, in the order of <see cref="LabelNames"/>; a new array.</summary>
    public int[] CountLabels()
    {
        int[] counts = new int[LabelNames.Count];
        foreach (TextExample row in rows)
            counts[row.Label]++;
        return counts;
    }

    /// <summary>Reads a labelled file with a header.</summary>
    /// <param name="path">TSV, CSV or JSON Lines, plain or gzip.</param>
    /// <param name="text">The column that holds the text, by name or by number from 1.</param>
    /// <param name="label">The column that holds the label, by name or by number from 1.</param>
    /// <exception cref="InputException">The file cannot be read; the message names the place and the likely fix.</exception>
    public static TextData Read(string path, string text = "text", string label = "label")
    {
        ArgumentException.ThrowIfNullOrEmpty(label);
        return Read(path, new TextReadOptions { Text = text, Label = label });
    }

    /// <summary>Reads a labelled file.</summary>
    /// <param name="path">TSV, CSV or JSON Lines, plain or gzip.</param>
    /// <param name="options">Columns, format, known labels, what to drop.</param>
    /// <exception cref="InputException">The file cannot be read, no row is left, or a label is not among the given names.</exception>
    /// <exception cref="ArgumentException">The options ask for no label.</exception>
    public static TextData Read(string path, TextReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Label is null || !options.LabelRequired)
        {
            throw new ArgumentException(
                "TextData.Read: labelled data need Label and LabelRequired; use TextTable.ReadRows for texts without labels.", nameof(options));
        }
        using TextTable table = TextTable.Open(path, options);
        var collector = new RowCollector(options, path);
        foreach (TextRow row in table)
            collector.Add(row);
        return collector.ToData(table.Format, table.BlankLines);
    }

    /// <summary>Makes a set from rows in memory.</summary>
    /// <param name="rows">Texts and labels; a label is taken as it is and must not be empty.</param>
    /// <param name="labelNames">The labels in the order of their indices; null: those that occur, sorted ordinally.</param>
    /// <exception cref="InputException">There is no row, or a label is empty or not among the names.</exception>
    public static TextData FromRows(IEnumerable<(string Text, string Label)> rows, IReadOnlyList<string>? labelNames = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var options = new TextReadOptions { LabelNames = labelNames };
        options.Validate();
        var collector = new RowCollector(options, path: null);
        foreach ((string text, string label) in rows)
            collector.Add(new TextRow(text, label, 0));
        return collector.ToData(format: null, blankLines: 0);
    }

    /// <summary>Some of the rows, with the same label names.</summary>
    /// <param name="indices">Row indices in the order wanted.</param>
    public TextData Select(IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var chosen = new TextExample[indices.Count];
        for (int i = 0; i < chosen.Length; i++)
            chosen[i] = rows[indices[i]];
        return new TextData(chosen, LabelNames, SourcePath, Format, new TextReadCounts(chosen.Length, chosen.Length, []));
    }

    /// <summary>Divides the rows into training, development and test data.</summary>
    /// <param name="seed">The seed; the same seed and rows give the same parts.</param>
    /// <param name="dev">The share of the development part, from 0 to 1.</param>
    /// <param name="test">The share of the test part, from 0 to 1; both together below 1.</param>
    /// <returns>Parts in which each label has its share to within a row (unless a text stands there many times), each in the order of the
    /// rows, with equal texts in one part, and with the same label names.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A share is out of range.</exception>
    public TextSplit Split(ulong seed, double dev = 0.1, double test = 0.1) => TextSplitter.Split(this, seed, dev, test);

    /// <summary>The rows in order.</summary>
    public IEnumerator<TextExample> GetEnumerator() => ((IEnumerable<TextExample>)rows).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Collects rows and gives labels their indices.</summary>
    private sealed class RowCollector(TextReadOptions options, string? path)
    {
        private readonly List<TextExample> rows = [];
        private readonly List<string> names = [.. options.LabelNames ?? []];
        private readonly Dictionary<string, int> indices = (options.LabelNames ?? []).Select((label, i) => (label, i))
            .ToDictionary(pair => pair.label, pair => pair.i, StringComparer.Ordinal);
        private readonly HashSet<(string, int)>? seen = options.DropDuplicates ? [] : null;
        private long emptyTexts, duplicates;

        public void Add(TextRow row)
        {
            ArgumentNullException.ThrowIfNull(row.Text);
            if (string.IsNullOrEmpty(row.Label))
                throw new InputException(FormattableString.Invariant($"row {rows.Count} has no label; each row needs one."), path, row.Line);
            if (!indices.TryGetValue(row.Label, out int label))
                label = NewLabel(row);
            if (options.DropEmptyTexts && row.Text.Length == 0)
                emptyTexts++;
            else if (seen is not null && !seen.Add((row.Text, label)))
                duplicates++;
            else
                rows.Add(new TextExample(row.Text, label, row.Line));
        }

        public TextData ToData(TableFormat? format, long blankLines)
        {
            if (rows.Count == 0)
                throw new InputException(emptyTexts + blankLines > 0 ? "no row is left; all are empty." : "there is no row; at least one is needed.", path);
            DroppedRows[] dropped = [new("empty lines", blankLines), new("empty texts", emptyTexts), new("duplicates", duplicates)];
            var counts = new TextReadCounts(rows.Count + dropped.Sum(d => d.Count), rows.Count, [.. dropped.Where(d => d.Count > 0)]);
            return new TextData(Sorted(), [.. names], path, format, counts);
        }

        private int NewLabel(TextRow row)
        {
            if (options.LabelNames is not null)
            {
                throw new InputException($"the label '{row.Label}' is not known; known are {NearestName.List(names)}."
                    + NearestName.Hint(row.Label!, names), path, row.Line);
            }
            names.Add(row.Label!);
            indices[row.Label!] = names.Count - 1;
            return names.Count - 1;
        }

        // Labels got their indices in the order of the file; the sorted order does not depend on it.
        private TextExample[] Sorted()
        {
            if (options.LabelNames is not null)
                return [.. rows];
            string[] old = [.. names];
            names.Sort(StringComparer.Ordinal);
            int[] rank = Array.ConvertAll(old, name => names.BinarySearch(name, StringComparer.Ordinal));
            return [.. rows.Select(row => row with { Label = rank[row.Label] })];
        }
    }
}
