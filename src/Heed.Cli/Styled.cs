using Spectre.Console;

namespace Heed.Cli;

/// <summary>Tables and colours on standard output; plain aligned text where it is no terminal.</summary>
internal static class Styled
{
    /// <summary>A console that writes to the terminal's standard output.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="isWrapped">Whether lines end at the terminal's width; otherwise the terminal itself wraps them.</param>
    public static IAnsiConsole Console(Terminal terminal, bool isWrapped)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal.HasColor ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = terminal.HasColor ? terminal.Colors : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(terminal.Out),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = isWrapped ? Math.Clamp(terminal.Width(), 40, 1000) : 1 << 24;
        return console;
    }

    /// <summary>Writes a table.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="columns">The headings; one that begins with '>' is aligned to the right.</param>
    /// <param name="rows">The cells, plain text.</param>
    public static void WriteTable(Terminal terminal, string[] columns, IEnumerable<string[]> rows)
    {
        Table table = new() { Border = TableBorder.None };
        foreach (string column in columns)
        {
            bool isRight = column.StartsWith('>');
            TableColumn header = new(new Text(column.TrimStart('>'), new Style(decoration: Decoration.Bold)));
            // Names stay whole, so that they can be copied.
            header.NoWrap = table.Columns.Count == 0;
            table.AddColumn(isRight ? header.RightAligned() : header);
        }
        foreach (string[] row in rows)
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        Console(terminal, isWrapped: true).Write(table);
    }
}
