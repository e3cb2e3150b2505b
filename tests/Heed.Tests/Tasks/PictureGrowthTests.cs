using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class PictureGrowthTests
{
    private static readonly ImageClassifierOptions Small = new()
    {
        Network = new ResNetConfig { Depths = [1, 1], Widths = [4, 8] },
        FirstScale = 0.5,
        Augmentation = new PictureAugmentation { CropPadding = 2 },
        Training = new ImageClassifierOptions().Training with { BatchSize = 8, EpochCount = 5, LearningRate = 0.05 },
    };

    [Fact]
    public void Sizes_grow_in_eighths_over_three_fifths_of_the_epochs_and_changes_with_them()
    {
        PictureBatchOptions whole = new() { Height = 32, Width = 16, Channels = 1, Augmentation = new PictureAugmentation { CropPadding = 4, Cutout = 8, FlipProbability = 0.5 } };
        PictureGrowth growth = new(Stripes(8, 32), whole, first: 0.5, epochs: 20);
        int[] rows = [.. Enumerable.Range(1, 20).Select(epoch => growth[epoch].Epoch(epoch).First().Height)];
        rows.ShouldBe([16, 16, 16, 20, 20, 20, 24, 24, 24, 28, 28, 28, 32, 32, 32, 32, 32, 32, 32, 32]);
        growth[1].Epoch(1).First().Width.ShouldBe(8);
        growth[7].Epoch(7).First().Width.ShouldBe(12);
        growth.CostOf(1).ShouldBe(0.25);
        growth.CostOf(10).ShouldBe(49.0 / 64);
        growth.CostOf(20).ShouldBe(1);
        // What the whole run costs beside one with whole pictures.
        Enumerable.Range(1, 20).Average(growth.CostOf).ShouldBe(0.695, 0.001);
        foreach ((int epochs, int[] sizes) in new[] { (1, [32]), (2, new[] { 16, 32 }), (3, [16, 24, 32]) })
            Enumerable.Range(1, epochs).Select(epoch => new PictureGrowth(Stripes(8, 32), whole, first: 0.5, epochs)[epoch].Epoch(epoch).First().Height).ShouldBe(sizes);
        // Sizes between eighths begin as asked for.
        new PictureGrowth(Stripes(8, 32), whole, first: 0.3, epochs: 20)[1].Epoch(1).First().Height.ShouldBe(10);
        // A quarter of the size, so a shift by at most one pixel: a bright picture keeps all but its edge.
        PictureBatch small = new PictureGrowth(PictureData.FromPictures([(new Picture(32, 32, 1, Enumerable.Repeat((byte)255, 1024).ToArray()), "a")]), whole with { Width = 32, Augmentation = new PictureAugmentation { CropPadding = 4 } }, first: 0.25, epochs: 1)[1].Epoch(1).Single();
        small.Pixels.Count(v => v > 0.99f).ShouldBeGreaterThanOrEqualTo(7 * 7);
    }

    [Fact]
    public void The_full_size_from_the_start_is_what_there_was_before()
    {
        PictureData data = Stripes(16, 8);
        PictureBatchOptions whole = new() { Height = 8, Width = 8, Channels = 1, Augmentation = new PictureAugmentation { CropPadding = 1 }, Seed = 3 };
        PictureGrowth growth = new(data, whole, first: 1, epochs: 3);
        for (int epoch = 1; epoch <= 3; epoch++)
            growth[epoch].Epoch(epoch).First().Pixels.ShouldBe(new PictureBatches(data, whole).Epoch(epoch).First().Pixels);
        growth.CostOf(1).ShouldBe(1);
    }

    [Fact]
    public void A_network_learns_on_growing_pictures_and_a_run_that_was_cut_goes_on_with_the_same_bits()
    {
        (PictureData train, PictureData dev, _) = Stripes(160, 8).Split(seed: 1, dev: 0.2, test: 0);
        Progress progress = new();
        ImageClassifier whole = ImageClassifier.Train(train, dev, Small, progress);
        whole.Evaluate(dev).Accuracy.ShouldBeGreaterThan(0.9);
        progress.Notes.ShouldContain("training pictures grow from 4 x 4 to 8 x 8 over the first 3 of 5 epochs");
        using TemporaryFolder folder = new();
        ImageClassifierOptions kept = Small with { Checkpoint = new CheckpointOptions { Path = folder["run"], Interval = TimeSpan.Zero } };
        using (CancellationTokenSource cut = new())
            ImageClassifier.Train(train, dev, kept, new Progress { After = 20, Cut = cut }, cut.Token).Record.WasCancelled.ShouldBeTrue();
        ImageClassifierOptions resumed = kept with { Checkpoint = kept.Checkpoint! with { Resume = true } };
        foreach (ImageClassifierOptions other in new[] { resumed with { FirstScale = 0.75 }, resumed with { Augmentation = null }, resumed with { Freeze = ["conv1"] } })
            Should.Throw<InputException>(() => ImageClassifier.Train(train, dev, other)).Message.ShouldContain("other data, options or network");
        Weights(ImageClassifier.Train(train, dev, resumed).Network).ShouldBe(Weights(whole.Network));
    }

    [Fact]
    public void The_remaining_time_counts_what_later_steps_cost()
    {
        (PictureData train, PictureData dev, _) = Stripes(80, 8).Split(seed: 1, dev: 0.2, test: 0);
        Progress progress = new();
        ImageClassifier.Train(train, dev, Small, progress);
        // Sides of 4, 5, 6, 8 and 8 pixels, 8 steps of 8 pictures each.
        TrainingProgress end = progress.Steps.Single(step => step.Epoch == 1 && step.Step == step.StepsPerEpoch);
        (end.Remaining.TotalSeconds * end.RowsPerSecond / 8).ShouldBe(8 * (25 + 36 + 64 + 64) / 16.0, 0.01);
        end = progress.Steps.Single(step => step.Epoch == 4 && step.Step == 6);
        (end.Remaining.TotalSeconds * end.RowsPerSecond / 8).ShouldBe(10, 0.01);
        progress.Steps[^1].Remaining.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Shares_out_of_range_and_networks_of_one_size_are_refused()
    {
        PictureData data = Stripes(8, 8);
        foreach (double scale in new[] { 0, 0.2, 1.5, double.NaN })
            Should.Throw<ArgumentException>(() => ImageClassifier.Train(data, data, Small with { FirstScale = scale })).Message.ShouldContain("FirstScale must be in 0.25");
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(data, data, Small with { Network = PictureNetworkConfig.Named("vit-32") })).Message.ShouldContain("a vit network reads pictures of one size; set FirstScale = 1");
        PictureNetwork given = (PictureNetworkConfig.Named("vit-32") with { Channels = 1, ClassCount = 2 }).Create();
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(given, data, data, Small)).Message.ShouldContain("one size");
    }

    private static byte[] Weights(Module network)
    {
        using MemoryStream stream = new();
        network.SaveWeights(stream);
        return stream.ToArray();
    }

    // Stripes that lie or stand, four pixels a period of the eight, with noise.
    private static PictureData Stripes(int count, int size)
    {
        Random random = new(1);
        return PictureData.FromPictures(Enumerable.Range(0, count).Select(i =>
        {
            byte[] samples = [.. Enumerable.Range(0, size * size).Select(p => (byte)((((i % 2 == 0 ? p / size : p % size) * 8 / size / 4 % 2) * 160) + random.Next(60)))];
            return (new Picture(size, size, 1, samples), i % 2 == 0 ? "lying" : "standing");
        }));
    }

    private sealed class Progress : ITrainingObserver
    {
        public List<string> Notes { get; } = [];

        public List<TrainingProgress> Steps { get; } = [];

        public int After { get; init; }

        public CancellationTokenSource? Cut { get; init; }

        public void OnStart(TrainingStart start) => Notes.AddRange(start.Notes);

        public void OnStep(in TrainingProgress progress)
        {
            Steps.Add(progress);
            if (Steps.Count == After)
                Cut?.Cancel();
        }
    }
}
