using System.CommandLine;
using System.Globalization;
using System.Reflection;

namespace Heed.Cli;

/// <summary>The <c>heed</c> command: its commands, and what their errors mean for the exit code.</summary>
internal static class CommandLine
{
    /// <summary>Runs one command.</summary>
    /// <param name="args">What stands behind <c>heed</c>.</param>
    /// <param name="terminal">Where to read and write.</param>
    /// <param name="cancellation">The same as the first Ctrl+C.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] args, Terminal terminal, CancellationToken cancellation = default)
    {
        // Messages are English and numbers have a point, whatever the host's culture.
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        try
        {
            return Invoke(args, terminal, cancellation);
        }
        catch (Exception e)
        {
            return Report(e, terminal);
        }
        finally
        {
            terminal.Out.Flush();
            terminal.Error.Flush();
        }
    }

    private static int Invoke(string[] args, Terminal terminal, CancellationToken cancellation)
    {
        RootCommand root = Create(terminal, cancellation);
        InvocationConfiguration configuration = new()
        {
            Output = args.Length == 0 ? terminal.Error : terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        ParseResult parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
            throw new UsageException(Message(parsed));
        int code = parsed.Invoke(configuration);
        return args.Length == 0 ? ExitCode.WrongInput : code;
    }

    private static RootCommand Create(Terminal terminal, CancellationToken cancellation)
    {
        Command train = new("train", "Trains a model.") { TrainTextCommand.Create(terminal, cancellation) };
        Command version = new("version", "Shows the version.");
        version.SetAction(_ =>
        {
            terminal.Out.WriteLine(Version);
            return ExitCode.Done;
        });
        RootCommand root = new("Heed: attention models that you train, evaluate and look into.")
        {
            DemoCommand.Create(terminal, cancellation),
            train,
            EvalCommand.Create(terminal),
            PredictCommand.Create(terminal),
            DescribeCommand.Create(terminal),
            version,
        };
        return root;
    }

    private static string Version => typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    // A mistyped command is also a missing one; the last error names what was typed.
    private static string Message(ParseResult parsed)
    {
        string message = parsed.Errors[^1].Message.ReplaceLineEndings(" ").TrimEnd('.')
            .Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal)
            .Replace("as expected type 'System.UInt64'", "as a whole number from 0", StringComparison.Ordinal)
            .Replace("as expected type 'System.Double'", "as a number", StringComparison.Ordinal);
        List<string> path = [];
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is System.CommandLine.Parsing.CommandResult { Command: not RootCommand } command; at = at.Parent)
            path.Insert(0, command.Command.Name + " ");
        return $"{message}. See 'heed {string.Concat(path)}--help'.";
    }

    private static int Report(Exception exception, Terminal terminal)
    {
        (int code, string message) = exception switch
        {
            InputException or UsageException => (ExitCode.WrongInput, exception.Message),
            OperationCanceledException => (ExitCode.Interrupted, "interrupted."),
            // A loss or a gradient that is not finite: the trainer's message says what to do.
            ArithmeticException => (ExitCode.Failed, exception.Message),
            _ => (ExitCode.Failed, $"unexpected {exception.GetType().Name}: {exception.Message} (HEED_DEBUG=1 shows where)"),
        };
        terminal.Say("heed: " + message.ReplaceLineEndings(" "));
        if (terminal.IsDebug)
            terminal.Error.WriteLine(exception);
        return code;
    }
}
