using System.CommandLine;

namespace Heed.Cli;

/// <summary>How a labelled table is read.</summary>
internal sealed class TableOptions
{
    private readonly Option<string> text = new("--text")
    {
        Description = "Column of the texts: a name, or a number from 1.",
        HelpName = "column",
        DefaultValueFactory = _ => "text",
    };
    private readonly Option<string> label = new("--label")
    {
        Description = "Column of the labels: a name, or a number from 1.",
        HelpName = "column",
        DefaultValueFactory = _ => "label",
    };
    private readonly Option<bool> quote = new("--quote") { Description = "Fields of a TSV may stand in double quotes, as in CSV." };
    private readonly Option<bool> noHeader = new("--no-header") { Description = "The first line is a row; give the columns by number." };

    public void AddTo(Command command)
    {
        command.Add(text);
        command.Add(label);
        command.Add(quote);
        command.Add(noHeader);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The file.</param>
    /// <param name="labelNames">The labels that may occur; null for all.</param>
    public TextData Read(ParseResult parsed, string path, IReadOnlyList<string>? labelNames = null)
    {
        if (path.Length == 0)
            throw new UsageException("the name of the data file is empty.");
        TextReadOptions options = UsageException.Guard(() =>
        {
            TextReadOptions read = new()
            {
                Text = parsed.GetValue(text)!,
                Label = parsed.GetValue(label) is { Length: > 0 } column ? column : throw new UsageException("--label must not be empty."),
                Quoted = parsed.GetValue(quote) ? true : null,
                Header = parsed.GetValue(noHeader) ? false : null,
                LabelNames = labelNames,
            };
            read.Validate();
            return read;
        });
        return TextData.Read(path, options);
    }
}
