using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train detect</c>: trains a network that finds things in pictures.</summary>
internal sealed class TrainDetectCommand
{
    private readonly Terminal terminal;
    private readonly TrainingRun run;
    private readonly Option<string> data = new("--data") { Description = $"Training pictures and their boxes, {BoxSource.Form}.", HelpName = "paths", Required = true };
    private readonly Option<string?> dev = new("--dev") { Description = "Pictures and boxes that choose the best epoch; without it and --dev-rows a tenth of the training pictures.", HelpName = "paths" };
    private readonly Option<string?> test = new("--test") { Description = "Pictures and boxes for the report; without --dev, --test and rows a tenth of the training pictures.", HelpName = "paths" };
    private readonly Option<string?> rows = BoxSource.Rows("--rows", "to train on"), devRows = BoxSource.Rows("--dev-rows", "that choose the best epoch, of --dev or else of --data"), testRows = BoxSource.Rows("--test-rows", "for the report, of --test or else of --data");
    private readonly PictureReading reading = new();
    private readonly DetectSettings settings = new();
    private readonly ReportSettings report = new(isDefault: true, rows: "pictures");
    private readonly DevShare devShare;

    private TrainDetectCommand(Terminal terminal) => (this.terminal, run, devShare) = (terminal, new TrainingRun(terminal), new DevShare("pictures", dev, devRows));

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainDetectCommand train = new(terminal);
        Command command = new("detect", "Trains a detector (FCOS) on pictures with boxes, over a network with attention if you like.")
        {
            train.data, train.dev, train.devShare.Option, train.test, train.run.Output, train.rows, train.devRows, train.testRows,
        };
        foreach (Option option in train.reading.Options)
            command.Add(option);
        train.settings.AddTo(command);
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
        DetectorOptions options = settings.Read(parsed, run.Folder(parsed));
        using TrainingSession session = run.Start(parsed, cancellation);
        string? page = report.Read(parsed, session.Folder);
        (BoxData train, BoxData devPictures, BoxData? testPictures) = Read(parsed, share);
        Detector detector = session.Train((observer, token) => Detector.Train(train, devPictures, options, observer, token));
        if (!session.Save(detector.Record, detector.Save, options.Checkpoint))
            return session.ExitCode;
        BoxData? measured = testPictures is { Count: > 0 } ? testPictures : null;
        ReportOptions shown = report.Options(parsed, session.Folder);
        DetectionReport? figures = null;
        // The page and the figures are measured once.
        HtmlReport? made = page is null ? null : measured is null ? detector.Report(null, shown) : detector.Report(measured, out figures, shown);
        made?.Write(page!);
        Write(parsed, session, detector, page, figures ?? (measured is null ? null : detector.Evaluate(measured)));
        return session.ExitCode;
    }

    private (BoxData Train, BoxData Dev, BoxData? Test) Read(ParseResult parsed, double share)
    {
        string path = parsed.GetValue(data)!;
        BoxData pictures = BoxSource.Read(path, parsed.GetValue(rows), reading.Read(parsed));
        BoxData? devPictures = Part(dev, devRows), testPictures = Part(test, testRows);
        foreach ((string name, BoxData? read) in new[] { ("training", pictures), ("dev", devPictures), ("test", testPictures) })
        {
            if (read is not null)
                SkippedPictures.Say(run, parsed, FormattableString.Invariant($"{name}: {read.Counts}, {read.BoxCounts} of {read.LabelNames.Count} classes"), read.Counts);
        }
        if (devPictures is not null)
            return (pictures, devPictures, testPictures);
        (BoxData train, BoxData part, BoxData rest) = pictures.Split(settings.Seed(parsed), dev: share, test: testPictures is null ? 0.1 : 0);
        run.Say(parsed, FormattableString.Invariant($"no --dev: the pictures are divided into {train.Count:N0} for training, {part.Count:N0} for dev and {rest.Count:N0} for the test, at random, seed {settings.Seed(parsed)}"));
        return (train, part, testPictures ?? rest);

        BoxData? Part(Option<string?> paths, Option<string?> chosen)
        {
            (string? own, string? filter) = (parsed.GetValue(paths), parsed.GetValue(chosen));
            return own is null && filter is null ? null : BoxSource.Read(own ?? path, filter, reading.Read(parsed), pictures.LabelNames);
        }
    }

    private void Write(ParseResult parsed, TrainingSession session, Detector detector, string? page, DetectionReport? measured)
    {
        TrainingRecord record = detector.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (run.IsJson(parsed))
        {
            session.WriteJson(record, detector.Network.ParameterCount, static (writer, best) =>
            {
                writer.WriteFinite("loss", best.DevLoss);
                writer.WriteFinite("vocPrecision", best.Score ?? double.NaN);
            }, measured is null ? null : writer => ReportJson.Write(writer, measured), page: page);
            return;
        }
        if (measured is not null)
            terminal.Out.WriteLine($"test  {measured}");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev mAP@0.5 {best.Score:F4}, loss {best.DevLoss:F4}"));
        terminal.Out.WriteLine($"model {session.Folder}");
        if (page is not null)
            terminal.Out.WriteLine($"report {page}");
        run.Say(parsed, $"next: heed predict {session.Folder} PICTURE.png --out SEEN.png");
        run.Say(parsed, $"      heed eval {session.Folder} --data PICTURES,BOXES");
    }
}
