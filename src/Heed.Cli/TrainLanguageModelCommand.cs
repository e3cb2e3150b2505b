using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train lm</c>: trains a language model on a text.</summary>
internal sealed class TrainLanguageModelCommand
{
    private readonly Terminal terminal;
    private readonly Option<string> data = new("--data") { Description = "The text to learn from, UTF-8, plain or gzip.", HelpName = "file", Required = true };
    private readonly Option<string?> dev = new("--dev") { Description = "The text that chooses the best moment; without it the last tenth of --data.", HelpName = "file" };
    private readonly Option<string> output = new("--out") { Description = "Folder for the model; one that holds a model is replaced.", HelpName = "folder", Required = true };
    private readonly Option<string?> log = new("--log") { Description = "Write each step and look at the dev text to a JSON Lines file.", HelpName = "file" };
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
    private readonly LanguageModelSettings settings = new();

    private TrainLanguageModelCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainLanguageModelCommand train = new(terminal);
        Command command = new("lm", "Trains a language model on a text: a Transformer that writes, or with --masked one that reads.") { train.data, train.dev, train.output };
        train.settings.AddTo(command);
        foreach (Option option in new Option[] { train.log, train.threads, train.json, train.quiet })
            command.Add(option);
        command.SetAction(parsed => train.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        threads.Apply(parsed);
        string folder = parsed.GetValue(output)!;
        if (settings.IsMasked(parsed))
            return Run(parsed, settings.ReadMasked(parsed, folder), folder, cancellation);
        LanguageModelOptions options = settings.Read(parsed, folder);
        OutputFolder.Check(folder);
        using Interruption interruption = new(terminal, cancellation);
        string text = WholeText.Read(parsed.GetValue(data)!);
        string? devText = parsed.GetValue(dev) is { } path ? WholeText.Read(path) : null;
        using TrainingLog? steps = parsed.GetValue(log) is { } logPath ? TrainingLog.Create(logPath) : null;
        ConsoleProgress? progress = parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);
        ITrainingObserver observer = Observers.Of(progress, steps);
        LanguageModel model = UsageException.Guard(() => devText is null ? LanguageModel.Train(text, options, observer, interruption.Token) : LanguageModel.Train(text, devText, options, observer, interruption.Token));
        if (model.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        model.Save(folder);
        if (HasStopped(parsed, interruption, model.Record, options.Checkpoint, folder))
            return ExitCode.Interrupted;
        Write(parsed, model.Record, model.Network.ParameterCount, model.Tokenizer.VocabularySize, "next", folder);
        Say(parsed, $"next: heed generate {folder} \"a beginning\"");
        Say(parsed, $"      heed eval {folder} --data FILE");
        return ExitCode.Done;
    }

    private int Run(ParseResult parsed, MaskedLanguageModelOptions options, string folder, CancellationToken cancellation)
    {
        OutputFolder.Check(folder);
        using Interruption interruption = new(terminal, cancellation);
        string text = WholeText.Read(parsed.GetValue(data)!);
        string? devText = parsed.GetValue(dev) is { } path ? WholeText.Read(path) : null;
        using TrainingLog? steps = parsed.GetValue(log) is { } logPath ? TrainingLog.Create(logPath) : null;
        ConsoleProgress? progress = parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);
        ITrainingObserver observer = Observers.Of(progress, steps);
        MaskedLanguageModel model = UsageException.Guard(() =>
            devText is null ? MaskedLanguageModel.Train(text, options, observer, interruption.Token) : MaskedLanguageModel.Train(text, devText, options, observer, interruption.Token));
        if (model.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        model.Save(folder);
        if (HasStopped(parsed, interruption, model.Record, options.Checkpoint, folder))
            return ExitCode.Interrupted;
        Write(parsed, model.Record, model.Network.ParameterCount, model.Tokenizer.VocabularySize, "hidden", folder);
        Say(parsed, $"next: heed train text --model {folder} --data FILE --out MODEL");
        Say(parsed, $"      heed embed {folder} \"a text\"");
        return ExitCode.Done;
    }

    // Of a run that came to its end the checkpoint is of no use any more.
    private bool HasStopped(ParseResult parsed, Interruption interruption, TrainingRecord record, CheckpointOptions? checkpoint, string folder)
    {
        if (!interruption.IsRequested)
        {
            CheckpointSettings.Delete(checkpoint);
            return false;
        }
        Say(parsed, $"stopped after {record.Epochs.Count} looks at the dev text; the best weights so far are in {folder}");
        if (checkpoint is not null)
            Say(parsed, "the same command with --resume goes on where this one stopped");
        return true;
    }

    private void Write(ParseResult parsed, TrainingRecord record, long parameters, int vocabulary, string which, string folder)
    {
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (parsed.GetValue(json))
        {
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteString("model", folder);
                writer.WriteNumber("parameters", parameters);
                writer.WriteNumber("vocabulary", vocabulary);
                writer.WriteNumber("seed", record.Options.Seed);
                writer.WriteStartObject("dev");
                writer.WriteFinite("loss", best.DevLoss);
                writer.WriteFinite("perplexity", Math.Exp(best.DevLoss));
                writer.WriteFinite("accuracy", best.Accuracy);
                writer.WriteEndObject();
            }, isIndented: true);
            return;
        }
        terminal.Out.WriteLine(FormattableString.Invariant($"best at look {best.Epoch} of {record.Epochs.Count}: dev loss {best.DevLoss:F4}, perplexity {Math.Exp(best.DevLoss):F2}, {which} token right {best.Accuracy:F4}"));
        terminal.Out.WriteLine($"model {folder}");
    }

    private void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }
}
