using System.CommandLine;

namespace Heed.Cli;

/// <summary>Where a command writes its HTML report, and which texts go into it.</summary>
internal sealed class ReportSettings
{
    private const string Never = "none", Ending = ".report.html";
    private static readonly string[] choices = ["none", "errors", "all"];
    private readonly Option<string?> path;
    private readonly Option<string> content;
    private readonly bool isDefault;

    /// <summary>The options of a command.</summary>
    /// <param name="isDefault">Whether a report is written unless told otherwise.</param>
    /// <param name="rows">What rows of the data are called, as <c>texts</c>.</param>
    public ReportSettings(bool isDefault, string rows = "texts")
    {
        this.isDefault = isDefault;
        content = new Option<string>("--report-" + rows)
        {
            Description = $"Which {rows} of the data the report holds: none, errors or all.",
            HelpName = "which",
            DefaultValueFactory = _ => "errors",
        };
        path = new Option<string?>("--report")
        {
            Description = isDefault ? "Write the HTML report to this file, or none. [default: the model's folder with .report.html behind its name]" : "Write an HTML report to this file.",
            HelpName = isDefault ? "file|none" : "file",
        };
    }

    public void AddTo(Command command)
    {
        command.Add(path);
        command.Add(content);
    }

    /// <summary>Where the report goes; null for none. Throws, before anything is done, when it could not be written there.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="folder">The model's folder.</param>
    public string? Read(ParseResult parsed, string folder)
    {
        Content(parsed);
        string? given = parsed.GetValue(path);
        if (given == Never || (given is null && !isDefault))
            return null;
        return Target(given, folder, path.Name);
    }

    /// <summary>A report's file: the one that was given, or that beside a folder. Throws when it could not be written there.</summary>
    /// <param name="given">What the user wrote; null for nothing.</param>
    /// <param name="folder">The folder of the model or trace.</param>
    /// <param name="option">The option's name, for messages.</param>
    public static string Target(string? given, string folder, string option)
    {
        string target = given ?? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Ending;
        Check(target, folder, option);
        return target;
    }

    /// <summary>A report's heading: the last name of the folder that it is of.</summary>
    public static string Title(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <summary>What it holds.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="folder">The model's folder.</param>
    public ReportOptions Options(ParseResult parsed, string folder) => new() { Title = Title(folder), Content = Content(parsed) };

    private ReportContent Content(ParseResult parsed)
    {
        string name = parsed.GetValue(content)!;
        int place = Array.IndexOf(choices, name);
        return place >= 0 ? (ReportContent)place : throw new UsageException($"{content.Name} must be none, errors or all, got '{name}'.");
    }

    private static void Check(string target, string folder, string option)
    {
        if (target.Length == 0 || target.Contains('\0', StringComparison.Ordinal))
            throw new UsageException($"{option} needs the name of a file.");
        if (Directory.Exists(target))
            throw new InputException($"is a folder; the report is a file. Choose another name for {option}.", target);
        string inside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        if (Path.GetFullPath(target).StartsWith(inside, StringComparison.Ordinal))
            throw new InputException($"lies in the folder that it is of, which holds nothing else. Choose another place for {option}.", target);
        if (File.Exists(target) && new FileInfo(target).Length > 0 && !HtmlReport.IsIn(target))
            throw new InputException($"exists and is no report of Heed, so it is not replaced. Choose another name for {option}.", target);
        OutputFolder.CheckWritable(target, "no report can be written there");
    }
}
