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
    private readonly TrainingPlan plan = new();
    private readonly ReportSettings report = new(isDefault: true);

    private TrainTextCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainTextCommand train = new(terminal);
        Command command = new("text", "Trains a text classifier on labelled texts: a bidirectional LSTM with attention, or a Transformer.") { train.data, train.dev, train.test, train.output };
        train.table.AddTo(command, splits: true);
        train.settings.AddTo(command);
        train.plan.AddTo(command);
        train.report.AddTo(command);
        foreach (Option option in new Option[] { train.log, train.threads, train.json, train.quiet })
            command.Add(option);
        command.SetAction(parsed => train.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        threads.Apply(parsed);
        string folder = parsed.GetValue(output)!;
        TextClassifierOptions options = plan.Read(parsed, settings.Read(parsed, plan.HasStart(parsed)), folder);
        plan.Check(parsed, parsed.GetValue(dev) is not null || parsed.GetValue(test) is not null);
        OutputFolder.Check(folder);
        string? page = report.Read(parsed, folder);
        using Interruption interruption = new(terminal, cancellation);
        (TextData all, TextData train, TextData devRows, TextData? testRows) = Read(parsed, options.Start);
        options = options with { Network = settings.NetworkFor(parsed, options, train.Target) };
        UsageException.Guard(() => Checked(options));
        CrossValidation? folds = plan.Folds(parsed) is { } count ? CrossValidation.Run(all, count, settings.Seed(parsed), options, message => Say(parsed, message), interruption.Token) : null;
        using TrainingLog? steps = parsed.GetValue(log) is { } path ? TrainingLog.Create(path) : null;
        ConsoleProgress? progress = parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);
        ITrainingObserver observer = Observers.Of(progress, steps);
        TextClassifier classifier = UsageException.Guard(() => plan.Trials(parsed) is { } trials
            ? TextSearch.Run(train, devRows, options, trials, trial => Say(parsed, TrainingPlan.Describe(trial)), steps, interruption.Token)
            : TextClassifier.Train(train, devRows, options, observer, interruption.Token));
        if (classifier.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        classifier.Save(folder);
        if (interruption.IsRequested)
        {
            Say(parsed, $"stopped in epoch {classifier.Record.Epochs.Count + 1} or before its end; the best weights so far are in {folder}");
            SayNext(parsed, folder);
            if (options.Checkpoint is not null && plan.Trials(parsed) is null)
                Say(parsed, "the same command with --resume goes on where this one stopped");
            return ExitCode.Interrupted;
        }
        CheckpointSettings.Delete(options.Checkpoint);
        EvaluationReport? measured = testRows is { Count: > 0 } && folds is null ? classifier.EvaluateAny(testRows) : null;
        if (page is not null)
            classifier.Report(measured is null ? null : testRows, new TextReportOptions { Title = Title(folder), Texts = report.Texts(parsed), Evaluation = measured }).Write(page);
        Write(parsed, classifier, folder, page, measured, folds);
        return interruption.IsRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static string Title(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static TextClassifierOptions Checked(TextClassifierOptions options)
    {
        options.Validate();
        return options;
    }

    private (TextData All, TextData Train, TextData Dev, TextData? Test) Read(ParseResult parsed, TextClassifier? start)
    {
        // Said once all files are read, so that a wrong one gets one message alone.
        List<string> said = [];
        Action<string> say = said.Add;
        TextData rows = TrainingPlan.ReadAll(labels => table.Read(parsed, parsed.GetValue(data)!, labels, say), start);
        string? devPath = parsed.GetValue(dev), testPath = parsed.GetValue(test);
        // The files first, so that a wrong one is found before the others are divided.
        TextData? devRows = devPath is null ? null : table.Read(parsed, devPath, rows.LabelNames, say);
        TextData? testRows = testPath is null ? null : table.Read(parsed, testPath, rows.LabelNames, say);
        foreach (TextData given in new[] { devRows, testRows }.OfType<TextData>())
            TableOptions.WarnOfShared(rows, given, say);
        said.Distinct(StringComparer.Ordinal).ToList().ForEach(message => Say(parsed, message));
        if (devRows is not null)
            return (rows, rows, devRows, testRows);
        ulong seed = settings.Seed(parsed);
        bool hasTest = testPath is null && plan.Folds(parsed) is null;
        TextSplit split = rows.Split(seed, dev: 0.1, test: hasTest ? 0.1 : 0);
        string shares = hasTest ? FormattableString.Invariant($", {split.Dev.Count:N0} for dev and {split.Test.Count:N0} for the test (80/10/10")
            : FormattableString.Invariant($" and {split.Dev.Count:N0} for dev (90/10");
        Say(parsed, FormattableString.Invariant($"no --dev: the rows are divided into {split.Train.Count:N0} for training{shares}, {table.SplitManner(parsed, seed)})"));
        return (rows, split.Train, split.Dev, testRows ?? split.Test);
    }

    private void Write(ParseResult parsed, TextClassifier classifier, string folder, string? page, EvaluationReport? report, CrossValidation? folds)
    {
        TrainingRecord record = classifier.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (parsed.GetValue(json))
        {
            JsonText.WriteObject(terminal.Out, writer => Write(writer, classifier, folder, page, best, report, folds), isIndented: true);
            return;
        }
        if (folds is not null)
            terminal.Out.WriteLine(folds.ToString());
        if (report is not null)
            terminal.Out.WriteLine($"test\n{report}\n");
        string scores = double.IsNaN(best.Accuracy) ? "" : FormattableString.Invariant($"accuracy {best.Accuracy:F4}, macro F1 {best.MacroF1:F4}, ");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev {scores}loss {best.DevLoss:F4}"));
        terminal.Out.WriteLine($"model {folder}");
        if (page is not null)
            terminal.Out.WriteLine($"report {page}");
        SayNext(parsed, folder);
    }

    private static void Write(Utf8JsonWriter writer, TextClassifier classifier, string folder, string? page, EpochReport best, EvaluationReport? report, CrossValidation? folds)
    {
        writer.WriteString("model", folder);
        if (page is not null)
            writer.WriteString("report", page);
        writer.WriteNumber("parameters", classifier.Network.ParameterCount);
        writer.WriteNumber("seed", classifier.Record.Options.Seed);
        writer.WriteNumber("epochs", classifier.Record.Epochs.Count);
        writer.WriteNumber("bestEpoch", best.Epoch);
        writer.WriteStartObject("dev");
        writer.WriteFinite("accuracy", best.Accuracy);
        writer.WriteFinite("macroF1", best.MacroF1);
        writer.WriteFinite("loss", best.DevLoss);
        writer.WriteEndObject();
        folds?.Write(writer);
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
