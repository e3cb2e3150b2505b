using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Heed.Cli;

/// <summary><c>heed demo vision</c>: scenes of shapes that the program draws itself, and classification, detection and segmentation of them, each without and with attention to channels.</summary>
internal sealed class DemoVisionCommand
{
    private const int Shown = 12, Columns = 4, Enlarged = 3;

    private readonly Terminal terminal;
    private readonly Option<string> output = new("--out") { Description = "Folder for pictures of what was found.", HelpName = "folder", DefaultValueFactory = _ => "heed-demo-vision" };
    private readonly Option<int> scenes = new("--scenes") { Description = "Scenes to train on; a fifth as many choose the epoch, half as many are the test.", HelpName = "N", DefaultValueFactory = _ => 400 };
    private readonly Option<int> size = new("--size") { Description = "Rows and columns of a scene.", HelpName = "N", DefaultValueFactory = _ => 48 };
    private readonly Option<int> epochs = new("--epochs") { Description = "Epochs of each model.", HelpName = "N", DefaultValueFactory = _ => 10 };
    private readonly Option<string> attention = new("--attention") { Description = $"What weighs in every block of the second model of each pair: {string.Join(", ", PictureAttention.Names)}.", HelpName = "name", DefaultValueFactory = _ => "se" };
    private readonly Option<ulong> seed = CommonOptions.Seed();
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> quiet = CommonOptions.Quiet();

    private DemoVisionCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        DemoVisionCommand demo = new(terminal);
        Command command = new("vision", "Draws scenes of shapes and trains classification, detection and segmentation on them, without and with attention.")
        {
            demo.output, demo.scenes, demo.size, demo.epochs, demo.attention, demo.seed, demo.threads, demo.quiet,
        };
        command.SetAction(parsed => demo.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        threads.Apply(parsed);
        int count = parsed.GetValue(scenes);
        if (count is < 20 or > 100_000)
            throw new UsageException(FormattableString.Invariant($"--scenes must be from 20 to 100000, got {count}."));
        string name = parsed.GetValue(attention)!, folder = parsed.GetValue(output)!;
        Trainings options = UsageException.Guard(() => new Trainings(parsed.GetValue(seed), parsed.GetValue(epochs), name));
        IReadOnlyList<ShapeScene> all = UsageException.Guard(() => ShapeScenes.Make(count + (count / 5) + (count / 2), parsed.GetValue(seed), parsed.GetValue(size)));
        OutputFolder.Make(folder);
        using Interruption interruption = new(terminal, cancellation);
        ShapeScene[] train = [.. all.Take(count)], dev = [.. all.Skip(count).Take(count / 5)], test = [.. all.Skip(count + (count / 5))];
        Draw(folder, "scenes.png", test.Take(Shown).Select(scene => Boxed(scene.Picture, ShapeScenes.LabelNames, scene.Boxes.Select(box => new ScoredBox(box, 1)))));
        Say(parsed, FormattableString.Invariant($"{train.Length:N0} training, {dev.Length:N0} dev and {test.Length:N0} test scenes of {parsed.GetValue(size)} x {parsed.GetValue(size)} pixels: {string.Join(", ", ShapeScenes.LabelNames)}; one of them is red (scenes.png)"));
        List<string[]> rows = [];
        foreach (string each in new[] { "none", name })
        {
            if (interruption.IsRequested)
                break;
            Say(parsed, $"\nclassification, attention {each}:");
            ImageClassifier classifier = ImageClassifier.Train(ShapeScenes.ToPictureData(train), ShapeScenes.ToPictureData(dev), options.Classification(each), Progress(parsed), interruption.Token);
            ImageReport report = classifier.Evaluate(ShapeScenes.ToPictureData(test));
            rows.Add(Row("which shape is red", each, "accuracy", report.Accuracy, classifier.Network, classifier.Record));
            Draw(folder, $"classes-{each}.png", test.Take(Shown).Select(scene => Named(scene.Picture, classifier.Predict(scene.Picture))));
        }
        foreach (string each in new[] { "none", name })
        {
            if (interruption.IsRequested)
                break;
            Say(parsed, $"\ndetection, attention {each}:");
            Detector detector = Detector.Train(ShapeScenes.ToBoxData(train), ShapeScenes.ToBoxData(dev), options.Detection(each), Progress(parsed), interruption.Token);
            DetectionReport report = detector.Evaluate(ShapeScenes.ToBoxData(test));
            rows.Add(Row("where things are", each, "mAP@0.5", report.VocPrecision, detector.Network, detector.Record));
            Draw(folder, $"boxes-{each}.png", test.Take(Shown).Select(scene => Boxed(scene.Picture, detector.Labels, detector.Predict(scene.Picture).Boxes)));
        }
        foreach (string each in new[] { "none", name })
        {
            if (interruption.IsRequested)
                break;
            Say(parsed, $"\nsegmentation, attention {each}:");
            Segmenter segmenter = Segmenter.Train(ShapeScenes.ToMaskData(train), ShapeScenes.ToMaskData(dev), options.Segmentation(each), Progress(parsed), interruption.Token);
            SegmentationReport report = segmenter.Evaluate(ShapeScenes.ToMaskData(test));
            rows.Add(Row("what each pixel is", each, "mean IoU", report.MeanIou, segmenter.Network, segmenter.Record));
            Draw(folder, $"pixels-{each}.png", test.Take(Shown).Select(scene => Masked(scene.Picture, segmenter.Predict(scene.Picture))));
        }
        Styled.WriteTable(terminal, ["task", "attention", "measure", ">test", ">parameters", ">seconds"], rows);
        Say(parsed, FormattableString.Invariant($"\n{clock.Elapsed.TotalSeconds:F0} s; one run each, so small differences say nothing. Pictures: {Path.GetFullPath(folder)}"));
        return interruption.IsRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static string[] Row(string task, string attention, string measure, double value, Module network, TrainingRecord record)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        return [task, attention, measure, value.ToString("F3", culture), network.ParameterCount.ToString("N0", culture), record.Epochs.Sum(e => e.Duration.TotalSeconds).ToString("F1", culture)];
    }

    private static void Draw(string folder, string file, IEnumerable<Picture> pictures) => PictureCanvas.Grid([.. pictures], Columns).WritePng(Path.Combine(folder, file));

    // The class and its probability on a strip of its own, at the top.
    private static Picture Named(Picture picture, ImagePrediction answer)
    {
        Picture large = Larger(picture);
        PictureCanvas canvas = new(large);
        canvas.Text(3, 3, FormattableString.Invariant($"{answer.Label} {answer.Probability:F2}"), PictureColour.White);
        return canvas.ToPicture();
    }

    private static Picture Boxed(Picture picture, IReadOnlyList<string> labels, IEnumerable<ScoredBox> boxes) => new DetectionPrediction(
        labels, [.. boxes.Select(b => b with { Box = new PictureBox(b.Box.Label, b.Box.Left * Enlarged, b.Box.Top * Enlarged, b.Box.Right * Enlarged, b.Box.Bottom * Enlarged) })]).Draw(Larger(picture));

    private static Picture Masked(Picture picture, SegmentationPrediction seen)
    {
        PictureCanvas canvas = new(picture);
        canvas.Mask(seen.Mask, opacity: 0.65, voidLabel: 0);
        return Larger(canvas.ToPicture());
    }

    // Every pixel as a square, so that letters have room.
    private static Picture Larger(Picture picture)
    {
        int width = picture.Width * Enlarged, height = picture.Height * Enlarged, channels = picture.Channels;
        byte[] samples = new byte[width * height * channels];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = picture[i / channels / width / Enlarged, i / channels % width / Enlarged, i % channels];
        return new Picture(width, height, channels, samples);
    }

    private ConsoleProgress? Progress(ParseResult parsed) => parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);

    private void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }

    /// <summary>How the models are trained; small, since there are six.</summary>
    private sealed class Trainings
    {
        private readonly TrainingOptions training;

        public Trainings(ulong seed, int epochs, string attention)
        {
            training = new()
            {
                Seed = seed, EpochCount = epochs, BatchSize = 8, LearningRate = 4e-3, Schedule = "cosine", Warmup = 0.05, Patience = 1000, AveragingDecay = 0, WordDropout = 0, ClipNorm = 10, ClassWeights = "none",
            };
            Classification(attention).Validate();
            Detection(attention).Validate();
            Segmentation(attention).Validate();
        }

        public ImageClassifierOptions Classification(string attention) => new()
        {
            Network = new ResNetConfig { Depths = [1, 1, 1], Widths = [12, 24, 48], Attention = attention, Reduction = 4 }, Training = training with { Monitor = "accuracy" }, Augmentation = new() { FlipProbability = 0.5, CropPadding = 2 },
        };

        public DetectorOptions Detection(string attention) => new()
        {
            Network = new FcosConfig { Backbone = new ResNetConfig { Depths = [1, 1, 1, 1], Widths = [12, 24, 32, 48], Attention = attention, Reduction = 4 }, Width = 32, HeadDepth = 1, LevelCount = 2 },
            Training = training with { Monitor = "mean-ap" },
        };

        public SegmenterOptions Segmentation(string attention) => new()
        {
            Network = new UNetConfig { Widths = [12, 24, 48], Upsampling = "bilinear", Attention = attention, Reduction = 4 },
            // What is a thing shows in the first epochs, of what shape it is much later.
            Training = training with { Monitor = "mean-iou", BatchSize = 4, LearningRate = 0.01, EpochCount = 2 * training.EpochCount },
        };
    }
}
