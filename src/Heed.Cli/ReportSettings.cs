using System.CommandLine;

namespace Heed.Cli;

/// <summary>Where a command writes its HTML report, and which texts go into it.</summary>
internal sealed class ReportSettings
{
    private const string Never = "none", Ending = ".report.html";
    private static readonly string[] choices = ["none", "errors", "all"];
    private readonly Option<string?> path;
    private readonly Option<string> texts = new("--report-texts")
    {
        Description = "Which texts of the data the report holds: none, errors or all.",
        HelpName = "which",
        DefaultValueFactory = _ => "errors",
    };
    private readonly bool isDefault;

    /// <summary>The options of a command.</summary>
    /// <param name="isDefault">Whether a report is written unless told otherwise.</param>
    public ReportSettings(bool isDefault)
    {
        this.isDefault = isDefault;
        path = new Option<string?>("--report")
        {
            Description = isDefault ? "Write the HTML report to this file, or none. [default: the model's folder with .report.html behind its name]" : "Write an HTML report to this file.",
            HelpName = isDefault ? "file|none" : "file",
        };
    }

    public void AddTo(Command command)
    {
        command.Add(path);
        command.Add(texts);
    }

    /// <summary>Where the report goes; null for none. Throws, before anything is done, when it could not be written there.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="folder">The model's folder.</param>
    public string? Read(ParseResult parsed, string folder)
    {
        Texts(parsed);
        string? given = parsed.GetValue(path);
        if (given == Never || (given is null && !isDefault))
            return null;
        string target = given ?? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Ending;
        Check(target, folder);
        return target;
    }

    /// <summary>Which texts it holds.</summary>
    public ReportedTexts Texts(ParseResult parsed)
    {
        string name = parsed.GetValue(texts)!;
        int place = Array.IndexOf(choices, name);
        return place >= 0 ? (ReportedTexts)place : throw new UsageException($"--report-texts must be none, errors or all, got '{name}'.");
    }

    private static void Check(string target, string folder)
    {
        if (target.Length == 0 || target.Contains('\0', StringComparison.Ordinal))
            throw new UsageException("--report needs the name of a file.");
        if (Directory.Exists(target))
            throw new InputException("is a folder; the report is a file. Choose another name for --report.", target);
        string inside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        if (Path.GetFullPath(target).StartsWith(inside, StringComparison.Ordinal))
            throw new InputException("lies in the model's folder, which holds the model alone. Choose another place for --report.", target);
        if (File.Exists(target) && new FileInfo(target).Length > 0 && !HtmlReport.IsIn(target))
            throw new InputException("exists and is no report of Heed, so it is not replaced. Choose another name for --report.", target);
        OutputFolder.CheckWritable(target, "no report can be written there");
    }
}
