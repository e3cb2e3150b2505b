using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train text</c>: trains a text classifier on a labelled table.</summary>
internal sealed class TrainTextCommand
{
    private readonly Terminal terminal;
    private readonly TrainingRun run;
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
    private readonly TableOptions table = new();
    private readonly TrainingSettings settings = new();
    private readonly TrainingPlan plan = new();
    private readonly ReportSettings report = new(isDefault: true);
    private readonly DevShare devShare;

    private TrainTextCommand(Terminal terminal) => (this.terminal, run, devShare) = (terminal, new TrainingRun(terminal), new DevShare("rows", dev));

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainTextCommand train = new(terminal);
        Command command = new("text", "Trains a text classifier on labelled texts: a bidirectional LSTM with attention, or a Transformer.") { train.data, train.dev, train.devShare.Option, train.test, train.run.Output };
        train.table.AddTo(command, splits: true);
        train.settings.AddTo(command);
        train.plan.AddTo(command);
        train.report.AddTo(command);
        foreach (Option option in train.run.LastOptions)
            command.Add(option);
        command.SetAction(parsed => train.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        run.UseThreads(parsed);
        double share = devShare.Read(parsed);
        TextClassifierOptions options = plan.Read(parsed, settings.Read(parsed, plan.HasStart(parsed)), run.Folder(parsed));
        plan.Check(parsed, parsed.GetValue(dev) is not null || parsed.GetValue(test) is not null);
        using TrainingSession session = run.Start(parsed, cancellation);
        string? page = report.Read(parsed, session.Folder);
        (TextData all, TextData train, TextData devRows, TextData? testRows) = Read(parsed, share, options.Start);
        options = options with { Network = settings.NetworkFor(parsed, options, train.Target) };
        UsageException.Guard(() => Checked(options));
        if (options.Pretrained is { } encoder)
            UnexpectedTensors.Say(message => run.Say(parsed, message), encoder);
        CrossValidation? folds = plan.Folds(parsed) is { } count ? CrossValidation.Run(all, count, settings.Seed(parsed), options, message => run.Say(parsed, message), session.Token) : null;
        int? trials = plan.Trials(parsed);
        TextClassifier classifier = trials is { } most ? Search(parsed, session, train, devRows, options, most)
            : session.Train((observer, token) => TextClassifier.Train(train, devRows, options, observer, token));
        if (!session.Save(classifier.Record, classifier.Save, trials is null ? options.Checkpoint : null, sayNext: () => SayNext(parsed, session.Folder)))
            return session.ExitCode;
        CheckpointSettings.Delete(options.Checkpoint);
        EvaluationReport? measured = testRows is { Count: > 0 } && folds is null ? classifier.EvaluateAny(testRows) : null;
        if (page is not null)
            classifier.Report(measured is null ? null : testRows, report.Options(parsed, session.Folder) with { Evaluation = measured }).Write(page);
        Write(parsed, session, classifier, page, measured, folds);
        return session.ExitCode;
    }

    // Trials are said one by one, in place of the progress of each.
    private TextClassifier Search(ParseResult parsed, TrainingSession session, TextData train, TextData devRows, TextClassifierOptions options, int trials)
    {
        using TrainingLog? steps = run.OpenLog(parsed);
        return UsageException.Guard(() => TextSearch.Run(train, devRows, options, trials, trial => run.Say(parsed, TrainingPlan.Describe(trial)), steps, session.Token));
    }

    private static TextClassifierOptions Checked(TextClassifierOptions options)
    {
        options.Validate();
        return options;
    }

    private (TextData All, TextData Train, TextData Dev, TextData? Test) Read(ParseResult parsed, double share, TextClassifier? start)
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
        said.Distinct(StringComparer.Ordinal).ToList().ForEach(message => run.Say(parsed, message));
        if (devRows is not null)
            return (rows, rows, devRows, testRows);
        ulong seed = settings.Seed(parsed);
        bool hasTest = testPath is null && plan.Folds(parsed) is null;
        TextSplit split = rows.Split(seed, dev: share, test: hasTest ? 0.1 : 0);
        string parts = hasTest ? FormattableString.Invariant($", {split.Dev.Count:N0} for dev and {split.Test.Count:N0} for the test") : FormattableString.Invariant($" and {split.Dev.Count:N0} for dev");
        double kept = 1 - share - (hasTest ? 0.1 : 0);
        string shares = parts + FormattableString.Invariant($" ({100 * kept:0.#}/{100 * share:0.#}") + (hasTest ? "/10" : "");
        run.Say(parsed, FormattableString.Invariant($"no --dev: the rows are divided into {split.Train.Count:N0} for training{shares}, {table.SplitManner(parsed, seed)})"));
        return (rows, split.Train, split.Dev, testRows ?? split.Test);
    }

    private void Write(ParseResult parsed, TrainingSession session, TextClassifier classifier, string? page, EvaluationReport? measured, CrossValidation? folds)
    {
        TrainingRecord record = classifier.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (run.IsJson(parsed))
        {
            session.WriteJson(record, classifier.Network.ParameterCount, static (writer, best) =>
            {
                writer.WriteFinite("accuracy", best.Accuracy);
                writer.WriteFinite("macroF1", best.MacroF1);
                writer.WriteFinite("loss", best.DevLoss);
            }, measured is null ? null : writer => ReportJson.Write(writer, measured), writer => folds?.Write(writer), page);
            return;
        }
        if (folds is not null)
            terminal.Out.WriteLine(folds.ToString());
        if (measured is not null)
            terminal.Out.WriteLine($"test\n{measured}\n");
        string scores = double.IsNaN(best.Accuracy) ? "" : FormattableString.Invariant($"accuracy {best.Accuracy:F4}, macro F1 {best.MacroF1:F4}, ");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev {scores}loss {best.DevLoss:F4}"));
        terminal.Out.WriteLine($"model {session.Folder}");
        if (page is not null)
            terminal.Out.WriteLine($"report {page}");
        SayNext(parsed, session.Folder);
    }

    private void SayNext(ParseResult parsed, string folder)
    {
        run.Say(parsed, $"next: heed eval {folder} --data FILE");
        run.Say(parsed, $"      heed predict {folder} --weights \"a text\"");
    }
}
