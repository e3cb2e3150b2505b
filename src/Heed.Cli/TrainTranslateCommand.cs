using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train translate</c>: trains an encoder–decoder with attention on pairs.</summary>
internal sealed class TrainTranslateCommand
{
    private readonly Terminal terminal;
    private readonly Option<string> data = File("--data", "Training pairs: TSV, CSV or JSON Lines; or two files of lines, written SOURCES,TARGETS. Plain or gzip.", isRequired: true);
    private readonly Option<string> dev = File("--dev", "Pairs that choose the best epoch; without it a tenth of the training pairs.");
    private readonly Option<string> test = File("--test", "Pairs for the report; without --dev and --test a tenth of the training pairs.");
    private readonly Option<string> output = new("--out") { Description = "Folder for the model; one that holds a model is replaced.", HelpName = "folder", Required = true };
    private readonly Option<string?> log = new("--log") { Description = "Write each step and epoch to a JSON Lines file.", HelpName = "file" };
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
    private readonly PairOptions pairs = new();
    private readonly TranslatorSettings settings = new();
    private readonly DecodingSettings decoding = new();

    private TrainTranslateCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainTranslateCommand train = new(terminal);
        Command command = new("translate", "Trains an encoder-decoder with attention on pairs of texts.") { train.data, train.dev, train.test, train.output };
        train.pairs.AddTo(command);
        train.settings.AddTo(command);
        train.decoding.AddTo(command, draws: false);
        foreach (Option option in new Option[] { train.log, train.threads, train.json, train.quiet })
            command.Add(option);
        command.SetAction(parsed => train.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        threads.Apply(parsed);
        string folder = parsed.GetValue(output)!;
        TranslatorOptions options = settings.Read(parsed, folder, decoding.Read(parsed, new DecodingOptions()));
        OutputFolder.Check(folder);
        using Interruption interruption = new(terminal, cancellation);
        (PairData train, PairData devRows, PairData? testRows) = Read(parsed);
        using TrainingLog? steps = parsed.GetValue(log) is { } path ? TrainingLog.Create(path) : null;
        ConsoleProgress? progress = parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);
        Translator translator = UsageException.Guard(() => Translator.Train(train, devRows, options, Observers.Of(progress, steps), interruption.Token));
        if (translator.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        translator.Save(folder);
        if (interruption.IsRequested)
        {
            Say(parsed, $"stopped in epoch {translator.Record.Epochs.Count + 1} or before its end; the best weights so far are in {folder}");
            if (options.Checkpoint is not null)
                Say(parsed, "the same command with --resume goes on where this one stopped");
            return ExitCode.Interrupted;
        }
        CheckpointSettings.Delete(options.Checkpoint);
        TranslationReport? report = testRows is { Count: > 0 } ? translator.Evaluate(testRows) : null;
        Write(parsed, translator, folder, report);
        return interruption.IsRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    private (PairData Train, PairData Dev, PairData? Test) Read(ParseResult parsed)
    {
        // Said once all files are read, so that a wrong one gets one message alone.
        List<string> said = [];
        PairData rows = pairs.Read(parsed, parsed.GetValue(data)!, said.Add);
        PairData? devRows = parsed.GetValue(dev) is { } devPath ? pairs.Read(parsed, devPath, said.Add) : null;
        PairData? testRows = parsed.GetValue(test) is { } testPath ? pairs.Read(parsed, testPath, said.Add) : null;
        foreach (PairData given in new[] { devRows, testRows }.OfType<PairData>())
        {
            if (given.CountShared(rows) is > 0 and int shared)
                said.Add(FormattableString.Invariant($"warning: {shared:N0} of {given.Count:N0} sources of {given.SourcePath} are in the training pairs, too"));
        }
        said.ForEach(message => Say(parsed, message));
        if (devRows is not null)
            return (rows, devRows, testRows);
        PairSplit split = rows.Split(settings.Seed(parsed), dev: 0.1, test: testRows is null ? 0.1 : 0);
        string parts = FormattableString.Invariant($"{split.Train.Count:N0} for training, {split.Dev.Count:N0} for dev and {split.Test.Count:N0} for the test");
        Say(parsed, FormattableString.Invariant($"no --dev: the pairs are divided into {parts}, equal sources together, seed {settings.Seed(parsed)}"));
        return (split.Train, split.Dev, testRows ?? split.Test);
    }

    private void Write(ParseResult parsed, Translator translator, string folder, TranslationReport? report)
    {
        TrainingRecord record = translator.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (parsed.GetValue(json))
        {
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteString("model", folder);
                writer.WriteNumber("parameters", translator.Network.ParameterCount);
                writer.WriteNumber("seed", record.Options.Seed);
                writer.WriteNumber("epochs", record.Epochs.Count);
                writer.WriteNumber("bestEpoch", best.Epoch);
                writer.WriteStartObject("dev");
                writer.WriteFinite("loss", best.DevLoss);
                writer.WriteFinite("tokenAccuracy", best.Accuracy);
                writer.WriteEndObject();
                if (report is null)
                    return;
                writer.WriteStartObject("test");
                ReportJson.Write(writer, report);
                writer.WriteEndObject();
            }, isIndented: true);
            return;
        }
        if (report is not null)
            terminal.Out.WriteLine($"test\n{report}\n");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev loss {best.DevLoss:F4}, next token right {best.Accuracy:F4}"));
        terminal.Out.WriteLine($"model {folder}");
        Say(parsed, $"next: heed translate {folder} --weights \"a text\"");
        Say(parsed, $"      heed eval {folder} --data FILE");
    }

    private void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }

    private static Option<string> File(string name, string description, bool isRequired = false) => new(name) { Description = description, HelpName = "file", Required = isRequired };
}
