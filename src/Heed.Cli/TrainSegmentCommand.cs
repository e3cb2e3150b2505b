using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train segment</c>: trains a network that says the class of every pixel.</summary>
internal sealed class TrainSegmentCommand
{
    private readonly Terminal terminal;
    private readonly TrainingRun run;
    private readonly Option<string> data = new("--data") { Description = "Training pictures and masks: a folder, tar, tar.gz or zip with images/NAME.jpg and labels/NAME.png, whose pixels are class numbers.", HelpName = "path", Required = true };
    private readonly Option<string?> dev = new("--dev") { Description = "Pictures and masks that choose the best epoch; without it a tenth of the training pictures.", HelpName = "path" };
    private readonly Option<string?> test = new("--test") { Description = "Pictures and masks for the report; without --dev and --test a tenth of the training pictures.", HelpName = "path" };
    private readonly MaskSource source = new();
    private readonly SegmentSettings settings = new();
    private readonly ReportSettings report = new(isDefault: true, rows: "pictures");
    private readonly DevShare devShare;

    private TrainSegmentCommand(Terminal terminal) => (this.terminal, run, devShare) = (terminal, new TrainingRun(terminal), new DevShare("pictures", dev));

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainSegmentCommand train = new(terminal);
        Command command = new("segment", "Trains a U-Net that says the class of every pixel, with attention in its blocks if you like.") { train.data, train.dev, train.devShare.Option, train.test, train.run.Output };
        foreach (Option option in train.source.Options)
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
        SegmenterOptions options = settings.Read(parsed, run.Folder(parsed));
        using TrainingSession session = run.Start(parsed, cancellation);
        string? page = report.Read(parsed, session.Folder);
        (MaskData train, MaskData devPictures, MaskData? testPictures) = Read(parsed, share);
        Segmenter segmenter = session.Train((observer, token) => Segmenter.Train(train, devPictures, options, observer, token));
        if (!session.Save(segmenter.Record, segmenter.Save, options.Checkpoint))
            return session.ExitCode;
        MaskData? measured = testPictures is { Count: > 0 } ? testPictures : null;
        ReportOptions shown = report.Options(parsed, session.Folder);
        SegmentationReport? figures = null;
        // The page and the figures are measured once.
        HtmlReport? made = page is null ? null : measured is null ? segmenter.Report(null, shown) : segmenter.Report(measured, out figures, shown);
        made?.Write(page!);
        Write(parsed, session, segmenter, page, figures ?? (measured is null ? null : segmenter.Evaluate(measured)));
        return session.ExitCode;
    }

    private (MaskData Train, MaskData Dev, MaskData? Test) Read(ParseResult parsed, double share)
    {
        MaskData pictures = source.Read(parsed, parsed.GetValue(data)!);
        MaskData? devPictures = parsed.GetValue(dev) is { } devPath ? source.Read(parsed, devPath) : null, testPictures = parsed.GetValue(test) is { } testPath ? source.Read(parsed, testPath) : null;
        foreach ((string? path, MaskData? read) in new[] { (parsed.GetValue(data), pictures), (parsed.GetValue(dev), devPictures), (parsed.GetValue(test), testPictures) })
        {
            if (read is not null)
                SkippedPictures.Say(run, parsed, $"{path}: {read.Counts}, {read.LabelNames.Count} classes", read.Counts);
        }
        if (devPictures is not null)
            return (pictures, devPictures, testPictures);
        (MaskData train, MaskData part, MaskData rest) = pictures.Split(settings.Seed(parsed), dev: share, test: testPictures is null ? 0.1 : 0);
        run.Say(parsed, FormattableString.Invariant($"no --dev: the pictures are divided into {train.Count:N0} for training, {part.Count:N0} for dev and {rest.Count:N0} for the test, at random, seed {settings.Seed(parsed)}"));
        return (train, part, testPictures ?? rest);
    }

    private void Write(ParseResult parsed, TrainingSession session, Segmenter segmenter, string? page, SegmentationReport? measured)
    {
        TrainingRecord record = segmenter.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (run.IsJson(parsed))
        {
            session.WriteJson(record, segmenter.Network.ParameterCount, static (writer, best) =>
            {
                writer.WriteFinite("loss", best.DevLoss);
                writer.WriteFinite("accuracy", best.Accuracy);
                writer.WriteFinite("meanIou", best.Score ?? double.NaN);
            }, measured is null ? null : writer => ReportJson.Write(writer, measured), page: page);
            return;
        }
        if (measured is not null)
            terminal.Out.WriteLine($"test  {measured}");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev mean IoU {best.Score:F4}, pixel accuracy {best.Accuracy:F4}, loss {best.DevLoss:F4}"));
        terminal.Out.WriteLine($"model {session.Folder}");
        if (page is not null)
            terminal.Out.WriteLine($"report {page}");
        run.Say(parsed, $"next: heed predict {session.Folder} PICTURE.png --out SEEN.png");
        run.Say(parsed, $"      heed eval {session.Folder} --data PATH");
    }
}
