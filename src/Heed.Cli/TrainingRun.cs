using System.CommandLine;

namespace Heed.Cli;

/// <summary>What every training command has around its training: where the model and the log go, how loud it is, and how it starts.</summary>
/// <param name="terminal">Where to write.</param>
/// <param name="logged">What the log holds beside the steps, as <c>epoch</c>.</param>
internal sealed class TrainingRun(Terminal terminal, string logged = "epoch")
{
    private readonly Option<string?> log = new("--log") { Description = $"Write each step and {logged} to a JSON Lines file.", HelpName = "file" };
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();

    public Option<string> Output { get; } = new("--out") { Description = "Folder for the model; one that holds a model is replaced.", HelpName = "folder", Required = true };

    /// <summary>Those that stand last in the help.</summary>
    public IEnumerable<Option> LastOptions => [log, threads, json, quiet];

    public Terminal Terminal => terminal;

    public string Folder(ParseResult parsed) => parsed.GetValue(Output)!;

    public bool IsJson(ParseResult parsed) => parsed.GetValue(json);

    public void UseThreads(ParseResult parsed) => threads.Apply(parsed);

    /// <summary>Says something on standard error, unless it shall be quiet.</summary>
    public void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }

    /// <summary>Makes sure that the model can be saved, and lets Ctrl+C end the run gently from now on.</summary>
    /// <exception cref="InputException">No model can be saved there.</exception>
    public TrainingSession Start(ParseResult parsed, CancellationToken cancellation)
    {
        OutputFolder.Check(Folder(parsed));
        return new TrainingSession(this, parsed, new Interruption(terminal, cancellation));
    }

    /// <summary>The log that was asked for; null for none.</summary>
    public TrainingLog? OpenLog(ParseResult parsed) => parsed.GetValue(log) is { } path ? TrainingLog.Create(path) : null;

    /// <summary>The progress on standard error; null where it shall be quiet.</summary>
    public ConsoleProgress? Progress(ParseResult parsed) => parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);
}
