namespace Heed;

/// <summary>How to read texts, and labels if there are any, from a table.</summary>
public sealed record TextReadOptions
{
    /// <summary>The column that holds the text: a name from the header (exact), or a number from 1.</summary>
    /// <value>Default <c>text</c>.</value>
    public string Text { get; init; } = "text";

    /// <summary>Further text columns, which are joined behind <see cref="Text"/> with a line end between them; empty fields are left out.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> MoreText { get; init; } = [];

    /// <summary>The column of a second text that is set beside the first, see <see cref="TextPair"/>; null if there is none.</summary>
    /// <value>Default null.</value>
    public string? Pair { get; init; }

    /// <summary>The column that holds the label: a name or a number from 1; null to read no labels.</summary>
    /// <value>Default <c>label</c>.</value>
    public string? Label { get; init; } = "label";

    /// <summary>Whether a file without the label column is an error. If not, its rows have no label.</summary>
    /// <value>Default true.</value>
    public bool LabelRequired { get; init; } = true;

    /// <summary>What the label is: one class, a set of classes, a class in an order, or a number.</summary>
    /// <value>Default <see cref="TargetKind.Single"/>.</value>
    public TargetKind Target { get; init; } = TargetKind.Single;

    /// <summary>What stands between the labels of a set.</summary>
    /// <value>Default <c>|</c>.</value>
    public char LabelSeparator { get; init; } = '|';

    /// <summary>Further columns that hold one of a few values, such as a country; an empty field is a missing value.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Further columns that hold numbers with a decimal point; empty, <c>NA</c>, <c>N/A</c>, <c>NaN</c>, <c>null</c>, <c>none</c> and
    /// <c>?</c> are missing values.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> Numbers { get; init; } = [];

    /// <summary>The column whose equal values keep rows in one part of a split, such as the author; null if there is none.</summary>
    /// <value>Default null.</value>
    public string? Group { get; init; }

    /// <summary>The column by which a split puts the oldest rows into training and the newest into the test; null if there is none.</summary>
    /// <value>Default null.</value>
    public string? Time { get; init; }

    /// <summary>How the file is written.</summary>
    /// <value>Default <see cref="TextFormat.Guess"/>.</value>
    public TextFormat Format { get; init; } = TextFormat.Guess;

    /// <summary>The encoding of the file, as <c>gb18030</c> or <c>windows-1252</c>; null: UTF-8, or UTF-16 where a byte order mark says so. A name that does
    /// not fit the bytes is noticed and is an error.</summary>
    /// <value>Default null.</value>
    public string? Encoding { get; init; }

    /// <summary>Whether the first line names the columns; null: yes if it holds the wanted names, no if columns are given by number.</summary>
    /// <value>Default null.</value>
    public bool? Header { get; init; }

    /// <summary>Whether fields may stand in double quotes; null: in CSV yes, in TSV no.</summary>
    /// <value>Default null.</value>
    public bool? Quoted { get; init; }

    /// <summary>What stands between the fields; null: comma, semicolon, tab or bar, from the first line. Where the format is guessed, a separator makes it
    /// <see cref="TextFormat.Csv"/>.</summary>
    /// <value>Default null.</value>
    public char? Separator { get; init; }

    /// <summary>The labels that may occur, in the order of their indices: those of the training data when development or test data are read.
    /// Null: whatever occurs, sorted ordinally. An ordinal target needs them, from low to high, unless all labels are numbers.</summary>
    /// <value>Default null.</value>
    public IReadOnlyList<string>? LabelNames { get; init; }

    /// <summary>Whether a row whose text and label were there before is dropped.</summary>
    /// <value>Default false.</value>
    public bool DropDuplicates { get; init; }

    /// <summary>Whether a row with an empty text is dropped. A kept one gives a zero context.</summary>
    /// <value>Default false.</value>
    public bool DropEmptyTexts { get; init; }

    /// <summary>The longest row that is read, in UTF-16 units; a longer one is an error (often an unclosed quote or not a text file).</summary>
    /// <value>At least 1; default 16,777,216.</value>
    public int MaximumRowLength { get; init; } = 1 << 24;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Text);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumRowLength, 1);
        if (Separator is '"' or '\n' or '\r')
            throw new ArgumentException("TextReadOptions: Separator must not be a quote or a line end.");
        if (Encoding is not null)
            TextEncodingName.Find(TextEncodingName.Normal(Encoding));
        if (LabelNames is not null && LabelNames.Distinct(StringComparer.Ordinal).Count() != LabelNames.Count)
            throw new ArgumentException("TextReadOptions: LabelNames holds a label twice.");
        if (Target == TargetKind.Number && LabelNames is { Count: > 0 })
            throw new ArgumentException("TextReadOptions: a number has no LabelNames; leave them out or choose another Target.");
        foreach (string? column in MoreText.Concat(Categories).Concat(Numbers).Append(Pair ?? "-").Append(Group ?? "-").Append(Time ?? "-"))
        {
            if (string.IsNullOrEmpty(column))
                throw new ArgumentException("TextReadOptions: the name of a column is empty.");
        }
    }
}
