using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Reflection;

namespace Heed.Cli;

/// <summary>The <c>heed</c> command: its commands, and what their errors mean for the exit code.</summary>
internal static class CommandLine
{
    private const string Name = "heed";
    private const int BrokenPipe = 32;

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
            int code = Invoke(args, terminal, cancellation);
            terminal.Out.Flush();
            return code;
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            // The reader has what it wanted.
            return ExitCode.Done;
        }
        catch (Exception e)
        {
            // What was answered before the error stands before its message.
            terminal.Out.Flush();
            return Report(e, terminal);
        }
    }

    private static int Invoke(string[] args, Terminal terminal, CancellationToken cancellation)
    {
        // Half of the time to a first answer is compiling, which can go on beside reading the command line and the model.
        if (args.FirstOrDefault() == "predict")
            _ = TextClassifier.WarmUpAsync();
        ParseResult parsed = Create(args, terminal, cancellation).Parse(args);
        if (parsed.Errors.Count > 0)
            throw new UsageException(Message(parsed));
        return parsed.Invoke(new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    // A plain command as the root: the library's own root would be named after the file that runs.
    private static Command Create(string[] args, Terminal terminal, CancellationToken cancellation)
    {
        Option<bool> version = new("--version") { Description = "Show the version." };
        Command root = new(Name, "Heed: attention models that you train, evaluate and look into.") { version, new HelpOption() };
        foreach (Command command in Commands(args.FirstOrDefault(), terminal, cancellation))
            root.Add(command);
        root.SetAction(parsed => parsed.GetValue(version) ? ShowVersion(terminal) : ShowHelp(root, terminal));
        return root;
    }

    // The command that is asked for alone: making the options of all takes longer than some of them run. All of them, where help or a message may list them.
    private static IEnumerable<Command> Commands(string? wanted, Terminal terminal, CancellationToken cancellation)
    {
        (string Name, Func<Command> Create)[] all =
        [
            ("demo", () => DemoCommand.Create(terminal, cancellation)),
            ("train", () => new Command("train", "Trains a model.") { TrainTextCommand.Create(terminal, cancellation), TrainTranslateCommand.Create(terminal, cancellation), TrainLanguageModelCommand.Create(terminal, cancellation), TrainImageCommand.Create(terminal, cancellation), TrainSegmentCommand.Create(terminal, cancellation), TrainDetectCommand.Create(terminal, cancellation) }),
            ("eval", () => EvalCommand.Create(terminal)),
            ("compare", () => CompareCommand.Create(terminal)),
            ("predict", () => PredictCommand.Create(terminal)),
            ("explain", () => ExplainCommand.Create(terminal, cancellation)),
            ("embed", () => EmbedCommand.Create(terminal)),
            ("translate", () => TranslateCommand.Create(terminal)),
            ("generate", () => GenerateCommand.Create(terminal, cancellation)),
            ("describe", () => DescribeCommand.Create(terminal)),
            ("report", () => ReportCommand.Create(terminal)),
            ("average", () => AverageCommand.Create(terminal)),
            ("mechanisms", () => MechanismsCommand.Create(terminal)),
            ("tokenizer", () => TokenizerCommand.Create(terminal, cancellation)),
            ("bench", () => BenchCommand.Create(terminal, cancellation)),
            ("verify", () => VerifyCommand.Create(terminal)),
            ("version", () => VersionCommand(terminal)),
        ];
        Func<Command>? one = all.FirstOrDefault(command => command.Name == wanted).Create;
        return one is null ? all.Select(command => command.Create()) : [one()];
    }

    private static Command VersionCommand(Terminal terminal)
    {
        Command command = new("version", "Shows the version.");
        command.SetAction(_ => ShowVersion(terminal));
        return command;
    }

    private static int ShowVersion(Terminal terminal)
    {
        terminal.Out.WriteLine(Version);
        return ExitCode.Done;
    }

    // Without a command there is nothing to do, which is wrong usage; the help says what there is.
    private static int ShowHelp(Command root, Terminal terminal)
    {
        root.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = terminal.Error, Error = terminal.Error });
        return ExitCode.WrongInput;
    }

    private static string Version =>
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    // One message, of what was typed rather than of what is missing because of it.
    private static string Message(ParseResult parsed)
    {
        string message = parsed.UnmatchedTokens.Count > 0 ? $"there is no command, option or argument '{parsed.UnmatchedTokens[0]}'"
            : parsed.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.')
                .Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal)
                .Replace("as expected type 'System.UInt64'", "as a whole number from 0", StringComparison.Ordinal);
        string path = "";
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult result; at = at.Parent)
            path = result.Command.Name + " " + path;
        return $"{message}. See '{path}--help'.";
    }

    // The user's input is right, so this is no wrong input. ENOSPC and EDQUOT of Unix, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL of Windows.
    private static bool IsDiskFull(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is IOException && (OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 112 or 39 : e.HResult is 28 or 122))
                return true;
        }
        return false;
    }

    private static int Report(Exception exception, Terminal terminal)
    {
        (int code, string message) = exception switch
        {
            _ when IsDiskFull(exception) => (ExitCode.Failed, exception is InputException ? exception.Message : "the disk is full: " + exception.Message),
            InputException or UsageException => (ExitCode.WrongInput, exception.Message),
            OperationCanceledException => (ExitCode.Interrupted, exception.Message),
            // A loss or a gradient that is not finite: the trainer's message says what to do.
            ArithmeticException => (ExitCode.Failed, exception.Message),
            _ => (ExitCode.Failed, $"unexpected {exception.GetType().Name}: {exception.Message} (HEED_DEBUG=1 shows where)"),
        };
        terminal.Say($"{Name}: " + message.ReplaceLineEndings(" "));
        if (terminal.IsDebug)
            terminal.Error.WriteLine(exception.ToString());
        return code;
    }
}
