using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train translate</c>: trains an encoder–decoder with attention on pairs.</summary>
internal sealed class TrainTranslateCommand
{
    private readonly Terminal terminal;
    private readonly TrainingRun run;
    private readonly Option<string> data = File("--data", "Training pairs: TSV, CSV or JSON Lines; or two files of lines, written SOURCES,TARGETS. Plain or gzip.", isRequired: true);
    private readonly Option<string> dev = File("--dev", "Pairs that choose the best epoch; without it a tenth of the training pairs.");
    private readonly Option<string> test = File("--test", "Pairs for the report; without --dev and --test a tenth of the training pairs.");
    private readonly PairOptions pairs = new();
    private readonly TranslatorSettings settings = new();
    private readonly DecodingSettings decoding = new();
    private readonly ReportSettings report = new(isDefault: true);
    private readonly DevShare devShare;

    private TrainTranslateCommand(Terminal terminal) => (this.terminal, run, devShare) = (terminal, new TrainingRun(terminal), new DevShare("pairs", dev));

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainTranslateCommand train = new(terminal);
        Command command = new("translate", "Trains an encoder-decoder with attention on pairs of texts.") { train.data, train.dev, train.devShare.Option, train.test, train.run.Output };
        train.pairs.AddTo(command);
        train.settings.AddTo(command);
        train.decoding.AddTo(command, draws: false);
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
        TranslatorOptions options = settings.Read(parsed, run.Folder(parsed), decoding.Read(parsed, new DecodingOptions()));
        using TrainingSession session = run.Start(parsed, cancellation);
        string? page = report.Read(parsed, session.Folder);
        (PairData train, PairData devRows, PairData? testRows) = Read(parsed, share);
        Translator translator = session.Train((observer, token) => Translator.Train(train, devRows, options, observer, token));
        if (!session.Save(translator.Record, translator.Save, options.Checkpoint))
            return session.ExitCode;
        TranslationReport? measured = testRows is { Count: > 0 } ? translator.Evaluate(testRows) : null;
        if (page is not null)
            translator.Report(measured is null ? null : testRows, report.Options(parsed, session.Folder) with { Evaluation = measured }).Write(page);
        Write(parsed, session, translator, page, measured);
        return session.ExitCode;
    }

    private (PairData Train, PairData Dev, PairData? Test) Read(ParseResult parsed, double share)
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
        said.ForEach(message => run.Say(parsed, message));
        if (devRows is not null)
            return (rows, devRows, testRows);
        PairSplit split = rows.Split(settings.Seed(parsed), dev: share, test: testRows is null ? 0.1 : 0);
        string parts = FormattableString.Invariant($"{split.Train.Count:N0} for training, {split.Dev.Count:N0} for dev and {split.Test.Count:N0} for the test");
        run.Say(parsed, FormattableString.Invariant($"no --dev: the pairs are divided into {parts}, equal sources together, seed {settings.Seed(parsed)}"));
        return (split.Train, split.Dev, testRows ?? split.Test);
    }

    private void Write(ParseResult parsed, TrainingSession session, Translator translator, string? page, TranslationReport? measured)
    {
        TrainingRecord record = translator.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (run.IsJson(parsed))
        {
            session.WriteJson(record, translator.Network.ParameterCount, (writer, best) =>
            {
                writer.WriteFinite("loss", record.Mean?.DevLoss ?? best.DevLoss);
                writer.WriteFinite("tokenAccuracy", record.Mean?.Accuracy ?? best.Accuracy);
                ReportJson.WriteMean(writer, record);
            }, measured is null ? null : writer => ReportJson.Write(writer, measured), page: page);
            return;
        }
        if (measured is not null)
            terminal.Out.WriteLine($"test\n{measured}\n");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev loss {best.DevLoss:F4}, next token right {best.Accuracy:F4}"));
        if (record.Mean is { } mean)
            terminal.Out.WriteLine(FormattableString.Invariant($"kept: mean of epochs {string.Join(", ", mean.Epochs)}: dev loss {mean.DevLoss:F4}, next token right {mean.Accuracy:F4}"));
        terminal.Out.WriteLine($"model {session.Folder}");
        if (page is not null)
            terminal.Out.WriteLine($"report {page}");
        run.Say(parsed, $"next: heed translate {session.Folder} --weights \"a text\"");
        run.Say(parsed, $"      heed eval {session.Folder} --data FILE");
    }

    private static Option<string> File(string name, string description, bool isRequired = false) => new(name) { Description = description, HelpName = "file", Required = isRequired };
}
