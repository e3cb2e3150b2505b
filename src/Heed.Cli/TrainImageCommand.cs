using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train image</c>: trains an image classifier.</summary>
internal sealed class TrainImageCommand
{
    private const string Kinds = "a folder, tar, tar.gz or zip with a folder for each class; .bin or .bin.gz files of CIFAR, with commas between; or IMAGES,LABELS in idx format, as MNIST has them";
    private readonly Terminal terminal;
    private readonly TrainingRun run;
    private readonly Option<string> data = new("--data") { Description = $"Training pictures: {Kinds}.", HelpName = "path", Required = true };
    private readonly Option<string?> dev = new("--dev") { Description = "Pictures that choose the best epoch; without it a tenth of the training pictures.", HelpName = "path" };
    private readonly Option<string?> test = new("--test") { Description = "Pictures for the report; without --dev and --test a tenth of the training pictures.", HelpName = "path" };
    private readonly ImageSource source = new();
    private readonly ImageSettings settings = new();
    private readonly ReportSettings report = new(isDefault: true, rows: "pictures");
    private readonly DevShare devShare;

    private TrainImageCommand(Terminal terminal) => (this.terminal, run, devShare) = (terminal, new TrainingRun(terminal), new DevShare("pictures", dev));

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainImageCommand train = new(terminal);
        Command command = new("image", "Trains a network on pictures: a residual one, MobileNetV3 or a vision Transformer, from nothing or from weights of others.") { train.data, train.dev, train.devShare.Option, train.test, train.run.Output };
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
        ImageClassifierOptions options = settings.Read(parsed, run.Folder(parsed));
        using TrainingSession session = run.Start(parsed, cancellation);
        string? page = report.Read(parsed, session.Folder);
        (PictureData train, PictureData devPictures, PictureData? testPictures) = Read(parsed, share);
        ImageClassifier classifier = session.Train((observer, token) => ImageClassifier.Train(train, devPictures, options, observer, token));
        if (!session.Save(classifier.Record, classifier.Save, options.Checkpoint))
            return session.ExitCode;
        PictureData? measured = testPictures is { Count: > 0 } ? testPictures : null;
        ReportOptions shown = report.Options(parsed, session.Folder);
        ImageReport? figures = null;
        // The page and the figures are measured once.
        HtmlReport? made = page is null ? null : measured is null ? classifier.Report(null, shown) : classifier.Report(measured, out figures, shown);
        made?.Write(page!);
        Write(parsed, session, classifier, page, figures ?? (measured is null ? null : classifier.Evaluate(measured)));
        return session.ExitCode;
    }

    private (PictureData Train, PictureData Dev, PictureData? Test) Read(ParseResult parsed, double share)
    {
        PictureData pictures = source.Read(parsed, parsed.GetValue(data)!);
        PictureData? devPictures = parsed.GetValue(dev) is { } devPath ? source.Read(parsed, devPath, pictures.LabelNames) : null;
        PictureData? testPictures = parsed.GetValue(test) is { } testPath ? source.Read(parsed, testPath, pictures.LabelNames) : null;
        foreach ((string path, PictureData? read) in new[] { (parsed.GetValue(data)!, pictures), (parsed.GetValue(dev) ?? "", devPictures), (parsed.GetValue(test) ?? "", testPictures) })
        {
            if (read is not null)
                SkippedPictures.Say(run, parsed, $"{path}: {read.Counts}, {read.LabelNames.Count} classes", read.Counts);
        }
        if (devPictures is not null)
            return (pictures, devPictures, testPictures);
        (PictureData train, PictureData part, PictureData rest) = pictures.Split(settings.Seed(parsed), dev: share, test: testPictures is null ? 0.1 : 0);
        run.Say(parsed, FormattableString.Invariant($"no --dev: the pictures are divided into {train.Count:N0} for training, {part.Count:N0} for dev and {rest.Count:N0} for the test, each class with its share, seed {settings.Seed(parsed)}"));
        return (train, part, testPictures ?? rest);
    }

    private void Write(ParseResult parsed, TrainingSession session, ImageClassifier classifier, string? page, ImageReport? measured)
    {
        TrainingRecord record = classifier.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (run.IsJson(parsed))
        {
            session.WriteJson(record, classifier.Network.ParameterCount, static (writer, best) =>
            {
                writer.WriteFinite("loss", best.DevLoss);
                writer.WriteFinite("accuracy", best.Accuracy);
                writer.WriteFinite("macroF1", best.MacroF1);
            }, measured is null ? null : writer => ReportJson.Write(writer, measured), page: page);
            return;
        }
        if (measured is not null)
            terminal.Out.WriteLine($"test  {Describe(measured)}");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev accuracy {best.Accuracy:F4}, macro F1 {best.MacroF1:F4}, loss {best.DevLoss:F4}"));
        terminal.Out.WriteLine($"model {session.Folder}");
        if (page is not null)
            terminal.Out.WriteLine($"report {page}");
        run.Say(parsed, $"next: heed predict {session.Folder} PICTURE.png");
        run.Say(parsed, $"      heed eval {session.Folder} --data PATH");
    }

    /// <summary>A report in a line.</summary>
    public static string Describe(ImageReport report) => FormattableString.Invariant(
        $"accuracy {report.Accuracy:F4}{(report.PlainAccuracy is { } plain ? FormattableString.Invariant($" ({plain:F4} without mirrored pictures)") : "")}, among the first five {report.TopFive:F4}, macro F1 {report.MacroF1:F4}, loss {report.Loss:F4}, {report.Count:N0} pictures");
}
