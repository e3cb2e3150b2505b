using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class SegmenterTests
{
    private static readonly SegmenterOptions Small = new()
    {
        Network = new UNetConfig { Widths = [8, 16, 16], Attention = "se", Reduction = 2 },
        Dice = 1,
        Training = new SegmenterOptions().Training with { BatchSize = 4, EpochCount = 12, LearningRate = 0.01 },
    };

    [Fact]
    public void Learns_shapes_and_comes_back_from_its_folder_with_the_same_bits()
    {
        (MaskData train, MaskData dev, MaskData test) = Scenes(50).Split(seed: 1);
        Segmenter segmenter = Segmenter.Train(train, dev, Small);
        SegmentationReport report = segmenter.Evaluate(test);
        report.PictureCount.ShouldBe(test.Count);
        report.PixelCount.ShouldBe(test.Count * 32 * 32L);
        report.PixelAccuracy.ShouldBeGreaterThan(0.88);
        report.Classes[0].Iou.ShouldBeGreaterThan(0.85);
        report.MeanIou.ShouldBeGreaterThan(0.65);
        segmenter.Record.Epochs[segmenter.Record.BestEpoch - 1].Score!.Value.ShouldBeGreaterThan(0.65);
        using TemporaryFolder folder = new();
        segmenter.Save(folder["model"]);
        Segmenter.IsIn(folder["model"]).ShouldBeTrue();
        Segmenter loaded = Segmenter.Load(folder["model"]);
        Picture picture = test.Read(0).Picture;
        loaded.Predict(picture).Mask.Samples.ToArray().ShouldBe(segmenter.Predict(picture).Mask.Samples.ToArray());
        loaded.Evaluate(test).Loss.ShouldBe(report.Loss);
        loaded.Record.Epochs[0].Score.ShouldBe(segmenter.Record.Epochs[0].Score);
        // Another size, which is no multiple of the stride.
        Picture odd = ShapeScenes.Make(1, 9, 45)[0].Picture;
        SegmentationPrediction seen = loaded.Predict(odd);
        (seen.Mask.Width, seen.Mask.Height).ShouldBe((45, 45));
        seen.Shares.Sum().ShouldBe(1, 1e-9);
        seen.Draw(odd).Width.ShouldBeGreaterThanOrEqualTo(45);
        Should.Throw<InputException>(() => ImageClassifier.Load(folder["model"])).Message.ShouldContain("segmentation");
        Should.Throw<InputException>(() => Segmenter.Load(Damaged(folder, text => text.Replace("16,", "16000,", StringComparison.Ordinal)))).Message.ShouldContain("config.json");
    }

    [Fact]
    public void A_checkpoint_of_a_run_with_other_changes_of_pictures_frozen_layers_or_losses_is_refused()
    {
        (MaskData train, MaskData dev, _) = Scenes(12).Split(seed: 1, dev: 0.3, test: 0);
        using TemporaryFolder folder = new();
        SegmenterOptions once = Small with { Training = Small.Training with { EpochCount = 1 }, Checkpoint = new CheckpointOptions { Path = folder["run"], Interval = TimeSpan.Zero, Resume = true } };
        Segmenter.Train(train, dev, once);
        foreach (SegmenterOptions other in new[] { once with { Augmentation = null }, once with { Freeze = ["encoder1"] }, once with { Dice = 0.5 } })
            Should.Throw<InputException>(() => Segmenter.Train(train, dev, other)).Message.ShouldContain("other data, options or network");
        Segmenter.Train(train, dev, once).Record.Epochs.Count.ShouldBe(1);
    }

    [Fact]
    public void A_backbone_that_reads_one_size_scales_all_pictures_to_it()
    {
        (MaskData train, MaskData dev, _) = Scenes(8).Split(seed: 1, dev: 0.3, test: 0);
        VisionTransformerConfig vision = (VisionTransformerConfig)PictureNetworkConfig.Named("vit-32");
        Segmenter segmenter = Segmenter.Train(train, dev, Small with { Network = new UNetConfig { Widths = [6], Backbone = vision with { Encoder = vision.Encoder with { LayerCount = 1, Size = 12 } } }, Training = Small.Training with { EpochCount = 1 } });
        segmenter.Size.ShouldBe((32, 32));
        segmenter.Costs().MultiplyAdds.ShouldBeGreaterThan(0);
        SegmentationPrediction seen = segmenter.Predict(ShapeScenes.Make(1, 9, 45)[0].Picture);
        (seen.Mask.Width, seen.Mask.Height).ShouldBe((45, 45));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_over_a_backbone_too()
    {
        (MaskData train, MaskData dev, _) = Scenes(12).Split(seed: 1, dev: 0.3, test: 0);
        SegmenterOptions options = Small with
        {
            Network = new UNetConfig { Widths = [6, 8], Backbone = new ResNetConfig { Depths = [1, 1], Widths = [6, 8], Attention = "se" } },
            Height = 24,
            Width = 40,
            Training = Small.Training with { EpochCount = 2, ClassWeights = "balanced" },
        };
        byte[] Weights(Segmenter segmenter)
        {
            using MemoryStream stream = new();
            segmenter.Network.SaveWeights(stream);
            return stream.ToArray();
        }
        Segmenter first = Segmenter.Train(train, dev, options);
        Weights(Segmenter.Train(train, dev, options)).ShouldBe(Weights(first));
        using TemporaryFolder folder = new();
        first.Save(folder["model"]);
        Segmenter loaded = Segmenter.Load(folder["model"]);
        loaded.Network.Config.Backbone.ShouldBeOfType<ResNetConfig>().Attention.ShouldBe("se");
        // Pictures are scaled to 24 × 40 and back.
        loaded.Evaluate(dev).Loss.ShouldBe(first.Evaluate(dev).Loss);
    }

    [Fact]
    public void Blocks_are_put_into_a_trained_folder_and_into_a_backbone_of_another()
    {
        (MaskData train, MaskData dev, _) = Scenes(12).Split(seed: 1, dev: 0.3, test: 0);
        SegmenterOptions once = Small with { Network = new UNetConfig { Widths = [4, 8] }, Training = Small.Training with { EpochCount = 1 } };
        using TemporaryFolder folder = new();
        Segmenter.Train(train, dev, once).Save(folder["plain"]);
        Segmenter second = Segmenter.Train(train, dev, once with { InitialWeights = folder["plain"], Freeze = ["encoder1"], Insertions = [new() { After = "encoder2", StartOpen = true }, new() { After = "decoder1.bn*", Block = "scse" }] });
        second.Save(folder["second"]);
        Segmenter loaded = Segmenter.Load(folder["second"]);
        Picture picture = train.Read(0).Picture;
        loaded.Predict(picture).Mask.Samples.ToArray().ShouldBe(second.Predict(picture).Mask.Samples.ToArray());
        loaded.Network.NamedParameters().Single(p => p.Name == "encoder1.conv1.weight").Parameter.Values.ToArray()
            .ShouldBe(Segmenter.Load(folder["plain"]).Network.NamedParameters().Single(p => p.Name == "encoder1.conv1.weight").Parameter.Values.ToArray());
        PictureCosts costs = loaded.Costs(20, 24);
        costs.Inserted.Select(b => (b.After, b.Block.Name)).ShouldBe([("encoder2", "se"), ("decoder1.bn1", "decoder1.se"), ("decoder1.bn2", "decoder1.se2")]);
        // 3 × 3 convolutions of 480 and 120 pixels, the transposed one from 120 pixels, and the last one; then the blocks.
        costs.MultiplyAdds.ShouldBe((480L * 9 * ((3 * 4) + (4 * 4) + (8 * 4) + (4 * 4))) + (120 * 9 * ((4 * 8) + (8 * 8))) + (120 * 8 * 4 * 4) + (480 * 4 * 2) + costs.Blocks.Sum(b => b.MultiplyAdds));
        loaded.Costs().Height.ShouldBe(256);
        // Pictures of an image classifier, whose inserted blocks come with its weights.
        ResNetConfig residual = new() { Depths = [1, 1], Widths = [4, 8] };
        (PictureData images, PictureData others, _) = PictureData.FromPictures([.. Enumerable.Range(0, 8).Select(i => (train.Read(i % train.Count).Picture, i % 2 == 0 ? "a" : "b"))]).Split(seed: 1, dev: 0.5, test: 0);
        ImageClassifier classifier = ImageClassifier.Train(images, others, new() { Network = residual, Insertions = [new() { After = "layer1.0.bn2", Block = "eca" }], Training = new ImageClassifierOptions().Training with { EpochCount = 1, BatchSize = 4 } });
        classifier.Save(folder["classifier"]);
        Segmenter over = Segmenter.Train(train, dev, once with { Network = new UNetConfig { Widths = [4, 8], Backbone = residual }, InitialWeights = folder["classifier"], Freeze = ["backbone"] });
        over.Save(folder["over"]);
        Segmenter again = Segmenter.Load(folder["over"]);
        again.Predict(picture).Mask.Samples.ToArray().ShouldBe(over.Predict(picture).Mask.Samples.ToArray());
        again.Network.NamedParameters().Single(p => p.Name == "backbone.layer1.0.se.conv.weight").Parameter.Values.ToArray()
            .ShouldBe(classifier.Network.NamedParameters().Single(p => p.Name == "layer1.0.se.conv.weight").Parameter.Values.ToArray());
        Should.Throw<InputException>(() => Segmenter.Train(train, dev, once with { InitialWeights = folder["classifier"] })).Message.ShouldContain("no backbone");
        Should.Throw<ArgumentException>(() => Segmenter.Train(train, dev, once with { Insertions = [new() { After = "encodr*" }] })).Message.ShouldContain("Did you mean 'encoder1'?");
    }

    [Fact]
    public void Intersection_over_union_by_hand()
    {
        // Of 10 pixels of a 8 are right and 2 are said to be b; of 5 of b 4 are right and 1 is said to be a; c is not there; d has 5 pixels, all said to be a.
        SegmentationReport report = new(["a", "b", "c", "d"], [8, 2, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0], 2, 0.5);
        report.Classes[0].Iou.ShouldBe(8.0 / 16, 1e-12);
        report.Classes[1].Iou.ShouldBe(4.0 / 7, 1e-12);
        report.Classes[2].Iou.ShouldBe(double.NaN);
        report.Classes[3].Iou.ShouldBe(0);
        report.MeanIou.ShouldBe(((8.0 / 16) + (4.0 / 7)) / 3, 1e-12);
        report.PixelAccuracy.ShouldBe(12.0 / 20, 1e-12);
        report.PixelCount.ShouldBe(20);
        report.ToString().ShouldContain("d  IoU 0.0000");
    }

    [Fact]
    public void Dice_loss_by_hand_leaves_void_pixels_out()
    {
        // Two pixels of two classes and one that counts nowhere; p = ½ everywhere: 2·½/(1 + 1) for both.
        Step.Evaluate(pass => SegmenterTask.DiceLoss(pass.Input([0, 0, 3, 3, 9, -9], new Shape(3, 2)), new[] { 0, 1, -1 }, pass)).Item.ShouldBe(0.5f, 1e-6f);
        // Sure and right is 0; a class that is not there takes no part.
        Step.Evaluate(pass => SegmenterTask.DiceLoss(pass.Input([40, 0, 0, 0, 40, 0], new Shape(2, 3)), new[] { 0, 1 }, pass)).Item.ShouldBe(0, 1e-6f);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        MaskData scenes = Scenes(4), others = MaskData.FromPictures([(new Picture(8, 8, 1, new byte[64]), new Picture(8, 8, 1, new byte[64]))], ["spots", "stars"]);
        Should.Throw<ArgumentException>(() => Segmenter.Train(scenes, others, Small)).Message.ShouldContain("the same classes");
        Should.Throw<InputException>(() => Segmenter.Train(scenes, scenes.Select([]), Small)).Message.ShouldContain("0 dev pictures");
        Should.Throw<ArgumentException>(() => Segmenter.Train(scenes, scenes, Small with { Height = 32 })).Message.ShouldContain("both");
        Should.Throw<ArgumentException>(() => Segmenter.Train(scenes, scenes, Small with { Training = Small.Training with { Monitor = "macro-f1" } })).Message.ShouldContain("mean-iou");
        Should.Throw<InputException>(() => MaskData.FromPictures([(new Picture(8, 8, 1, new byte[64]), new Picture(4, 8, 1, new byte[32]))], ["a", "b"])).Message.ShouldContain("4 × 8 pixels");
    }

    // Things, whatever their shape, upon the ground.
    private static MaskData Scenes(int count) => MaskData.FromPictures(ShapeScenes.Make(count, 5, size: 32, mostThings: 2).Select(scene =>
        (scene.Picture, new Picture(32, 32, 1, Array.ConvertAll(scene.Mask.Samples.ToArray(), label => Math.Min(label, (byte)1))))), ["ground", "thing"]);

    // The folder with another configuration, its manifest made anew.
    private static string Damaged(TemporaryFolder folder, Func<string, string> change)
    {
        Dictionary<string, Action<Stream>> files = Directory.GetFiles(folder["model"]).Where(f => Path.GetFileName(f) != "manifest.json").ToDictionary(f => Path.GetFileName(f), f =>
        {
            byte[] bytes = Path.GetFileName(f) == "config.json" ? System.Text.Encoding.UTF8.GetBytes(change(File.ReadAllText(f))) : File.ReadAllBytes(f);
            return (Action<Stream>)(stream => stream.Write(bytes));
        }, StringComparer.Ordinal);
        ModelFolder.Write(folder["damaged"], files);
        return folder["damaged"];
    }
}
