using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class DetectorTests
{
    private static readonly DetectorOptions Small = new()
    {
        Network = new FcosConfig { Backbone = new ResNetConfig { Depths = [1, 1, 1, 1], Widths = [4, 8, 16, 16], Attention = "se" }, Width = 16, HeadDepth = 1, LevelCount = 2 },
        Training = new DetectorOptions().Training with { BatchSize = 4, EpochCount = 10, LearningRate = 0.01 },
    };

    [Fact]
    public void Learns_to_find_things_and_comes_back_from_its_folder_with_the_same_boxes()
    {
        (BoxData train, BoxData dev, BoxData test) = Scenes(70).Split(seed: 1);
        Detector detector = Detector.Train(train, dev, Small);
        DetectionReport report = detector.Evaluate(test);
        report.PictureCount.ShouldBe(test.Count);
        report.VocPrecision.ShouldBeGreaterThan(0.5);
        report.CocoHalf.ShouldBe(report.VocPrecision, 0.1);
        detector.Record.Epochs[detector.Record.BestEpoch - 1].Score!.Value.ShouldBeGreaterThan(0.4);
        using TemporaryFolder folder = new();
        detector.Save(folder["model"]);
        Detector.IsIn(folder["model"]).ShouldBeTrue();
        Detector loaded = Detector.Load(folder["model"]);
        Picture picture = test.Read(0).Picture;
        DetectionPrediction before = detector.Predict(picture), after = loaded.Predict(picture);
        after.Boxes.ShouldBe(before.Boxes);
        after.Draw(picture).Height.ShouldBe(picture.Height);
        // Twice as large: the boxes are, too.
        Picture large = Enlarged(picture);
        (large.Width, large.Height).ShouldBe((2 * picture.Width, 2 * picture.Height));
        IReadOnlyList<ScoredBox> wide = loaded.Predict(large, leastScore: 0.1).Boxes;
        foreach (ScoredBox box in wide)
            (box.Box.Right <= large.Width && box.Box.Bottom <= large.Height && box.Box.Left >= 0 && box.Box.Top >= 0).ShouldBeTrue();
        after.Boxes.ShouldNotBeEmpty();
        foreach ((PictureBox box, _) in after.Boxes)
        {
            PictureBox twice = new(box.Label, 2 * box.Left, 2 * box.Top, 2 * box.Right, 2 * box.Bottom);
            // Not scaled back, none would overlap by more than a quarter; enlarged and made small again, a picture is a little smoother.
            wide.Max(found => found.Box.Overlap(twice)).ShouldBeGreaterThan(0.5);
        }
        Should.Throw<InputException>(() => Segmenter.Load(folder["model"])).Message.ShouldContain("detection");
    }

    [Fact]
    public void Boxes_are_scaled_back_to_the_picture_along_each_axis()
    {
        Fcos network = new(new FcosConfig { Width = 4, HeadDepth = 1, Backbone = new ResNetConfig { Stem = "large", Depths = [1, 1, 1], Widths = [2, 3, 4] } });
        network.Initialize(1);
        // The answers know nothing of the picture: every place says ½ and a stride to each edge.
        foreach (string part in new[] { "class_logits.weight", "class_bias", "distances.weight", "distances.bias", "centreness.weight", "centreness.bias" })
        {
            Parameter answer = network.NamedParameters().Single(p => p.Name == "head." + part).Parameter;
            answer.Assign(new float[answer.Shape.Length]);
        }
        TrainingRecord record = TrainingRecord.Create(Small.Training, new TrainingReport([], 0, false, default), "", "");
        Detector detector = new(network, ["thing"], new PictureBatchOptions { Height = 16, Width = 24 }, overlap: 0.6, record);
        // Places of 8 pixels, cut to 24 × 16, then the first one of 16; the second is two thirds of it and gives way.
        PictureBox[] found = [new(0, 0, 0, 12, 12), new(0, 4, 0, 20, 12), new(0, 12, 0, 24, 12), new(0, 0, 4, 12, 16), new(0, 4, 4, 20, 16), new(0, 12, 4, 24, 16), new(0, 0, 0, 24, 16)];
        foreach ((int across, int down) in new[] { (1, 1), (2, 2), (2, 3) })
        {
            DetectionPrediction prediction = detector.Predict(new Picture(24 * across, 16 * down, 3, new byte[24 * across * 16 * down * 3]));
            prediction.Boxes.Select(b => b.Box).ShouldBe(found.Select(box => new PictureBox(0, across * box.Left, down * box.Top, across * box.Right, down * box.Bottom)));
            prediction.Boxes.ShouldAllBe(b => b.Confidence == 0.5f);
        }
    }

    [Fact]
    public void A_checkpoint_of_a_run_with_other_changes_of_pictures_frozen_layers_or_first_weights_is_refused()
    {
        (BoxData train, BoxData dev, _) = Scenes(12).Split(seed: 1, dev: 0.3, test: 0);
        using TemporaryFolder folder = new();
        DetectorOptions plain = Small with { Training = Small.Training with { EpochCount = 1 } };
        DetectorOptions once = plain with { Checkpoint = new CheckpointOptions { Path = folder["run"], Interval = TimeSpan.Zero, Resume = true } };
        Detector.Train(train, dev, plain).Save(folder["first"]);
        Detector.Train(train, dev, once);
        foreach (DetectorOptions other in new[] { once with { Augmentation = null }, once with { Freeze = ["head.*"] }, once with { InitialWeights = folder["first"] } })
            Should.Throw<InputException>(() => Detector.Train(train, dev, other)).Message.ShouldContain("other data, options or network");
        Detector.Train(train, dev, once).Record.Epochs.Count.ShouldBe(1);
    }

    [Fact]
    public void Blocks_are_put_into_a_trained_folder_and_its_costs_are_told()
    {
        (BoxData train, BoxData dev, _) = Scenes(12).Split(seed: 1, dev: 0.3, test: 0);
        DetectorOptions once = Small with { Training = Small.Training with { EpochCount = 1 } };
        using TemporaryFolder folder = new();
        Detector.Train(train, dev, once).Save(folder["plain"]);
        PictureCosts plain = Detector.Load(folder["plain"]).Costs();
        Detector second = Detector.Train(train, dev, once with { InitialWeights = folder["plain"], Insertions = [new() { After = "fpn.layer*", StartOpen = true }, new() { After = "head.box_conv1", Block = "eca" }] });
        second.Save(folder["second"]);
        Detector loaded = Detector.Load(folder["second"]);
        Picture picture = train.Read(0).Picture;
        loaded.Predict(picture, 0).Boxes.ShouldBe(second.Predict(picture, 0).Boxes);
        PictureCosts costs = loaded.Costs();
        costs.Inserted.Select(b => b.Block.Name).ShouldBe(["fpn.se", "fpn.se2", "head.se"]);
        costs.MultiplyAdds.ShouldBe(plain.MultiplyAdds + costs.Inserted.Sum(b => b.Block.MultiplyAdds));
        costs.ParameterCount.ShouldBe(plain.ParameterCount + costs.Inserted.Sum(b => b.Block.ParameterCount));
        plain.Blocks.Count.ShouldBe(4);
        Should.Throw<ArgumentException>(() => Detector.Train(train, dev, once with { Insertions = [new() { After = "fpn.lair*" }] })).Message.ShouldContain("Did you mean 'fpn.layer");
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits()
    {
        (BoxData train, BoxData dev, _) = Scenes(16).Split(seed: 1, dev: 0.3, test: 0);
        DetectorOptions options = Small with { Training = Small.Training with { EpochCount = 2 }, Height = 40, Width = 56 };
        byte[] Weights()
        {
            using MemoryStream stream = new();
            Detector.Train(train, dev, options).Network.SaveWeights(stream);
            return stream.ToArray();
        }
        Weights().ShouldBe(Weights());
    }

    [Fact]
    public void Places_know_their_thing_by_hand()
    {
        // A level of 8 pixels: a box of 16 × 16 around (16, 16) has its four places 4 pixels from the middle.
        FcosTargets targets = FcosTargets.Of([[new PictureBox(1, 8, 8, 24, 24)]], 4, 4, 2, [8, 16], 0);
        float[] where = new float[16];
        foreach (int place in (int[])[5, 6, 9, 10])
            where[place] = 1;
        targets.Positive.ShouldBe(where);
        targets.Classes.Where((_, i) => i % 2 == 1).ShouldBe(where);
        targets.Distances[(4 * 5)..(4 * 6)].ShouldBe([4, 4, 12, 12]);
        targets.Centreness[5].ShouldBe(1f / 3, 1e-6f);
        // The farthest edge is 12 pixels away: no business of the second level, which starts at 64.
        FcosTargets.Of([[new PictureBox(1, 8, 8, 24, 24)]], 2, 2, 2, [8, 16], 1).Positive.ShouldAllBe(p => p == 0);
        // A large box is the second level's, by the sixteen places that are at most 24 pixels from its middle.
        FcosTargets.Of([[new PictureBox(1, 0, 0, 160, 160)]], 20, 20, 2, [8, 16], 0).Positive.Sum().ShouldBe(0);
        FcosTargets.Of([[new PictureBox(1, 0, 0, 160, 160)]], 10, 10, 2, [8, 16], 1).Positive.Sum().ShouldBe(16);
        // Of two boxes around a place it takes the smaller one, in whichever order they come.
        PictureBox inner = new(0, 26, 26, 38, 38), outer = new(1, 8, 8, 56, 56);
        foreach (PictureBox[] both in new[] { new[] { inner, outer }, [outer, inner] })
        {
            FcosTargets nested = FcosTargets.Of([both], 8, 8, 2, [8], 0);
            (nested.Classes.Where((_, i) => i % 2 == 0).Sum(), nested.Classes.Where((_, i) => i % 2 == 1).Sum()).ShouldBe((4, 12));
        }
    }

    [Fact]
    public void Crowds_are_not_learned_and_difficult_things_are()
    {
        PictureBox box = new(1, 8, 8, 24, 24);
        FcosTargets.Of([[box with { Kind = BoxKind.Crowd }]], 4, 4, 2, [8], 0).Positive.Sum().ShouldBe(0);
        FcosTargets.Of([[box with { Kind = BoxKind.Difficult }]], 4, 4, 2, [8], 0).Positive.Sum().ShouldBe(4);
        // A kind goes with its box through cropping and scaling, and data of crowds alone have nothing to find.
        PictureWindow.Whole(new Picture(48, 48, 1, new byte[48 * 48])).Map(box with { Kind = BoxKind.Crowd }, 24, 24, 0).ShouldBe(new PictureBox(1, 4, 4, 12, 12) { Kind = BoxKind.Crowd });
        BoxData crowds = BoxData.FromPictures([(new Picture(32, 32, 3, new byte[3072]), [new PictureBox(0, 1, 1, 5, 5) { Kind = BoxKind.Crowd }])], ["thing"]);
        Should.Throw<InputException>(() => Detector.Train(crowds, crowds, Small)).Message.ShouldContain("no box in the training pictures");
    }

    [Fact]
    public void Perfect_answers_cost_almost_nothing_and_become_the_boxes()
    {
        PictureBox[] truth = [new(1, 8, 8, 24, 24), new(0, 34, 20, 46, 44)];
        FcosTargets targets = FcosTargets.Of([truth], 8, 8, 2, [8], 0);
        (float loss, IReadOnlyList<ScoredBox> boxes) = Step.Evaluate(pass =>
        {
            Tensor Logits(float[] values, int size) => pass.Input(Array.ConvertAll(values, v => v > 0 ? 20f : -20f), new Shape(1, 8, 8, size));
            Tensor distances = pass.Input(Array.ConvertAll(targets.Distances, d => d > 0 ? d : 1), new Shape(1, 8, 8, 4));
            float[] centreness = Array.ConvertAll(targets.Centreness, c => c <= 0 ? -20 : MathF.Log(c / Math.Max(1e-6f, 1 - c)));
            FcosLevel[] levels = [new(8, Logits(targets.Classes, 2), distances, pass.Input(centreness, new Shape(1, 8, 8, 1)))];
            return (FcosAnswers.Loss(levels, [truth], [8]).Item, FcosAnswers.Boxes(levels, 64, 64, 0.3, 0.6, 10)[0]);
        });
        // What is left is the entropy of centre-ness between 0 and 1.
        loss.ShouldBeLessThan(0.7f);
        boxes.Select(b => b.Box).Order(Comparer<PictureBox>.Create((a, b) => b.Label - a.Label)).ShouldBe(truth);
    }

    [Fact]
    public void A_crowd_is_no_thing_in_what_is_learned_measured_or_said()
    {
        PictureBox thing = new(0, 2, 2, 14, 14), crowd = new(1, 16, 0, 32, 16) { Kind = BoxKind.Crowd }, hard = new(1, 18, 18, 30, 30) { Kind = BoxKind.Difficult };
        FcosTargets with = FcosTargets.Of([[thing, crowd, hard]], 8, 8, 2, [4], 0), without = FcosTargets.Of([[thing, hard]], 8, 8, 2, [4], 0);
        with.Classes.ShouldBe(without.Classes);
        with.Positive.ShouldBe(without.Positive);
        with.Classes.ShouldNotBe(FcosTargets.Of([[thing]], 8, 8, 2, [4], 0).Classes, "a difficult thing is learned");
        BoxData data = BoxData.FromPictures([(new Picture(32, 32, 3, new byte[32 * 32 * 3]), [thing, crowd, hard])], ["cat", "dog"]);
        Fcos network = new(new FcosConfig { ClassCount = 2, Width = 4, HeadDepth = 1, LevelCount = 2, Backbone = new ResNetConfig { Depths = [1, 1, 1], Widths = [2, 3, 4] } });
        DetectorTask task = new(network, data, data, new PictureBatchOptions { Height = 32, Width = 32 }, new DetectorOptions());
        task.Description.ShouldContain("; 1 box, 1 difficult one and 1 crowd in 1 training and 1 dev pictures");
        DetectionReport report = new(["cat", "dog"], [[thing, crowd, hard]], [[new ScoredBox(thing, 0.9f), new ScoredBox(new PictureBox(1, 17, 1, 20, 5), 0.8f)]]);
        report.Classes.Select(c => c.BoxCount).ShouldBe([1, 0]);
        report.CocoPrecision.ShouldBe(1);
        report.ToString().ShouldContain("1 boxes in 1 pictures");
    }

    [Fact]
    public void The_gradient_of_the_whole_loss_agrees_with_differences()
    {
        Fcos network = new(new FcosConfig { ClassCount = 2, Width = 4, HeadDepth = 1, LevelCount = 2, Backbone = new ResNetConfig { Depths = [1, 1, 1], Widths = [2, 3, 4] } });
        network.Initialize(1);
        float[] picture = FormulaWeights.Create(16 * 16 * 3, 1, 1);
        PictureBox[] boxes = [new(1, 2, 2, 9, 9), new(0, 3, 4, 15, 14)];
        GradientCheck.Run(network.NamedParameters().Where(p => p.Name.StartsWith("head.", StringComparison.Ordinal) || p.Name.StartsWith("fpn.", StringComparison.Ordinal)),
            pass => FcosAnswers.Loss(network.Forward(pass.Input(picture, new Shape(1, 16, 16, 3)), pass), [boxes], network.Strides)).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void It_trains_over_MobileNetV3()
    {
        Fcos network = new(new FcosConfig { ClassCount = 2, Width = 8, HeadDepth = 1, LevelCount = 3, Backbone = MobileNetV3Config.Named("mobilenetv3-small") });
        network.Initialize(1);
        network.Strides.ShouldBe([8, 16, 32]);
        float[] picture = FormulaWeights.Create(40 * 64 * 3, 1, 1);
        IReadOnlyList<FcosLevel> Levels(Pass pass) => network.Forward(pass.Input(picture, new Shape(1, 40, 64, 3)), pass);
        Step.Evaluate(pass =>
        {
            Levels(pass).Select(level => level.Classes.Shape).ShouldBe([new Shape(1, 5, 8, 2), new Shape(1, 3, 4, 2), new Shape(1, 2, 2, 2)]);
            return Levels(pass)[0].Classes;
        });
        float loss = Step.Train(new RandomStream(1, "step"), 0, pass => FcosAnswers.Loss(Levels(pass), [[new PictureBox(1, 4, 2, 60, 38)]], network.Strides));
        float.IsFinite(loss).ShouldBeTrue();
        // All but the backbone's own head, which nobody asks.
        network.NamedParameters().Where(p => !p.Parameter.HasGradient).Select(p => p.Name).ShouldAllBe(name => name.StartsWith("backbone.classifier.", StringComparison.Ordinal));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        BoxData scenes = Scenes(4), others = BoxData.FromPictures([(new Picture(32, 32, 1, new byte[1024]), [new PictureBox(0, 1, 1, 5, 5)])], ["spot"]);
        Should.Throw<ArgumentException>(() => Detector.Train(scenes, others, Small)).Message.ShouldContain("the same classes");
        Should.Throw<InputException>(() => Detector.Train(scenes, scenes.Select([]), Small)).Message.ShouldContain("0 dev pictures");
        Should.Throw<InputException>(() => Detector.Train(scenes, BoxData.FromPictures([(new Picture(32, 32, 3, new byte[3072]), [])], scenes.LabelNames), Small)).Message.ShouldContain("no box in the dev pictures");
        Should.Throw<ArgumentException>(() => Detector.Train(scenes, scenes, Small with { Network = Small.Network with { LevelCount = 5 } })).Message.ShouldContain("the backbone has 4");
        Should.Throw<ArgumentException>(() => Detector.Train(scenes, scenes, Small with { Overlap = 0 })).Message.ShouldContain("Overlap");
        Should.Throw<ArgumentException>(() => Detector.Train(scenes, scenes, Small with { Training = Small.Training with { Monitor = "accuracy" } })).Message.ShouldContain("mean-ap");
        Should.Throw<InputException>(() => BoxData.FromPictures([(new Picture(8, 8, 1, new byte[64]), [new PictureBox(0, 1, 1, 9, 5)])], ["spot"])).Message.ShouldContain("leaves picture 0");
    }

    // Things, whatever their shape.
    private static BoxData Scenes(int count) => BoxData.FromPictures(ShapeScenes.Make(count, 5, size: 48, mostThings: 2).Select(scene =>
        (scene.Picture, (IReadOnlyList<PictureBox>)[.. scene.Boxes.Select(box => box with { Label = 0 })])), ["thing"]);

    private static Picture Enlarged(Picture picture)
    {
        byte[] samples = new byte[4 * picture.Samples.Length];
        for (int i = 0; i < samples.Length; i++)
        {
            int pixel = i / 3, row = pixel / (2 * picture.Width) / 2, column = pixel % (2 * picture.Width) / 2;
            samples[i] = picture[row, column, i % 3];
        }
        return new Picture(2 * picture.Width, 2 * picture.Height, 3, samples);
    }
}
