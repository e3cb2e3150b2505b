namespace Heed.Experiments;

/// <summary>Pictures with one patch that decides: which methods find it, for models that can see it and for models that cannot, and how far methods say the same of two seeds.</summary>
internal sealed class PlantedPictureExperiment : IExperiment
{
    private const int Rows = 600, Tested = 200, Side = 24, Cells = 4, Cell = Side / Cells;
    private static readonly string[] methods = ["gradient-input", "integrated-gradients", "smoothgrad", "occlusion", "grad-cam"];
    private static readonly string[] labels = ["bright", "dark", "none"];
    private static readonly ExplanationOptions explanation = new() { Methods = methods, Removal = "mean", Steps = 32, Samples = 16 };

    public string Name => "planted-picture";

    public string Summary => "pictures with one patch that decides: who finds it, and who must not";

    public void Run(ExperimentOptions options)
    {
        (Picture Picture, int Label, int Cell)[] train = Pictures(Rows, options.Seed), plain = Pictures(Rows, options.Seed, hasPatch: false), test = [.. Pictures(Tested * 3 / 2, options.Seed + 1000).Where(row => row.Label < 2)];
        RandomStream random = new(options.Seed, "shuffled labels");
        int[] shuffled = [.. train.Select(row => row.Label)];
        random.Shuffle<int>(shuffled);
        ImageClassifier sees = Trained(train, i => train[i].Label, options.Seed);
        Measure(options, "sees the patch", sees, test);
        Measure(options, "patch dropped", Trained(plain, i => plain[i].Label, options.Seed), test);
        Measure(options, "shuffled labels", Trained(train, i => shuffled[i], options.Seed), test);
        Compare(options, sees, Trained(train, i => train[i].Label, options.Seed + 1), test);
    }

    private static ImageClassifier Trained((Picture Picture, int Label, int Cell)[] rows, Func<int, int> label, ulong seed)
    {
        PictureData data = PictureData.FromPictures(rows.Select((row, i) => (row.Picture, labels[label(i)])), labels);
        return ImageClassifier.Train(data.Select([.. Enumerable.Range(0, data.Count * 9 / 10)]), data.Select([.. Enumerable.Range(data.Count * 9 / 10, data.Count / 10)]), new ImageClassifierOptions
        {
            Network = new ResNetConfig { Depths = [1, 1], Widths = [8, 16], Attention = "se" }, Augmentation = null, Training = new ImageClassifierOptions().Training with { Seed = seed, BatchSize = 16, EpochCount = 12, LearningRate = 0.05 },
        });
    }

    private void Measure(ExperimentOptions options, string kind, ImageClassifier model, (Picture Picture, int Label, int Cell)[] test)
    {
        ExplainedInput[] inputs = [.. test.Select(row => model.Explaining(row.Picture, label: labels[row.Label], cells: Cells))];
        PlantedLines.Append(options, Name, kind, inputs, [.. test.Select(row => new[] { row.Cell })], explanation with { Seed = options.Seed });
    }

    private void Compare(ExperimentOptions options, ImageClassifier first, ImageClassifier second, (Picture Picture, int Label, int Cell)[] test)
    {
        IEnumerable<(ExplainedInput, ExplainedInput)> pairs = test.Select(row => (first.Explaining(row.Picture, label: labels[row.Label], cells: Cells), second.Explaining(row.Picture, label: labels[row.Label], cells: Cells)));
        foreach (ExplanationAgreement agreement in ExplanationAgreement.Measure(pairs, explanation with { Seed = options.Seed }))
        {
            ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["model"] = "two seeds",
                ["method"] = agreement.Method,
                ["correlation"] = agreement.Correlation.Value,
                ["correlation_low"] = agreement.Correlation.Low,
                ["correlation_high"] = agreement.Correlation.High,
                ["same_first"] = agreement.SameFirst.Value,
            });
        }
    }

    // Grey noise, and in one cell a bright or a dark patch, or none: without the third class one of the others could be what is left.
    private static (Picture Picture, int Label, int Cell)[] Pictures(int count, ulong seed, bool hasPatch = true)
    {
        RandomStream random = new(seed, "planted pictures");
        return [.. Enumerable.Range(0, count).Select(n =>
        {
            byte[] samples = [.. Enumerable.Range(0, Side * Side).Select(_ => (byte)(108 + random.Next(40)))];
            int label = n % 3, cell = random.Next(Cells * Cells);
            for (int i = 0; i < Cell * Cell && label < 2 && hasPatch; i++)
                samples[(((cell / Cells * Cell) + (i / Cell)) * Side) + (cell % Cells * Cell) + (i % Cell)] = (byte)(label == 0 ? 235 : 20);
            return (new Picture(Side, Side, 1, samples), label, cell);
        })];
    }
}
