using System.Collections;
using System.Globalization;

namespace Heed;

/// <summary>Labelled texts in memory.</summary>
/// <remarks>Immutable and thread-safe. Labels are indices into <see cref="LabelNames"/>, which are sorted ordinally unless given (ordinal targets
/// by value). What a label is, <see cref="Target"/> says; <see cref="ToLabels"/>, <see cref="ToLabelSets"/> and <see cref="ToNumbers"/> give
/// the targets in the form that a loss wants.</remarks>
public sealed class TextData : IReadOnlyList<TextExample>
{
    private readonly TextExample[] rows;
    private readonly TextSchema schema;

    private readonly Lazy<TextKey[]> keys;

    internal TextData(TextExample[] rows, TextSchema schema, string? path, TableFormat? format, TextReadCounts counts, Lazy<TextKey[]>? keys = null)
    {
        (this.rows, this.schema, SourcePath, Format, Counts) = (rows, schema, path, format, counts);
        this.keys = keys ?? new Lazy<TextKey[]>(() => Array.ConvertAll(rows, row => TextKey.Of(row.Text)));
    }

    /// <summary>What a label is.</summary>
    public TargetKind Target => schema.Target;

    /// <summary>The labels' names in the order of their indices; from low to high for an ordinal target, empty for a number.</summary>
    public IReadOnlyList<string> LabelNames => schema.LabelNames;

    /// <summary>Whether each text is a <see cref="TextPair"/>.</summary>
    public bool HasPairs => schema.HasPairs;

    /// <summary>The columns of categories, whose fields come first in <see cref="TextExample.Values"/>.</summary>
    public IReadOnlyList<string> CategoryColumns => schema.Categories;

    /// <summary>The columns of numbers, whose fields come behind the categories in <see cref="TextExample.Values"/>.</summary>
    public IReadOnlyList<string> NumberColumns => schema.Numbers;

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
    /// <exception cref="InvalidOperationException">The target is a set or a number.</exception>
    public int[] ToLabels() => Target is TargetKind.Single or TargetKind.Ordinal ? Array.ConvertAll(rows, row => row.Label)
        : throw new InvalidOperationException(
            $"TextData.ToLabels: the target is {Target}, so a row has no single label; use {(Target == TargetKind.Multi ? nameof(ToLabelSets) : nameof(ToNumbers))}.");

    /// <summary>The labels of each row as ascending indices; a new array. A single or ordinal target gives sets of one, a number empty ones.</summary>
    public int[][] ToLabelSets() => Array.ConvertAll(rows, row => row.Labels.ToArray());

    /// <summary>The number of each row; a new array. An ordinal target gives ranks from 0.</summary>
    /// <exception cref="InvalidOperationException">The target is a class or a set.</exception>
    public double[] ToNumbers() => Target is TargetKind.Number or TargetKind.Ordinal ? Array.ConvertAll(rows, row => row.Number)
        : throw new InvalidOperationException($"TextData.ToNumbers: the target is {Target}, so rows have no number; read with Target = Number or Ordinal.");

    /// <summary>How many rows have each label, in the order of <see cref="LabelNames"/>; a new array, empty for numbers.</summary>
    public int[] CountLabels()
    {
        int[] counts = new int[LabelNames.Count];
        foreach (TextExample row in rows)
        {
            foreach (int label in row.Labels)
                counts[label]++;
        }
        return counts;
    }

    /// <summary>The target of a row as a table writes it: <c>a</c>, <c>a|b</c>, <c>3.5</c>.</summary>
    /// <param name="row">A row of this set.</param>
    public string TargetText(TextExample row) => Target == TargetKind.Number ? row.Number.ToString("R", CultureInfo.InvariantCulture)
        : string.Join('|', row.Labels.Select(label => LabelNames[label]));

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
        var builder = new TextDataBuilder(options, path);
        foreach (TextRow row in table)
            builder.Add(row);
        return builder.ToData(table.Format, table.BlankLines);
    }

    /// <summary>Makes a set from rows in memory.</summary>
    /// <param name="rows">Texts and labels; a label is taken as it is and must not be empty.</param>
    /// <param name="labelNames">The labels in the order of their indices; null: those that occur, sorted ordinally.</param>
    /// <exception cref="InputException">There is no row, or a label is empty or not among the names.</exception>
    public static TextData FromRows(IEnumerable<(string Text, string Label)> rows, IReadOnlyList<string>? labelNames = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return FromRows(rows.Select(row => new TextRow(row.Text, row.Label, 0)), new TextReadOptions { LabelNames = labelNames });
    }

    /// <summary>Makes a set from rows in memory, with any target and further columns.</summary>
    /// <param name="rows">Rows with as many <see cref="TextRow.Values"/> as the options name categories and numbers. A label is taken as it is.</param>
    /// <param name="options">Target, label names, the names of the further columns, what to drop.</param>
    /// <exception cref="InputException">There is no row, a label is empty or not among the names, or a number is none.</exception>
    public static TextData FromRows(IEnumerable<TextRow> rows, TextReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var builder = new TextDataBuilder(options, path: null);
        foreach (TextRow row in rows)
            builder.Add(row);
        return builder.ToData(format: null, blankLines: 0);
    }

    /// <summary>How many rows have a text that another set has, too (up to case and white space): what a test that is honest does not share with the
    /// training data.</summary>
    /// <param name="other">The other set.</param>
    public int CountShared(TextData other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var theirs = new HashSet<TextKey>(other.keys.Value);
        return keys.Value.Count(theirs.Contains);
    }

    internal bool HasGroups => schema.HasGroups;

    internal bool HasTimes => schema.HasTimes;

    /// <summary>What stands for the text of each row, equal for texts that differ in nothing but case and white space.</summary>
    internal ReadOnlySpan<TextKey> Keys => keys.Value;

    internal TextData With(TextReadCounts counts) => new(rows, schema, SourcePath, Format, counts, keys);

    /// <summary>Rows whose text was there before, and among them those that were there under another target.</summary>
    internal IEnumerable<DroppedRows> CountRepeated()
    {
        var first = new Dictionary<TextKey, int>(rows.Length);
        long repeated = 0, contradicting = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            if (first.TryAdd(Keys[i], i))
                continue;
            repeated++;
            contradicting += TargetText(rows[i]) == TargetText(rows[first[Keys[i]]]) ? 0 : 1;
        }
        return [new("texts that were there before", repeated), new("of these with another label", contradicting)];
    }

    /// <summary>Some of the rows, with the same label names.</summary>
    /// <param name="indices">Row indices in the order wanted.</param>
    public TextData Select(IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var chosen = new TextExample[indices.Count];
        for (int i = 0; i < chosen.Length; i++)
            chosen[i] = rows[indices[i]];
        return new TextData(chosen, schema, SourcePath, Format, new TextReadCounts(chosen.Length, chosen.Length, []));
    }

    /// <summary>Divides the rows into training, development and test data without leaks: no text (up to case and white space) is in two parts.</summary>
    /// <remarks>Rows that were read with <see cref="TextReadOptions.Group"/> stay together by group. With <see cref="TextReadOptions.Time"/> the oldest rows are
    /// for training and the newest for the test, whatever the labels and the seed; a text or group counts from its oldest row.</remarks>
    /// <param name="seed">The seed; the same seed and rows give the same parts.</param>
    /// <param name="dev">The share of the development part, from 0 to 1.</param>
    /// <param name="test">The share of the test part, from 0 to 1; both together below 1.</param>
    /// <returns>Parts in which each label has its share to within a row (unless texts or groups with many rows stand in the way), each in the order of
    /// the rows, and with the same label names.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A share is out of range.</exception>
    /// <exception cref="InputException">A time cannot be read.</exception>
    public TextSplit Split(ulong seed, double dev = 0.1, double test = 0.1) => TextSplitter.Split(this, new RandomStream(seed, "split"), dev, test);

    /// <summary>Divides the rows for cross-validation: each row is in the test part of one of the splits.</summary>
    /// <remarks>What stays together in <see cref="Split"/> does here, and each label has its share of each test part. With times the rows are cut into one
    /// block more than folds, oldest first; fold k learns from the first k blocks and is tested on the next, so the first block is never tested.</remarks>
    /// <param name="count">How many splits, at least 2.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="dev">The share of the rows not tested that choose the best epoch, from 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="InputException">There are fewer different texts or groups than folds, or a time cannot be read.</exception>
    public IReadOnlyList<TextSplit> Folds(int count, ulong seed, double dev = 0.1) => TextSplitter.Folds(this, new RandomStream(seed, "folds"), count, dev);

    /// <summary>The rows in order.</summary>
    public IEnumerator<TextExample> GetEnumerator() => ((IEnumerable<TextExample>)rows).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
