using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Whole networks with weights of others, against torch, and what all picture networks promise. See goldens/README.md.</summary>
public sealed class PictureNetworkTests
{
    [Theory]
    [InlineData("se_resnet50", "se-resnet50")]
    [InlineData("mobilenetv3_small", "mobilenetv3-small")]
    [InlineData("mobilenetv3_large", "mobilenetv3-large")]
    [InlineData("vit_tiny", "vit-tiny")]
    public void Weights_under_the_names_of_timm_and_torchvision_give_the_logits_of_torch_and_go_back_as_they_came(string golden, string name)
    {
        Golden g = Golden.Load("pictures_zoo_" + golden);
        using TemporaryFolder folder = new();
        string[] names = [.. g.InputNames.Where(n => n != "x")];
        SafetensorsArray[] arrays = [.. names.Select(n => new SafetensorsArray(n, g.InputShape(n), Values(g, n))), new SafetensorsArray("bn1.num_batches_tracked", [1], new float[1])];
        using (FileStream stream = File.Create(folder["torch.safetensors"]))
            SafetensorsWriter.Write(stream, arrays);
        PictureNetwork network = PictureNetworkConfig.Named(name).For(64, 48).Create();
        WeightReport report = network.Load(folder["torch.safetensors"]);
        report.ThrowIfIncomplete();
        report.Loaded.Count.ShouldBe(names.Length);
        report.Unexpected.ShouldBeEmpty();
        report.Unused.ShouldBe(["bn1.num_batches_tracked"]);
        float[] expected = g.Floats("logits"), got = Step.Evaluate(pass => network.Forward(pass.Input(g.Input("x"), new Shape(g.InputShape("x"))), pass)).Values.ToArray();
        double size = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Math.Abs(got[i] - expected[i]).ShouldBeLessThan((float)(3e-5 * size), $"logits[{i}]: {got[i]:G9}, torch {expected[i]:G9}");
        network.Save(folder["saved.safetensors"]);
        using SafetensorsFile saved = SafetensorsFile.Open(folder["saved.safetensors"]);
        saved.Entries.Keys.Order(StringComparer.Ordinal).ShouldBe(names.Order(StringComparer.Ordinal));
        foreach (string n in names)
        {
            saved.Entries[n].Shape.Select(s => (int)s).ShouldBe(g.InputShape(n), n);
            float[] values = new float[g.InputShape(n).Aggregate(1, (a, b) => a * b)];
            saved.ReadSingle(n, values);
            values.AsSpan().SequenceEqual(Values(g, n)).ShouldBeTrue(n);
        }
    }

    [Theory]
    [InlineData("resnet20")]
    [InlineData("se-resnet20")]
    [InlineData("mobilenetv3-small")]
    public void Evaluation_folds_batch_norm_into_convolutions_and_sees_every_change_of_them(string name)
    {
        PictureNetwork network = (PictureNetworkConfig.Named(name) with { ClassCount = 5 }).Create();
        FoldsAndSeesEveryChange(network, pictures => pass => network.Forward(pictures(pass), pass));
    }

    [Fact]
    public void Evaluation_of_a_unet_folds_batch_norm_too()
    {
        UNet network = new(new UNetConfig { ClassCount = 3, Widths = [4, 8], Attention = "scse" });
        FoldsAndSeesEveryChange(network, pictures => pass => network.Forward(pictures(pass), pass));
    }

    [Fact]
    public void Evaluation_of_a_detector_folds_batch_norm_of_every_level()
    {
        Fcos network = new(new FcosConfig { ClassCount = 3, Width = 8, Backbone = new ResNetConfig { Depths = [1, 1, 1], Widths = [4, 8, 8] }, LevelCount = 3 });
        foreach (int level in Enumerable.Range(0, 3))
            FoldsAndSeesEveryChange(network, pictures => pass => network.Forward(pictures(pass), pass)[level].Classes);
    }

    [Fact]
    public void Wide_pictures_that_are_not_written_change_no_bit_and_a_hook_still_sees_them()
    {
        MobileNetV3 network = MobileNetV3Config.Named("mobilenetv3-large").Create();
        network.Initialize(1);
        float[] picture = FormulaWeights.Create(224 * 224 * 3, 1, 1);
        float[] Results() => Step.Evaluate(pass => network.Forward(pass.Input(picture, new Shape(1, 224, 224, 3)), pass)).Values.ToArray();
        float[] together = Results();
        List<Shape> seen = [];
        foreach (Module expansion in network.NamedModules().Where(m => m.Module is ConvolutionNorm && m.Name.EndsWith(".block.0", StringComparison.Ordinal)).Select(m => m.Module))
            expansion.AddHook((Module _, Tensor output, in Pass _) => { seen.Add(output.Shape); return output; });
        Results().ShouldBe(together);
        seen.ShouldContain(new Shape(1, 112, 112, 64));
        seen.Count.ShouldBe(15);
    }

    private static void FoldsAndSeesEveryChange(Module network, Func<Func<Pass, Tensor>, Func<Pass, Tensor>> forward)
    {
        network.Initialize(1);
        RandomStream random = new(3, "fold");
        foreach ((string at, StateBuffer buffer) in network.NamedBuffers())
        {
            foreach (ref float value in buffer.Values.Span)
                value = (float)random.NextDouble() + (at.EndsWith("var", StringComparison.Ordinal) ? 0.5f : -0.5f);
        }
        float[] picture = FormulaWeights.Create(2 * 32 * 32 * 3, 1, 1);
        float[] Results() => Step.Evaluate(forward(pass => pass.Input(picture, new Shape(2, 32, 32, 3)))).Values.ToArray();
        // With hooks nothing is folded.
        float[] Unfolded()
        {
            Action[] removals = [.. network.NamedModules().Where(m => m.Module is BatchNorm).Select(m => m.Module.AddHook((Module _, Tensor output, in Pass _) => output))];
            float[] results = Results();
            Array.ForEach(removals, remove => remove());
            return results;
        }
        void Agree()
        {
            float[] folded = Results(), plain = Unfolded();
            folded.SequenceEqual(plain).ShouldBeFalse();
            double size = plain.Max(Math.Abs);
            for (int i = 0; i < plain.Length; i++)
                Math.Abs(folded[i] - plain[i]).ShouldBeLessThan((float)(2e-5 * size));
        }
        Agree();
        float[] first = Results();
        Results().ShouldBe(first);
        network.NamedParameters().First(p => p.Parameter.Shape.Rank == 4).Parameter.Change(static (values, _) => values[0] += 1, 0);
        Agree();
        float[] second = Results();
        second.SequenceEqual(first).ShouldBeFalse();
        network.NamedBuffers().First().Buffer.Values.Span[0] += 1;
        Agree();
        Results().SequenceEqual(second).ShouldBeFalse();
    }

    [Theory]
    [InlineData("mobilenetv3-small", 2_542_856)]
    [InlineData("mobilenetv3-large", 5_483_032)]
    [InlineData("vit-tiny", 5_717_416)]
    [InlineData("vit-small", 22_050_664)]
    public void Names_make_the_published_networks(string name, long parameters) => PictureNetworkConfig.Named(name).Create().ParameterCount.ShouldBe(parameters);

    [Theory]
    [InlineData("mobilenetv3-small", new[] { 2, 4, 8, 16, 32 }, new[] { 16, 16, 24, 48, 576 })]
    [InlineData("mobilenetv3-large", new[] { 2, 4, 8, 16, 32 }, new[] { 16, 24, 40, 112, 960 })]
    [InlineData("vit-32", new[] { 4 }, new[] { 192 })]
    public void Levels_have_the_strides_and_channels_that_they_say(string name, int[] strides, int[] channels)
    {
        PictureNetwork network = PictureNetworkConfig.Named(name).For(40, 64).Create();
        network.LevelStrides.ShouldBe(strides);
        network.LevelChannels.ShouldBe(channels);
        Step.Evaluate(pass =>
        {
            IReadOnlyList<Tensor> levels = network.Levels(pass.Input(new float[40 * 64 * 3], new Shape(1, 40, 64, 3)), pass);
            levels.Select(x => x.Shape).ShouldBe(strides.Zip(channels, (s, c) => new Shape(1, (40 + s - 1) / s, (64 + s - 1) / s, c)));
            return levels[^1];
        });
    }

    [Theory]
    [InlineData("mobilenetv3-small", "eca")]
    [InlineData("mobilenetv3-small", "none")]
    [InlineData("vit-32", "none")]
    public void A_training_step_reaches_every_parameter(string name, string attention)
    {
        PictureNetworkConfig config = (PictureNetworkConfig.Named(name) with { ClassCount = 3, Attention = attention }).For(32, 32);
        PictureNetwork network = (config is VisionTransformerConfig vision ? vision with { Encoder = vision.Encoder with { LayerCount = 2, Size = 24, Position = "t5", KeyValueHeadCount = 1 }, Pooling = "mean" } : config).Create();
        network.Initialize(1);
        float[] pictures = FormulaWeights.Create(2 * 32 * 32 * 3, 1, 1);
        Step.Train(new RandomStream(1, "step"), 0, pass => Tensor.CrossEntropy(network.Forward(pass.Input(pictures, new Shape(2, 32, 32, 3)), pass), new[] { 0, 2 }));
        network.NamedParameters().Where(p => !p.Parameter.HasGradient).Select(p => p.Name).ShouldBeEmpty();
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Should.Throw<ArgumentException>(() => (MobileNetV3Config.Named("mobilenetv3-small") with { Attention = "sea" }).Create()).Message.ShouldContain("none, se");
        Should.Throw<ArgumentException>(() => new MobileNetV3Config { Size = "huge" }.Create()).Message.ShouldContain("large, small");
        Should.Throw<ArgumentException>(() => VisionTransformerConfig.Named("vit-32").For(30, 32).Create()).Message.ShouldContain("a multiple of 4");
        Should.Throw<ArgumentException>(() => (VisionTransformerConfig.Named("vit-32") with { Attention = "se" }).Create()).Message.ShouldContain("attend by themselves");
        Should.Throw<ArgumentException>(() => (VisionTransformerConfig.Named("vit-32") with { Pooling = "max" }).Create()).Message.ShouldContain("cls, mean");
        PictureNetwork vision = VisionTransformerConfig.Named("vit-32").Create();
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => vision.Forward(pass.Input(new float[28 * 32 * 3], new Shape(1, 28, 32, 3)), pass))).Message.ShouldContain("height = 32");
    }

    private static float[] Values(Golden golden, string name)
    {
        float[] values = golden.Input(name);
        if ((golden.InputShape(name).Length == 1 && name.EndsWith("weight", StringComparison.Ordinal)) || name.EndsWith("running_var", StringComparison.Ordinal))
        {
            foreach (ref float value in values.AsSpan())
                value += 1;
        }
        return values;
    }
}
