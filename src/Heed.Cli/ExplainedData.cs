using System.CommandLine;

namespace Heed.Cli;

/// <summary>What <c>heed explain --data</c> reads: texts of a file, or pictures as <c>heed eval</c> reads them.</summary>
internal sealed class ExplainedData
{
    private readonly Option<string?> data = new("--data")
    {
        Description = "Texts from a file: one a line, or with --text a column of a TSV, CSV or JSON Lines file. Of a model of pictures, pictures as 'heed eval' reads them: folders, archives, PICTURES,BOXES.",
        HelpName = "path",
    };
    private readonly Option<string?> column = new("--text") { Description = "The file is a table, and the texts stand in this column: a name, or a number from 1.", HelpName = "column" };
    private readonly Option<string?> encoding = TableOptions.Encoding(), rows = BoxSource.Rows("--rows", "of a detector's boxes");
    private readonly Option<int> limit = new("--limit") { Description = "At most so many inputs: the first rows of a file; pictures spread evenly over the set.", HelpName = "N", DefaultValueFactory = _ => 100 };
    private readonly Option<bool> spread = new("--spread") { Description = "Of a file of texts: the inputs of --limit spread evenly over it, for files that are sorted, as by class. Pictures always are." };
    private readonly ImageSource images = new();
    private readonly MaskSource masks;

    public ExplainedData() => masks = new MaskSource(images.Reading);

    public IEnumerable<Option> Options => [data, column, encoding, limit, spread, .. images.Options, .. masks.LookOptions, rows];

    /// <summary>Whether a file or folder was given rather than inputs. Throws where both or neither were.</summary>
    public bool IsIn(ParseResult parsed, string[] given)
    {
        if (parsed.GetValue(limit) < 1)
            throw new UsageException(FormattableString.Invariant($"--limit must be at least 1, got {parsed.GetValue(limit)}."));
        (string? file, string? of) = (parsed.GetValue(data), parsed.GetValue(column));
        if (given.Length > 0 == file is not null || (of is not null && file is null) || file is "" || of is "")
            throw new UsageException("give inputs, or --data with a file (and --text with a column of it), and not both.");
        return file is not null;
    }

    /// <summary>Texts, and the further columns that a model reads.</summary>
    public IEnumerable<ExplainedItem> Texts(ParseResult parsed, FeatureEncoder? features = null) => Limited(parsed, Rows(parsed, parsed.GetValue(data)!, features)).Select(row => new ExplainedItem(row, null));

    /// <summary>All rows of a file, read as the options say.</summary>
    public IEnumerable<TextRow> Rows(ParseResult parsed, string path, FeatureEncoder? features = null)
    {
        if (parsed.GetValue(column) is null && features is { FieldCount: > 0 })
            throw new UsageException("the model reads further columns; give a table and --text with the column of the texts.");
        return TextTable.ReadRows(path, Reading(parsed, features, parsed.GetValue(column) is null ? TextFormat.Lines : TextFormat.Guess));
    }

    /// <summary>All rows of a table with their labels, which must be a model's; without --text the texts are the column text.</summary>
    public TextData Labelled(ParseResult parsed, string path, TextClassifier model, string label) => TextData.Read(path, Labelling(parsed, model, label));

    /// <summary>The inputs with their labels; null where they are no table, or one without such a column.</summary>
    public TextData? LabelledInputs(ParseResult parsed, TextClassifier model, string label)
    {
        if (parsed.GetValue(data) is not { } path || parsed.GetValue(column) is null)
            return null;
        TextReadOptions options = Labelling(parsed, model, label) with { LabelRequired = false };
        TextRow[] inputs = [.. Limited(parsed, TextTable.ReadRows(path, options))];
        return inputs.All(row => row.Label is null) ? null : TextData.FromRows(inputs, options);
    }

    private IEnumerable<TextRow> Limited(ParseResult parsed, IEnumerable<TextRow> rows) => parsed.GetValue(spread) ? Spread([.. rows], parsed.GetValue(limit)) : rows.Take(parsed.GetValue(limit));

    private TextReadOptions Labelling(ParseResult parsed, TextClassifier model, string label) => Reading(parsed, model.Features, TextFormat.Guess) with
    {
        Label = label,
        Target = model.Target,
        LabelNames = model.Target == TargetKind.Number ? null : model.Labels,
    };

    private TextReadOptions Reading(ParseResult parsed, FeatureEncoder? features, TextFormat format) => UsageException.Guard(() =>
    {
        TextReadOptions options = new()
        {
            Text = parsed.GetValue(column) ?? "text",
            Label = null,
            Encoding = parsed.GetValue(encoding),
            Format = format,
            Categories = [.. features?.Categories.Select(c => c.Name) ?? []],
            Numbers = [.. features?.Numbers.Select(n => n.Name) ?? []],
        };
        options.Validate();
        return options;
    });

    public IEnumerable<ExplainedItem> Pictures(ParseResult parsed, IReadOnlyList<string> labels) => Of(parsed, path => images.Read(parsed, path, labels));

    public IEnumerable<ExplainedItem> Masks(ParseResult parsed, IReadOnlyList<string> labels) => Of(parsed, path => masks.Read(parsed, path, labels));

    public IEnumerable<ExplainedItem> Boxes(ParseResult parsed, IReadOnlyList<string> labels) => Of(parsed, path => BoxSource.Read(path, parsed.GetValue(rows), images.Reading.Read(parsed), labels));

    private static IEnumerable<TextRow> Spread(TextRow[] rows, int most)
    {
        int count = Math.Min(most, rows.Length);
        return Enumerable.Range(0, count).Select(i => rows[(int)((long)i * rows.Length / count)]);
    }

    private IEnumerable<ExplainedItem> Of(ParseResult parsed, Func<string, IPictureData> read) => parsed.GetValue(column) is null ? ExplainedItem.Of(read(parsed.GetValue(data)!), parsed.GetValue(limit))
        : throw new UsageException("the model reads pictures; --text is for tables of texts. Leave it away.");
}
