using System.CommandLine;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed train text</c>: trains a text classifier on a labelled table.</summary>
internal sealed class TrainTextCommand
{
    private readonly Terminal terminal;
    private readonly Option<string> data = new("--data")
    {
        Description = "Training rows: TSV, CSV or JSON Lines, plain or gzip.",
        HelpName = "file",
        Required = true,
    };
    private readonly Option<string?> dev = new("--dev")
    {
        Description = "Rows that choose the best epoch; without it a tenth of the training rows.",
        HelpName = "file",
    };
    private readonly Option<string?> test = new("--test")
    {
        Description = "Rows for the report; without --dev and --test a tenth of the training rows.",
        HelpName = "file",
    };
    private readonly Option<string> output = new("--out")
    {
        Description = "Folder for the model; one that holds a model is replaced.",
        HelpName = "folder",
        Required = true,
    };
    private readonly Option<string?> log = new("--log") { Description = "Write each step and epoch to a JSON Lines file.", HelpName = "file" };
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
    private readonly TableOptions table = new();
    private readonly TrainingSettings settings = new();

    private TrainTextCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainTextCommand train = new(terminal);
        Command command = new("text", "Trains a bidirectional LSTM with attention on labelled texts.") { train.data, train.dev, train.test, train.output };
        train.table.AddTo(command, splits: true);
        train.settings.AddTo(command);
        foreach (Option option in new Option[] { train.log, train.threads, train.json, train.quiet })
            command.Add(option);
        command.SetAction(parsed => train.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        threads.Apply(parsed);
        TextClassifierOptions options = settings.Read(parsed);
        string folder = parsed.GetValue(output)!;
        OutputFolder.Check(folder);
        using Interruption interruption = new(terminal, cancellation);
        (TextData train, TextData devRows, TextData? testRows) = Read(parsed);
        using TrainingLog? steps = parsed.GetValue(log) is { } path ? TrainingLog.Create(path) : null;
        ConsoleProgress? progress = parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);
        TextClassifier classifier = TextClassifier.Train(train, devRows, options, Observers.Of(progress, steps), interruption.Token);
        if (classifier.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        classifier.Save(folder);
        if (interruption.IsRequested)
        {
            Say(parsed, $"stopped in epoch {classifier.Record.Epochs.Count + 1} or before its end; the best weights so far are in {folder}");
            SayNext(parsed, folder);
            Say(parsed, "a run cannot be resumed; the same command trains anew");
            return ExitCode.Interrupted;
        }
        EvaluationReport? report = testRows is { Count: > 0 } ? classifier.EvaluateAny(testRows) : null;
        Write(parsed, classifier, folder, report);
        return interruption.IsRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    private (TextData Train, TextData Dev, TextData? Test) Read(ParseResult parsed)
    {
        // Said once all files are read, so that a wrong one gets one message alone.
        List<string> said = [];
        Action<string> say = said.Add;
        TextData rows = table.Read(parsed, parsed.GetValue(data)!, say: say);
        string? devPath = parsed.GetValue(dev), testPath = parsed.GetValue(test);
        // The files first, so that a wrong one is found before the others are divided.
        TextData? devRows = devPath is null ? null : table.Read(parsed, devPath, rows.LabelNames, say);
        TextData? testRows = testPath is null ? null : table.Read(parsed, testPath, rows.LabelNames, say);
        foreach (TextData given in new[] { devRows, testRows }.OfType<TextData>())
            TableOptions.WarnOfShared(rows, given, say);
        said.ForEach(message => Say(parsed, message));
        if (devRows is not null)
            return (rows, devRows, testRows);
        ulong seed = settings.Seed(parsed);
        TextSplit split = rows.Split(seed, dev: 0.1, test: testPath is null ? 0.1 : 0);
        string shares = testPath is null ? FormattableString.Invariant($", {split.Dev.Count:N0} for dev and {split.Test.Count:N0} for the test (80/10/10")
            : FormattableString.Invariant($" and {split.Dev.Count:N0} for dev (90/10");
        Say(parsed, FormattableString.Invariant($"no --dev: the rows are divided into {split.Train.Count:N0} for training{shares}, {table.SplitManner(parsed, seed)})"));
        return (split.Train, split.Dev, testRows ?? split.Test);
    }

    private void Write(ParseResult parsed, TextClassifier classifier, string folder, EvaluationReport? report)
    {
        TrainingRecord record = classifier.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (parsed.GetValue(json))
        {
            JsonText.WriteObject(terminal.Out, writer => Write(writer, classifier, folder, best, report), isIndented: true);
            return;
        }
        if (report is not null)
            terminal.Out.WriteLine($"test\n{report}\n");
        terminal.Out.WriteLine(FormattableString.Invariant(
            $"best epoch {best.Epoch} of {record.Epochs.Count}: dev accuracy {best.Accuracy:F4}, macro F1 {best.MacroF1:F4}, loss {best.DevLoss:F4}"));
        terminal.Out.WriteLine($"model {folder}");
        SayNext(parsed, folder);
    }

    private static void Write(Utf8JsonWriter writer, TextClassifier classifier, string folder, EpochReport best, EvaluationReport? report)
    {
        writer.WriteString("model", folder);
        writer.WriteNumber("parameters", classifier.Network.ParameterCount);
        writer.WriteNumber("seed", classifier.Record.Options.Seed);
        writer.WriteNumber("epochs", classifier.Record.Epochs.Count);
        writer.WriteNumber("bestEpoch", best.Epoch);
        writer.WriteStartObject("dev");
        writer.WriteFinite("accuracy", best.Accuracy);
        writer.WriteFinite("macroF1", best.MacroF1);
        writer.WriteFinite("loss", best.DevLoss);
        writer.WriteEndObject();
        if (report is null)
            return;
        writer.WriteStartObject("test");
        ReportJson.Write(writer, report);
        writer.WriteEndObject();
    }

    private void SayNext(ParseResult parsed, string folder)
    {
        Say(parsed, $"next: heed eval {folder} --data FILE");
        Say(parsed, $"      heed predict {folder} --weights \"a text\"");
    }

    private void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }
}
