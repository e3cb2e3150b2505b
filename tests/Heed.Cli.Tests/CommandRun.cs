using System.Text;

namespace Heed.Cli.Tests;

/// <summary>What a command did: run in this process, with its output caught.</summary>
internal sealed record CommandRun(int Code, string Out, string Error)
{
    /// <summary>Runs a command as if all three streams were pipes.</summary>
    public static CommandRun Of(params string[] args) => With(args);

    /// <summary>Runs a command that is interrupted once standard error holds a text.</summary>
    public static CommandRun InterruptedAt(string text, params string[] args)
    {
        using CancellationTokenSource source = new();
        using WatchedWriter error = new(text, source.Cancel);
        return With(args, error: error, cancellation: source.Token);
    }

    public static CommandRun With(string[] args, string input = "", bool isTerminal = false, StringWriter? error = null, CancellationToken cancellation = default)
    {
        using StringWriter output = new();
        error ??= new StringWriter();
        Terminal terminal = new()
        {
            Out = output,
            Error = error,
            OpenIn = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
            IsOutTerminal = isTerminal,
            IsErrorTerminal = isTerminal,
            HasColor = isTerminal,
            Width = () => 100,
        };
        int code = CommandLine.Run(args, terminal, cancellation);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    private sealed class WatchedWriter(string awaited, Action found) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(awaited, StringComparison.Ordinal) == true)
                found();
        }
    }

    /// <summary>The lines of standard output without empty ones.</summary>
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Checks for the one message that a wrong input gets, and nothing else.</summary>
    public CommandRun ShouldRefuse(params string[] parts)
    {
        Code.ShouldBe(2, Error);
        Out.ShouldBeEmpty();
        Error.TrimEnd('\n').ShouldNotContain("\n", Case.Sensitive, "one line");
        Error.ShouldStartWith("heed: ");
        foreach (string part in parts)
            Error.ShouldContain(part);
        return this;
    }

    public CommandRun ShouldSucceed()
    {
        Code.ShouldBe(0, Error);
        return this;
    }
}
