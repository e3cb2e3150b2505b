using System.CommandLine;

namespace Heed.Cli;

/// <summary>How pairs are read.</summary>
internal sealed class PairOptions
{
    private readonly Option<string> source = Source(), target = Target();
    private readonly Option<string?> encoding = TableOptions.Encoding();
    private readonly Option<bool> noHeader = new("--no-header") { Description = "The first line is a row; give the columns by number." };
    private readonly Option<bool> dropDuplicates = new("--drop-duplicates") { Description = "Drop pairs that were there before." };
    private readonly Option<bool> dropEmpty = new("--drop-empty") { Description = "Drop pairs with an empty side; otherwise they are refused." };

    public static Option<string> Source() => Column("--source", "Column of the source: a name, or a number from 1.", "source");

    public static Option<string> Target() => Column("--target", "Column of the target: a name, or a number from 1.", "target");

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { source, target, encoding, noHeader, dropDuplicates, dropEmpty })
            command.Add(option);
    }

    /// <summary>Reads a table, or two files of lines, written <c>sources,targets</c>.</summary>
    public PairData Read(ParseResult parsed, string path, Action<string> say)
    {
        PairReadOptions options = UsageException.Guard(() =>
        {
            PairReadOptions read = new()
            {
                Source = parsed.GetValue(source)!,
                Target = parsed.GetValue(target)!,
                Encoding = parsed.GetValue(encoding),
                Header = parsed.GetValue(noHeader) ? false : null,
                DropDuplicates = parsed.GetValue(dropDuplicates),
                DropEmpty = parsed.GetValue(dropEmpty),
            };
            read.Validate();
            return read;
        });
        return Read(path, options, say);
    }

    /// <summary>The same with options that are known.</summary>
    public static PairData Read(string path, PairReadOptions options, Action<string> say)
    {
        string[] two = path.Split(',');
        PairData data = two.Length == 2 && !File.Exists(path) ? PairData.ReadFiles(two[0], two[1], options) : PairData.Read(path, options);
        say($"{path}: {data.Counts}");
        return data;
    }

    private static Option<string> Column(string name, string description, string value) => new(name) { Description = description, HelpName = "column", DefaultValueFactory = _ => value };
}
