using Heed.Testing;

namespace Heed.Tests.Inspection;

/// <summary>The same methods on detectors, segmenters and vision Transformers.</summary>
public sealed class ExplainedPicturesTests
{
    private static readonly string[] pixelMethods = ["gradient-input", "integrated-gradients", "smoothgrad", "occlusion", "grad-cam"];
    private static readonly ExplanationOptions Quick = new() { Steps = 16, Samples = 4, Removal = "mean" };

    private static readonly Lazy<Detector> Finder = new(() =>
    {
        BoxData data = ShapeScenes.ToBoxData(ShapeScenes.Make(60, 3, 48, 2));
        return Detector.Train(data.Select([.. Enumerable.Range(0, 50)]), data.Select([.. Enumerable.Range(50, 10)]), new DetectorOptions
        {
            Network = new FcosConfig { Backbone = new ResNetConfig { Depths = [1, 1, 1, 1], Widths = [4, 8, 16, 16], Attention = "se" }, Width = 16, HeadDepth = 1, LevelCount = 2 },
            Training = new DetectorOptions().Training with { BatchSize = 4, EpochCount = 12, LearningRate = 0.01 },
        });
    });

    private static readonly Lazy<Segmenter> Painter = new(() =>
    {
        MaskData data = ShapeScenes.ToMaskData(ShapeScenes.Make(50, 3, 32, 2));
        return Segmenter.Train(data.Select([.. Enumerable.Range(0, 42)]), data.Select([.. Enumerable.Range(42, 8)]), new SegmenterOptions
        {
            Network = new UNetConfig { Widths = [8, 16, 16], Attention = "se", Reduction = 2 }, Dice = 1, Training = new SegmenterOptions().Training with { BatchSize = 4, EpochCount = 12, LearningRate = 0.01 },
        });
    });

    [Fact]
    public void A_box_is_explained_by_the_place_where_its_thing_is()
    {
        Detector model = Finder.Value;
        ShapeScene[] scenes = [.. ShapeScenes.Make(30, 11, 48, 1).Where(scene => model.Predict(scene.Picture).Boxes.Count > 0)];
        scenes.Length.ShouldBeGreaterThan(15);
        ExplainedInput first = model.Explaining(scenes[0].Picture, "scene");
        ScoredBox surest = model.Predict(scenes[0].Picture).Boxes[0];
        (first.Model, first.Source, first.Label, first.Grid, first.IsLogOdds).ShouldBe(("detector", "scene", model.Labels[surest.Box.Label], (8, 8), true));
        first.Target.ShouldBe($"log odds of the strongest '{first.Label}'");
        first.Answer(first.Value).ShouldBe(surest.Confidence, 1e-4);
        IReadOnlyList<Explanation> all = model.Explain(scenes[0].Picture, Quick);
        all.Select(e => e.Method).ShouldBe(pixelMethods);
        all.ShouldAllBe(e => e.Scores.Count == 64 && e.Scores.All(float.IsFinite));
        Slope(first).ShouldSatisfyAllConditions(s => s.Gradient.ShouldBe(s.Difference, 0.02 + (0.05 * Math.Abs(s.Difference))));
        // Which of 8 × 8 cells of 6 pixels has the middle of the one thing.
        foreach (string method in new[] { "occlusion", "integrated-gradients", "grad-cam" })
        {
            PlantedEvidence found = PlantedEvidence.Test([.. scenes.Select(scene => (model.Explain(scene.Picture, Quick with { Methods = [method] })[0], Cell(scene.Boxes[0], 6)))]);
            found.PValue.ShouldBeLessThan(0.001, method);
            found.MeanPlace.ShouldBeGreaterThan(0.75, method);
        }
    }

    [Fact]
    public void A_box_can_be_chosen_by_its_number_and_wrong_ones_are_refused()
    {
        Detector model = Finder.Value;
        Picture picture = ShapeScenes.Make(40, 12, 48, 3).Select(scene => scene.Picture).First(p => model.Predict(p).Boxes.Count >= 2);
        IReadOnlyList<ScoredBox> boxes = model.Predict(picture).Boxes;
        for (int n = 1; n <= 2; n++)
        {
            ExplainedInput input = model.Explaining(picture, box: n);
            input.Answer(input.Value).ShouldBe(boxes[n - 1].Confidence, 1e-4);
            input.Target.ShouldContain($"in box {n}, (");
            input.Again().Value.ShouldBe(input.Value);
        }
        Should.Throw<InputException>(() => model.Explaining(picture, box: boxes.Count + 1)).Message.ShouldContain($"the model finds {boxes.Count} here");
        string other = model.Labels[(boxes[0].Box.Label + 1) % 4];
        Should.Throw<InputException>(() => model.Explaining(picture, label: other, box: 1)).Message.ShouldContain($"not '{other}'");
        Should.Throw<ArgumentException>(() => model.Explaining(picture, label: "cirle")).Message.ShouldContain("Did you mean 'circle'?");
        Should.Throw<ArgumentException>(() => model.Explain(picture, new() { Methods = ["rollout"] })).Message.ShouldContain("no attention");
        model.Gates(picture).Select(layer => layer.Values.Count).ShouldBe([4, 8, 16, 16]);
    }

    [Fact]
    public void The_pixels_of_a_class_are_explained_by_where_they_are()
    {
        Segmenter model = Painter.Value;
        ShapeScene[] scenes = [.. ShapeScenes.Make(60, 21, 32, 1).Where(scene => model.Predict(scene.Picture).Shares[1 + scene.Boxes[0].Label] > 0.02)];
        scenes.Length.ShouldBeGreaterThan(15);
        string label = model.Labels[1 + scenes[0].Boxes[0].Label];
        ExplainedInput own = model.Explaining(scenes[0].Picture, label: label), whole = model.Explaining(scenes[0].Picture, label: label, wholePicture: true);
        (own.Model, own.Target, whole.Target).ShouldBe(("segmenter", $"mean log odds of '{label}', over its pixels", $"mean log odds of '{label}', over the whole picture"));
        own.Value.ShouldBe(ByHand(model, scenes[0].Picture, label, wholePicture: false), 1e-4);
        whole.Value.ShouldBe(ByHand(model, scenes[0].Picture, label, wholePicture: true), 1e-4);
        own.Value.ShouldBeGreaterThan(whole.Value);
        whole.Value.ShouldBeLessThan(0, "most pixels have another class");
        own.Notes.Single().ShouldContain("of 1,024 pixels");
        IReadOnlyList<Explanation> all = model.Explain(scenes[0].Picture, Quick with { Target = label });
        all.Select(e => e.Method).ShouldBe(pixelMethods);
        Slope(own).ShouldSatisfyAllConditions(s => s.Gradient.ShouldBe(s.Difference, 0.02 + (0.05 * Math.Abs(s.Difference))));
        own.Without([.. Enumerable.Repeat(Enumerable.Repeat(true, 64).ToArray(), 1)], "mean")[0].ShouldBeLessThan(own.Value);
        PlantedEvidence found = PlantedEvidence.Test([.. scenes.Select(scene => (model.Explain(scene.Picture, Quick with { Methods = ["occlusion"], Target = model.Labels[1 + scene.Boxes[0].Label] })[0], Cell(scene.Boxes[0], 4)))]);
        found.PValue.ShouldBeLessThan(0.001);
        found.MeanPlace.ShouldBeGreaterThan(0.85);
        model.Explaining(scenes[0].Picture).Label.ShouldBe("background");
        model.Gates(scenes[0].Picture).Count.ShouldBe(5);
        Should.Throw<ArgumentException>(() => model.Explaining(scenes[0].Picture, label: "sky")).Message.ShouldContain("there is no label 'sky'");
        string absent = model.Labels.First(l => model.Predict(scenes[0].Picture).Shares[model.Labels.ToList().IndexOf(l)] == 0);
        Should.Throw<InputException>(() => model.Explaining(scenes[0].Picture, label: absent)).Message.ShouldContain("no pixel");
        model.Explaining(scenes[0].Picture, label: absent, wholePicture: true).Value.ShouldBeLessThan(0);
    }

    [Theory]
    [InlineData("cls")]
    [InlineData("mean")]
    public void A_vision_Transformer_hands_out_its_attention_over_patches(string pooling)
    {
        (PictureData data, int[] cells) = Patches(300, 1);
        ImageClassifier model = ImageClassifier.Train(data.Select([.. Enumerable.Range(0, 260)]), data.Select([.. Enumerable.Range(260, 40)]), new ImageClassifierOptions
        {
            Network = new VisionTransformerConfig { Patch = 2, Pooling = pooling, Encoder = new VisionTransformerConfig().Encoder with { Size = 16, HeadCount = 2, LayerCount = 2, InnerSize = 32, Dropout = 0 } },
            Augmentation = null, Training = new ImageClassifierOptions().Training with { BatchSize = 16, EpochCount = 14, LearningRate = 0.005, Optimizer = "adamw" },
        });
        ExplainedInput input = model.Explaining(data.Read(0).Picture, "patch");
        // 6 × 6 patches, 2 pixels each: all of them are cells.
        input.Grid.ShouldBe((6, 6));
        IReadOnlyList<Explanation> all = ExplanationMethod.Explain(input, Quick);
        all.Select(e => e.Method).ShouldBe(["attention", "value-norm", "rollout", "flow", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"]);
        all[0].Scores.Sum().ShouldBeInRange(pooling == "cls" ? 0.5f : 0.999f, 1.001f);
        all[2].Scores.Sum().ShouldBeInRange(pooling == "cls" ? 0.2f : 0.999f, 1.001f);
        ExplanationMethod.Explain(input, new() { Methods = ["attention:0.1"] })[0].Scores.Count.ShouldBe(36);
        Should.Throw<ArgumentException>(() => ExplanationMethod.Explain(input, new() { Methods = ["attention:2"] })).Message.ShouldContain("the model has 2");
        Should.Throw<ArgumentException>(() => ExplanationMethod.Explain(input, new() { Methods = ["attention:0.2"] })).Message.ShouldContain("it has 2");
        // Cells of 2 × 2 patches gather what their patches get.
        ExplainedInput coarse = model.Explaining(data.Read(0).Picture, cells: 3);
        float[] fine = [.. all[2].Scores];
        Explanation gathered = ExplanationMethod.Explain(coarse, new() { Methods = ["rollout"] })[0];
        gathered.Scores[4].ShouldBe(fine[14] + fine[15] + fine[20] + fine[21], 1e-5f);
        AttentionIntervention.Measure([input], "uniform").Change.Value.ShouldBeGreaterThan(0);
        // Even weights on all cells are uniform ones, but for the token of the class, which is no cell and gets none.
        GivenAttention given = GivenAttention.Measure(coarse, [.. Enumerable.Repeat(1f, 9)]);
        (given.Label, given.RowCount, model.Labels.Contains(given.Answer!)).ShouldBe((coarse.Label, pooling == "cls" ? 4 * 37 : 4 * 36, true));
        double even = coarse.Answer(coarse.Under(AttentionOverride.Uniform)!.Value.Value);
        (Math.Abs(given.Changed - even) < 1e-6).ShouldBe(pooling == "mean");
        using TemporaryFolder folder = new();
        input.WriteTrace(folder["trace"], TraceType.F32);
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        int tokens = pooling == "cls" ? 37 : 36;
        trace.Layers.Select(layer => (layer.Heads.Count, layer.Rows, layer.Keys)).ShouldBe([(2, tokens, tokens), (2, tokens, tokens)]);
        (trace.Tokens[^1], trace.Tokens.Count, trace.Text).ShouldBe(("row 5 column 5", tokens, null));
        trace.Read(0, 0, 0).ShouldBe(Enumerable.Range(0, tokens).SelectMany(row => input.Attention!.Layers[0].Row(0, 0, row).ToArray()));
        if (pooling == "cls")
            return;
        model.Evaluate(data).Accuracy.ShouldBeGreaterThan(0.9);
        int[] patched = [.. Enumerable.Range(0, 60).Where(i => i % 3 < 2)];
        PlantedEvidence.Test([.. patched.Select(i => (ExplanationMethod.Explain(model.Explaining(data.Read(i).Picture, cells: 3), new() { Methods = ["occlusion"], Removal = "mean" })[0], cells[i]))]).FirstShare.Value.ShouldBeGreaterThan(0.8);
    }

    [Fact]
    public void A_model_that_cannot_see_the_patch_is_not_explained_by_it()
    {
        (PictureData data, int[] cells) = Patches(240, 5);
        RandomStream random = new(6, "labels");
        // The same pictures, with classes that have nothing to do with them.
        PictureData shuffled = PictureData.FromPictures(Enumerable.Range(0, 240).Select(i => (Grey(i), data.LabelNames[random.Next(3)])), data.LabelNames);
        ImageClassifier blind = ImageClassifier.Train(shuffled.Select([.. Enumerable.Range(0, 200)]), shuffled.Select([.. Enumerable.Range(200, 40)]), new ImageClassifierOptions
        {
            Network = new ResNetConfig { Depths = [1, 1], Widths = [8, 16] }, Augmentation = null, Training = new ImageClassifierOptions().Training with { BatchSize = 8, EpochCount = 3, LearningRate = 0.05 },
        });
        // It never saw a patch, and it does not get to see one now: its pictures are the same noise without.
        foreach (string method in new[] { "occlusion", "integrated-gradients", "grad-cam" })
            PlantedEvidence.Test([.. Enumerable.Range(0, 60).Select(i => (ExplanationMethod.Explain(blind.Explaining(Grey(i), cells: 3), new() { Methods = [method], Steps = 16 })[0], cells[i]))]).PValue.ShouldBeGreaterThan(0.01, method);
    }

    [Fact]
    public void Two_models_are_compared_input_by_input()
    {
        (PictureData data, _) = Patches(150, 7);
        ImageClassifier Trained(ulong seed) => ImageClassifier.Train(data.Select([.. Enumerable.Range(0, 120)]), data.Select([.. Enumerable.Range(120, 30)]), new ImageClassifierOptions
        {
            Network = new ResNetConfig { Depths = [1, 1], Widths = [8, 16] }, Augmentation = null, Training = new ImageClassifierOptions().Training with { BatchSize = 8, EpochCount = 8, LearningRate = 0.05, Seed = seed },
        });
        ImageClassifier first = Trained(1), second = Trained(2);
        IEnumerable<(ExplainedInput, ExplainedInput)> Pairs(ImageClassifier other, int cells = 4) => Enumerable.Range(0, 12).Select(i =>
        {
            ExplainedInput own = first.Explaining(data.Read(i).Picture, cells: 4);
            return (own, other.Explaining(data.Read(i).Picture, label: own.Label, cells: cells));
        });
        ExplanationOptions options = new() { Methods = ["occlusion", "gradient-input"] };
        ExplanationAgreement.Measure(Pairs(first), options).ShouldAllBe(a => a.Correlation.Value > 0.9999 && a.SameFirst.Value == 1 && a.Count == 12);
        IReadOnlyList<ExplanationAgreement> between = ExplanationAgreement.Measure(Pairs(second), options);
        between.Select(a => a.Method).ShouldBe(["occlusion", "gradient-input"]);
        between.ShouldAllBe(a => a.Correlation.Value < 0.99 && a.Correlation.Low <= a.Correlation.Value && a.Correlation.High >= a.Correlation.Value);
        Should.Throw<ArgumentException>(() => ExplanationAgreement.Measure(Pairs(second, cells: 3), options)).Message.ShouldContain("different units (16 and 9)");
        Should.Throw<InputException>(() => ExplanationAgreement.Measure([], options)).Message.ShouldContain("nothing to compare");
    }

    // Red patches in two cells, and a first convolution that reads no red: no method may say another thing of the one than of the other.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_network_cannot_see_is_in_no_explanation(bool isBlind)
    {
        (PictureData grey, _) = Patches(60, 7);
        Picture Coloured(int n, int redCell)
        {
            byte[] samples = [.. grey.Read(n).Picture.Samples.ToArray().SelectMany(v => new byte[] { 120, v, v })];
            for (int i = 0; i < 16; i++)
                samples[3 * ((((redCell / 3 * 4) + (i / 4)) * 12) + (redCell % 3 * 4) + (i % 4))] = 235;
            return new Picture(12, 12, 3, samples);
        }
        PictureData data = PictureData.FromPictures(Enumerable.Range(0, 60).Select(n => (Coloured(n, n % 9), n % 3 == 0 ? "bright" : n % 3 == 1 ? "dark" : "none")));
        ImageClassifier model = ImageClassifier.Train(data, data, new ImageClassifierOptions
        {
            Network = new ResNetConfig { Depths = [1, 1], Widths = [8, 16], Attention = "se" }, Augmentation = null, Training = new ImageClassifierOptions().Training with { BatchSize = 8, EpochCount = 2, LearningRate = 0.05 },
        });
        Parameter first = model.Network.NamedParameters().Single(p => p.Name == "conv1.weight").Parameter;
        if (isBlind)
            first.Assign([.. first.Values.ToArray().Select((weight, i) => i / 9 % 3 == 0 ? 0 : weight)]);
        IReadOnlyList<Explanation> here = model.Explain(Coloured(0, 2), Quick), there = model.Explain(Coloured(0, 7), Quick);
        here.Select(e => e.Method).ShouldBe(pixelMethods);
        for (int m = 0; m < here.Count; m++)
        {
            double most = here[m].Scores.Max(Math.Abs), apart = here[m].Scores.Zip(there[m].Scores, (a, b) => Math.Abs(a - b)).Max();
            most.ShouldBeGreaterThan(0, here[m].Method);
            if (isBlind)
                apart.ShouldBeLessThan(1e-4 * most, here[m].Method);
            else
                apart.ShouldBeGreaterThan(1e-2 * most, here[m].Method);
        }
    }

    // Along the vectors themselves: the gradient's product against a difference.
    private static (double Gradient, double Difference) Slope(ExplainedInput input)
    {
        const float Step = 0.002f;
        (double Value, float[] Gradient)[] points = input.Gradients([input.Vectors, Array.ConvertAll(input.Vectors, v => v * (1 + Step)), Array.ConvertAll(input.Vectors, v => v * (1 - Step))]);
        points[0].Value.ShouldBe(input.Value, 1e-3);
        return (points[0].Gradient.Zip(input.Vectors, (g, v) => (double)g * v).Sum(), (points[1].Value - points[2].Value) / (2 * Step));
    }

    private static double ByHand(Segmenter model, Picture picture, string label, bool wholePicture)
    {
        int classes = model.Labels.Count, target = model.Labels.ToList().IndexOf(label);
        float[] p = Step.Evaluate(pass => model.Network.Forward(PictureLook.Batch(picture, model.ReadingOf(picture)).ToTensor(), pass).Softmax()).ToArray();
        byte[] mask = model.Predict(picture).Mask.Samples.ToArray();
        return Enumerable.Range(0, mask.Length).Where(i => wholePicture || mask[i] == target).Average(i => Math.Log((double)p[(i * classes) + target] / (1 - (double)p[(i * classes) + target])));
    }

    private static int Cell(PictureBox box, int size) => ((int)((box.Top + box.Bottom) / 2 / size) * 8) + (int)((box.Left + box.Right) / 2 / size);

    // Grey noise of 12 × 12.
    private static Picture Grey(int number)
    {
        RandomStream random = new RandomStream(9, "grey").Fork((ulong)number);
        return new Picture(12, 12, 1, Enumerable.Range(0, 144).Select(_ => (byte)(108 + random.Next(40))).ToArray());
    }

    // The same with, in one of its 3 × 3 cells, a bright or a dark patch, or none.
    private static (PictureData Data, int[] Cells) Patches(int count, ulong seed)
    {
        RandomStream random = new(seed, "patches");
        int[] cells = [.. Enumerable.Range(0, count).Select(_ => random.Next(9))];
        return (PictureData.FromPictures(cells.Select((cell, n) =>
        {
            byte[] samples = Grey(n).Samples.ToArray();
            for (int i = 0; i < 16 && n % 3 < 2; i++)
                samples[(((cell / 3 * 4) + (i / 4)) * 12) + (cell % 3 * 4) + (i % 4)] = (byte)(n % 3 == 0 ? 235 : 20);
            return (new Picture(12, 12, 1, samples), n % 3 == 0 ? "bright" : n % 3 == 1 ? "dark" : "none");
        })), cells);
    }
}
