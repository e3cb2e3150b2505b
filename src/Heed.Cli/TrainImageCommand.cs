using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train image</c>: trains an image classifier.</summary>
internal sealed class TrainImageCommand
{
    private const string Kinds = "a folder, tar, tar.gz or zip with a folder for each class; a .bin or .bin.gz of CIFAR; or IMAGES,LABELS in idx format, as MNIST has them";
    private readonly Terminal terminal;
    private readonly Option<string> data = new("--data") { Description = $"Training pictures: {Kinds}.", HelpName = "path", Required = true };
    private readonly Option<string?> dev = new("--dev") { Description = "Pictures that choose the best epoch; without it a tenth of the training pictures.", HelpName = "path" };
    private readonly Option<string?> test = new("--test") { Description = "Pictures for the report; without --dev and --test a tenth of the training pictures.", HelpName = "path" };
    private readonly Option<string> output = new("--out") { Description = "Folder for the model; one that holds a model is replaced.", HelpName = "folder", Required = true };
    private readonly Option<string?> log = new("--log") { Description = "Write each step and epoch to a JSON Lines file.", HelpName = "file" };
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
    private readonly ImageSource source = new();
    private readonly ImageSettings settings = new();

    private TrainImageCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainImageCommand train = new(terminal);
        Command command = new("image", "Trains a residual network on pictures, with attention to channels if you like.") { train.data, train.dev, train.test, train.output };
        foreach (Option option in train.source.Options)
            command.Add(option);
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
        ImageClassifierOptions options = settings.Read(parsed, folder);
        OutputFolder.Check(folder);
        using Interruption interruption = new(terminal, cancellation);
        (PictureData train, PictureData devPictures, PictureData? testPictures) = Read(parsed);
        using TrainingLog? steps = parsed.GetValue(log) is { } path ? TrainingLog.Create(path) : null;
        ConsoleProgress? progress = parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);
        ImageClassifier classifier = UsageException.Guard(() => ImageClassifier.Train(train, devPictures, options, Observers.Of(progress, steps), interruption.Token));
        if (classifier.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        classifier.Save(folder);
        if (interruption.IsRequested)
        {
            Say(parsed, $"stopped in epoch {classifier.Record.Epochs.Count + 1} or before its end; the best weights so far are in {folder}");
            if (options.Checkpoint is not null)
                Say(parsed, "the same command with --resume goes on where this one stopped");
            return ExitCode.Interrupted;
        }
        CheckpointSettings.Delete(options.Checkpoint);
        Write(parsed, classifier, folder, testPictures is { Count: > 0 } ? classifier.Evaluate(testPictures) : null);
        return ExitCode.Done;
    }

    private (PictureData Train, PictureData Dev, PictureData? Test) Read(ParseResult parsed)
    {
        PictureData pictures = source.Read(parsed, parsed.GetValue(data)!);
        PictureData? devPictures = parsed.GetValue(dev) is { } devPath ? source.Read(parsed, devPath, pictures.LabelNames) : null;
        PictureData? testPictures = parsed.GetValue(test) is { } testPath ? source.Read(parsed, testPath, pictures.LabelNames) : null;
        foreach ((string path, PictureData? read) in new[] { (parsed.GetValue(data)!, pictures), (parsed.GetValue(dev) ?? "", devPictures), (parsed.GetValue(test) ?? "", testPictures) })
        {
            if (read is not null)
                Say(parsed, $"{path}: {read.Counts}, {read.LabelNames.Count} classes");
        }
        if (devPictures is not null)
            return (pictures, devPictures, testPictures);
        (PictureData train, PictureData part, PictureData rest) = pictures.Split(settings.Seed(parsed), dev: 0.1, test: testPictures is null ? 0.1 : 0);
        Say(parsed, FormattableString.Invariant($"no --dev: the pictures are divided into {train.Count:N0} for training, {part.Count:N0} for dev and {rest.Count:N0} for the test, each class with its share, seed {settings.Seed(parsed)}"));
        return (train, part, testPictures ?? rest);
    }

    private void Write(ParseResult parsed, ImageClassifier classifier, string folder, ImageReport? report)
    {
        TrainingRecord record = classifier.Record;
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (parsed.GetValue(json))
        {
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteString("model", folder);
                writer.WriteNumber("parameters", classifier.Network.ParameterCount);
                writer.WriteNumber("seed", record.Options.Seed);
                writer.WriteNumber("epochs", record.Epochs.Count);
                writer.WriteNumber("bestEpoch", best.Epoch);
                writer.WriteStartObject("dev");
                writer.WriteFinite("loss", best.DevLoss);
                writer.WriteFinite("accuracy", best.Accuracy);
                writer.WriteFinite("macroF1", best.MacroF1);
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
            terminal.Out.WriteLine($"test  {Describe(report)}");
        terminal.Out.WriteLine(FormattableString.Invariant($"best epoch {best.Epoch} of {record.Epochs.Count}: dev accuracy {best.Accuracy:F4}, macro F1 {best.MacroF1:F4}, loss {best.DevLoss:F4}"));
        terminal.Out.WriteLine($"model {folder}");
        Say(parsed, $"next: heed predict {folder} PICTURE.png");
        Say(parsed, $"      heed eval {folder} --data PATH");
    }

    /// <summary>A report in a line.</summary>
    public static string Describe(ImageReport report) => FormattableString.Invariant(
        $"accuracy {report.Accuracy:F4}, among the first five {report.TopFive:F4}, macro F1 {report.MacroF1:F4}, loss {report.Loss:F4}, {report.Count:N0} pictures");

    private void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }
}
