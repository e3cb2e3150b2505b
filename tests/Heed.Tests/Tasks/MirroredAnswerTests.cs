using Heed.Testing;

namespace Heed.Tests.Tasks;

/// <summary>Image classifiers that answer by a picture and its mirrored form.</summary>
public sealed class MirroredAnswerTests
{
    private static readonly ImageClassifierOptions Brief = new()
    {
        Network = new ResNetConfig { Depths = [1, 1], Widths = [4, 8], Attention = "se" },
        Training = new ImageClassifierOptions().Training with { BatchSize = 8, EpochCount = 1, LearningRate = 0.05 },
    };

    [Fact]
    public void Probabilities_are_means_over_both_forms_and_the_report_gives_both_accuracies()
    {
        (PictureData train, PictureData dev, PictureData test) = Corners(120).Split(seed: 1);
        ImageClassifier plain = ImageClassifier.Train(train, dev, Brief), both = plain.AveragingMirrored();
        both.AveragingMirrored().ShouldBeSameAs(both);
        int right = 0;
        double loss = 0;
        bool differs = false;
        for (int i = 0; i < test.Count; i++)
        {
            Picture picture = test.Read(i).Picture, mirrored = Mirrored(picture);
            IReadOnlyList<float> a = plain.Predict(picture).Probabilities, b = plain.Predict(mirrored).Probabilities, mean = both.Predict(picture).Probabilities;
            double[] expected = [.. a.Select((p, c) => (p + (double)b[c]) / 2)];
            mean.Select(p => (double)p).ShouldBe(expected, 1e-6);
            both.Predict(mirrored).Probabilities.Select(p => (double)p).ShouldBe(expected, 1e-6);
            differs |= Math.Abs(a[0] - b[0]) > 0.01;
            right += Array.IndexOf(expected, expected.Max()) == test.Labels[i] ? 1 : 0;
            loss -= Math.Log(expected[test.Labels[i]]);
        }
        differs.ShouldBeTrue("or nothing was tested");
        ImageReport report = both.Evaluate(test), alone = plain.Evaluate(test);
        report.Accuracy.ShouldBe(right / (double)test.Count, 1e-12);
        report.Loss.ShouldBe(loss / test.Count, 1e-5);
        report.PlainAccuracy.ShouldBe(alone.Accuracy);
        alone.PlainAccuracy.ShouldBeNull();
        both.Report(test, out ImageReport shown);
        shown.ShouldBe(report);
        // Gates are of the picture as it is, and not twice.
        Picture seen = test.Read(0).Picture;
        both.Predict(seen, Capture.Gates).Gates.Select(g => g.Values).ShouldBe(plain.Predict(seen, Capture.Gates).Gates.Select(g => g.Values));
    }

    [Fact]
    public void The_choice_is_kept_with_the_model_and_changes_nothing_of_its_training()
    {
        (PictureData train, PictureData dev, _) = Corners(40).Split(seed: 1, dev: 0.2, test: 0);
        using TemporaryFolder folder = new();
        ImageClassifier both = ImageClassifier.Train(train, dev, Brief with { AveragesMirrored = true }), plain = ImageClassifier.Train(train, dev, Brief);
        both.Record.Epochs.Select(e => e.DevLoss).ShouldBe(plain.Record.Epochs.Select(e => e.DevLoss));
        both.Save(folder["both"]);
        plain.Save(folder["plain"]);
        ImageClassifier loaded = ImageClassifier.Load(folder["both"]);
        loaded.AveragesMirrored.ShouldBeTrue();
        Picture picture = dev.Read(0).Picture;
        loaded.Predict(picture).Probabilities.ShouldBe(both.Predict(picture).Probabilities);
        loaded.Predict(picture).Probabilities.ShouldBe(plain.AveragingMirrored().Predict(picture).Probabilities);
        // A folder without the choice is written as before there was one, and read as without it.
        File.ReadAllText(Path.Combine(folder["plain"], "config.json")).ShouldNotContain("irrored");
        ImageClassifier.Load(folder["plain"]).AveragesMirrored.ShouldBeFalse();
    }

    [Fact]
    public void Probabilities_too_small_for_a_float_are_not_lost()
    {
        ResNet network = new(new ResNetConfig { Depths = [1], Widths = [4], Channels = 1, ClassCount = 2 });
        network.Initialize(1);
        foreach ((string name, Parameter parameter) in network.NamedParameters().Where(p => p.Name.StartsWith("fc.", StringComparison.Ordinal)))
            parameter.Assign(name == "fc.bias" ? [0, 200] : new float[parameter.Values.Length]);
        PictureData data = PictureData.FromPictures([(new Picture(8, 8, 1, new byte[64]), "0")], ["0", "1"]);
        ImageClassifierTask.Measure(network, new PictureBatches(data, new PictureBatchOptions { Height = 8, Width = 8, Channels = 1 }), averagesMirrored: true).Loss.ShouldBe(200, 1e-3);
    }

    // Pictures with noise and a bright corner, of another brightness and height where the class is another: mirrored they are others.
    private static PictureData Corners(int count)
    {
        RandomStream random = new(5, "corners");
        return PictureData.FromPictures(Enumerable.Range(0, count).Select(n =>
        {
            byte[] samples = new byte[64];
            for (int i = 0; i < samples.Length; i++)
                samples[i] = (byte)((i % 8 < 3 && (n % 2 == 0 ? i < 24 : i >= 40) ? 120 : 0) + random.Next(130));
            return (new Picture(8, 8, 1, samples), n % 2 == 0 ? "up" : "down");
        }));
    }

    private static Picture Mirrored(Picture picture) =>
        new(picture.Width, picture.Height, 1, Enumerable.Range(0, 64).Select(i => picture.Samples.Span[(i / 8 * 8) + 7 - (i % 8)]).ToArray());
}
