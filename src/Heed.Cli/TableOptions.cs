using System.CommandLine;

namespace Heed.Cli;

/// <summary>How a labelled table is read.</summary>
internal sealed class TableOptions
{
    private readonly Option<string[]> text = new("--text")
    {
        Description = "Column of the texts: a name, or a number from 1. Given several times, the columns are joined. [default: text]",
        HelpName = "column",
    };
    private readonly Option<string?> pair = Column("--pair", "Column of a second text, which is set beside the first.");
    private readonly Option<string> label = new("--label")
    {
        Description = "Column of the labels: a name, or a number from 1.",
        HelpName = "column",
        DefaultValueFactory = _ => "label",
    };
    private readonly Option<string> target = new("--target")
    {
        Description = "What a label is: single, multi (a set, written a|b), ordinal, or number.",
        HelpName = "kind",
        DefaultValueFactory = _ => "single",
    };
    private readonly Option<string?> labels = new("--labels")
    {
        Description = "The labels in their order, between commas; for ordinal labels from low to high.",
        HelpName = "names",
    };
    private readonly Option<string[]> categories = Columns("--category", "Further column of categories; may be given several times.");
    private readonly Option<string[]> numbers = Columns("--number", "Further column of numbers; may be given several times.");
    private readonly Option<string?> group = Column("--group", "Rows with one value in this column stay in one part of a split.");
    private readonly Option<string?> time = Column("--time", "The split puts the newest rows by this column into the test, the oldest into training.");
    private readonly Option<string?> encoding = Encoding();
    private readonly Option<string?> separator = new("--separator")
    {
        Description = "What stands between fields: a character, or tab. [default: by the first line]",
        HelpName = "character",
    };
    private readonly Option<bool> quote = new("--quote") { Description = "Fields of a TSV may stand in double quotes, as in CSV." };
    private readonly Option<bool> noHeader = new("--no-header") { Description = "The first line is a row; give the columns by number." };
    private readonly Option<bool> dropDuplicates = new("--drop-duplicates") { Description = "Drop rows whose text and label were there before." };
    private readonly Option<bool> dropEmpty = new("--drop-empty") { Description = "Drop rows without text." };

    /// <summary>The option for the encoding, which reading texts alone has, too.</summary>
    public static Option<string?> Encoding() => new("--encoding")
    {
        Description = "Encoding of the file, as gb18030 or windows-1252. [default: utf-8, or utf-16 by its byte order mark]",
        HelpName = "name",
    };

    /// <summary>Adds the options of reading; those of splitting if the command splits.</summary>
    public void AddTo(Command command, bool splits = false)
    {
        Option[] reading = [text, pair, label, target, labels, categories, numbers, encoding, separator, quote, noHeader, dropDuplicates, dropEmpty];
        foreach (Option option in splits ? reading.Concat([group, time]) : reading)
            command.Add(option);
    }

    /// <summary>What the options mean for pairs: --target is then a column.</summary>
    public PairReadOptions Pairs(ParseResult parsed, string source) => UsageException.Guard(() =>
    {
        PairReadOptions options = new()
        {
            Source = source,
            Target = parsed.GetResult(target) is { Implicit: false } ? parsed.GetValue(target)! : "target",
            Encoding = parsed.GetValue(encoding),
            Header = parsed.GetValue(noHeader) ? false : null,
            DropDuplicates = parsed.GetValue(dropDuplicates),
            DropEmpty = parsed.GetValue(dropEmpty),
        };
        options.Validate();
        return options;
    });

    /// <summary>Reads a file.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The file.</param>
    /// <param name="labelNames">The labels that may occur; null for all.</param>
    /// <param name="say">Gets one line: what the file is, and how many rows were read, kept and dropped.</param>
    public TextData Read(ParseResult parsed, string path, IReadOnlyList<string>? labelNames = null, Action<string>? say = null) =>
        Read(path, say, () => Options(parsed, labelNames));

    /// <summary>Reads a file for a model, which knows its target, its labels and its further columns.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The file.</param>
    /// <param name="model">The model that will answer.</param>
    /// <param name="say">Gets one line: what the file is, and how many rows were read, kept and dropped.</param>
    public TextData ReadFor(ParseResult parsed, string path, TextClassifier model, Action<string>? say = null) => Read(path, say, () =>
    {
        TextReadOptions options = Options(parsed, null);
        return options with
        {
            Target = model.Target,
            LabelNames = model.Target == TargetKind.Number ? null : model.Labels,
            Categories = options.Categories.Count > 0 ? options.Categories : [.. model.Features.Categories.Select(c => c.Name)],
            Numbers = options.Numbers.Count > 0 ? options.Numbers : [.. model.Features.Numbers.Select(n => n.Name)],
        };
    });

    private static TextData Read(string path, Action<string>? say, Func<TextReadOptions> choose)
    {
        if (path.Length == 0)
            throw new UsageException("the name of the data file is empty.");
        TextReadOptions options = UsageException.Guard(() =>
        {
            TextReadOptions read = choose();
            read.Validate();
            return read;
        });
        TextData data = TextData.Read(path, options);
        say?.Invoke($"{path}: {data.Format}; {data.Counts}");
        return data;
    }

    /// <summary>Warns where a file for dev or test holds texts of the training file.</summary>
    public static void WarnOfShared(TextData train, TextData other, Action<string> say)
    {
        int shared = other.CountShared(train);
        if (shared > 0)
        {
            say(FormattableString.Invariant(
                $"warning: {shared:N0} of the {other.Count:N0} rows of {other.SourcePath} have a text of {train.SourcePath}; figures on them look better than they are"));
        }
    }

    /// <summary>How a split divides the rows, for people.</summary>
    public string SplitManner(ParseResult parsed, ulong seed) => parsed.GetValue(time) is { } column ? $"by '{column}', oldest rows first"
        : FormattableString.Invariant($"by seed {seed}") + (parsed.GetValue(group) is { } groups ? $", one '{groups}' in one part" : "");

    private TextReadOptions Options(ParseResult parsed, IReadOnlyList<string>? labelNames)
    {
        string[] texts = parsed.GetValue(text) is { Length: > 0 } given ? given : ["text"];
        TargetKind kind = parsed.GetValue(target) switch
        {
            "single" => TargetKind.Single,
            "multi" => TargetKind.Multi,
            "ordinal" => TargetKind.Ordinal,
            "number" => TargetKind.Number,
            string other => throw new UsageException($"--target must be single, multi, ordinal or number, got '{other}'."),
            null => throw new UsageException("--target must be single, multi, ordinal or number."),
        };
        return new TextReadOptions
        {
            Text = texts[0],
            MoreText = texts[1..],
            Pair = parsed.GetValue(pair),
            Label = parsed.GetValue(label) is { Length: > 0 } column ? column : throw new UsageException("--label must not be empty."),
            Target = kind,
            LabelNames = kind == TargetKind.Number ? null : labelNames ?? parsed.GetValue(labels)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            Categories = parsed.GetValue(categories) ?? [],
            Numbers = parsed.GetValue(numbers) ?? [],
            Group = parsed.GetValue(group),
            Time = parsed.GetValue(time),
            Encoding = parsed.GetValue(encoding),
            Separator = Character(parsed.GetValue(separator)),
            Quoted = parsed.GetValue(quote) ? true : null,
            Header = parsed.GetValue(noHeader) ? false : null,
            DropDuplicates = parsed.GetValue(dropDuplicates),
            DropEmptyTexts = parsed.GetValue(dropEmpty),
        };
    }

    private static char? Character(string? separator) => separator switch
    {
        null => null,
        "tab" or "\\t" => '\t',
        [char one] => one,
        _ => throw new UsageException($"--separator must be one character, or tab, got '{separator}'."),
    };

    private static Option<string?> Column(string name, string description) => new(name) { Description = description, HelpName = "column" };

    private static Option<string[]> Columns(string name, string description) => new(name) { Description = description, HelpName = "column" };
}
