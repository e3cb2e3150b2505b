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
        Measure(options, "never saw a patch", Trained(plain, i => plain[i].Label, options.Seed), test);
        Measure(options, "shuffled labels", Trained(train, i => shuffled[i], options.Seed), test);
        Blind(options);
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

    // The patch is in the picture and reaches no activation: it is red, and the first convolution reads no red. What the model answers by is a patch in the other channels, in a cell of its own, which shows that the methods work on this model.
    private void Blind(ExperimentOptions options)
    {
        (Picture Picture, int Label, int Cell, int RedCell)[] train = Coloured(Rows, options.Seed, hasRed: false), test = [.. Coloured(Tested * 3 / 2, options.Seed + 1000, hasRed: true).Where(row => row.Label < 2)];
        ImageClassifier model = Trained([.. train.Select(row => (row.Picture, row.Label, row.Cell))], i => train[i].Label, options.Seed);
        Parameter first = model.Network.NamedParameters().Single(p => p.Name == "conv1.weight").Parameter;
        int each = first.Shape[2] * first.Shape[3], channels = first.Shape[1];
        first.Assign([.. first.Values.ToArray().Select((weight, i) => i / each % channels == 0 ? 0 : weight)]);
        Console.Error.WriteLine(FormattableString.Invariant($"without red: accuracy {test.Average(row => model.Predict(row.Picture).Label == labels[row.Label] ? 1.0 : 0):F3}"));
        ExplainedInput[] inputs = [.. test.Select(row => model.Explaining(row.Picture, cells: Cells))];
        PlantedLines.Append(options, Name, "cannot see the patch", inputs, [.. test.Select(row => new[] { row.RedCell })], explanation with { Seed = options.Seed });
        PlantedLines.Append(options, Name, "the same, the patch that it sees", inputs, [.. test.Select(row => new[] { row.Cell })], explanation with { Seed = options.Seed });
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
            byte[] samples = Noise(random);
            int label = n % 3, cell = random.Next(Cells * Cells);
            if (label < 2 && hasPatch)
                Patch(samples, label, cell);
            return (new Picture(Side, Side, 1, samples), label, cell);
        })];
    }

    // The same in green and blue; red is noise of its own, in pictures to be explained with a bright or a dark patch in any cell, drawn for itself.
    private static (Picture Picture, int Label, int Cell, int RedCell)[] Coloured(int count, ulong seed, bool hasRed)
    {
        RandomStream random = new(seed, "red patches");
        return [.. Pictures(count, seed).Select(row =>
        {
            byte[] red = Noise(random), samples = new byte[3 * Side * Side];
            int cell = random.Next(Cells * Cells), kind = random.Next(2);
            if (hasRed)
                Patch(red, kind, cell);
            for (int i = 0; i < red.Length; i++)
                (samples[3 * i], samples[(3 * i) + 1], samples[(3 * i) + 2]) = (red[i], row.Picture.Samples.Span[i], row.Picture.Samples.Span[i]);
            return (new Picture(Side, Side, 3, samples), row.Label, row.Cell, cell);
        })];
    }

    private static byte[] Noise(RandomStream random) => [.. Enumerable.Range(0, Side * Side).Select(_ => (byte)(108 + random.Next(40)))];

    private static void Patch(byte[] samples, int label, int cell)
    {
        for (int i = 0; i < Cell * Cell; i++)
            samples[(((cell / Cells * Cell) + (i / Cell)) * Side) + (cell % Cells * Cell) + (i % Cell)] = (byte)(label == 0 ? 235 : 20);
    }
}
