using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Residual networks against torch, and what their parts promise. See goldens/README.md.</summary>
public sealed class ResNetTests
{
    private static readonly ResNetConfig Small = new() { ClassCount = 5, Depths = [1, 1], Widths = [4, 6] };

    [Theory]
    [InlineData("resnet", "none", "bn1")]
    [InlineData("se_resnet", "se", "bn1")]
    [InlineData("wide", "none", "norm")]
    [InlineData("se_wide", "se", "norm")]
    public void Training_agrees_with_torch_forward_and_gradients(string name, string attention, string norm)
    {
        Golden g = Golden.Load("pictures_" + name);
        ResNetConfig config = Small with { Attention = attention };
        ResNet network = Loaded(g, norm == "norm" ? config with { Depths = [2, 2], StemWidth = 3, IsPreActivated = true } : config);
        Parameter x = new(new Shape(g.InputShape("x")), Initializer.Zeros);
        x.Assign(g.Input("x"));
        Step.Train(new RandomStream(1, "parity"), 0, pass =>
        {
            Tensor logits = network.Forward(pass.Use(x), pass);
            Compare("logits", logits.Values, g.Floats("logits"));
            return logits.WeightedSum(g.Input("probe.logits"));
        });
        foreach ((string parameter, Parameter of) in network.NamedParameters().Append(("x", x)))
            Compare("grad." + parameter, of.Gradient, g.Floats("grad." + parameter));
        Dictionary<string, StateBuffer> buffers = network.NamedBuffers().ToDictionary(b => b.Name, b => b.Buffer, StringComparer.Ordinal);
        Compare("running_mean", buffers[norm + ".running_mean"].Values.Span, g.Floats("running_mean"));
        Compare("running_var", buffers[norm + ".running_var"].Values.Span, g.Floats("running_var"));
    }

    [Fact]
    public void A_bottleneck_with_groups_and_a_large_stem_evaluates_as_torch_does()
    {
        Golden g = Golden.Load("pictures_se_resnext");
        ResNet network = Loaded(g, new ResNetConfig { ClassCount = 5, Stem = "large", Block = "bottleneck", Depths = [1], Widths = [8], Groups = 4, GroupWidth = 16, Attention = "se" });
        Tensor logits = Step.Evaluate(pass => network.Forward(pass.Input(g.Input("x"), new Shape(g.InputShape("x"))), pass));
        Compare("logits", logits.Values, g.Floats("logits"));
    }

    [Theory]
    [InlineData("basic", "projection", "standard")]
    [InlineData("basic", "padding", "inner-1")]
    [InlineData("bottleneck", "projection", "identity")]
    [InlineData("bottleneck", "padding", "inner-2")]
    [InlineData("basic", "projection", "pre")]
    [InlineData("bottleneck", "projection", "post")]
    public void Pre_activated_blocks_have_right_gradients_and_evaluate_alike_folded_or_not(string block, string shortcut, string placement)
    {
        ResNet network = new(Small with { Block = block, Shortcut = shortcut, Placement = placement, Attention = "se", IsPreActivated = true, StemWidth = 3, Widths = [4, 6], GroupWidth = 64 });
        network.Initialize(3);
        float[] picture = FormulaWeights.Create(2 * 6 * 6 * 3, 1, 1);
        Tensor Logits(Pass pass) => network.Forward(pass.Input(picture, new Shape(2, 6, 6, 3)), pass);
        GradientCheck.Run(network.NamedParameters().Where(p => p.Name.StartsWith("layer2.", StringComparison.Ordinal)), Logits).ShouldBeGreaterThan(0);
        float[] folded = Step.Evaluate(Logits).ToArray();
        foreach ((_, Module module) in network.NamedModules())
            module.AddHook((Module _, Tensor output, in Pass _) => output);
        Step.Evaluate(Logits).ToArray().ShouldBe(folded, 1e-5 * Math.Max(1, folded.Max(Math.Abs)));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("se")]
    [InlineData("ese")]
    [InlineData("eca")]
    public void A_hook_on_every_part_changes_nothing_and_sees_gates(string attention)
    {
        ResNet network = new(Small with { Attention = attention, Shortcut = "padding" });
        network.Initialize(3);
        float[] picture = FormulaWeights.Create(2 * 8 * 8 * 3, 1, 1);
        float[] Logits() => Step.Evaluate(pass => network.Forward(pass.Input(picture, new Shape(2, 8, 8, 3)), pass)).Values.ToArray();
        float[] fused = Logits();
        List<Shape> gates = [];
        foreach ((_, Module module) in network.NamedModules())
        {
            module.AddHook((Module of, Tensor output, in Pass pass) =>
            {
                if (of is ChannelGates)
                {
                    gates.Add(output.Shape);
                    output.Values.ToArray().ShouldAllBe(gate => gate >= 0 && gate <= 1);
                }
                return output;
            });
        }
        float[] hooked = Logits();
        for (int i = 0; i < fused.Length; i++)
            hooked[i].ShouldBe(fused[i], 1e-5f * Math.Max(1, Math.Abs(fused[i])));
        gates.ShouldBe(attention == "none" ? [] : [new Shape(2, 4), new Shape(2, 6)]);
    }

    // He et al. 2016, option A: every second pixel, and zeros for new channels, here as many before as behind. The last norm is silent, so that the block is its shortcut.
    [Theory]
    [InlineData("basic", false)]
    [InlineData("basic", true)]
    [InlineData("bottleneck", false)]
    [InlineData("bottleneck", true)]
    public void A_shortcut_by_padding_takes_every_second_pixel_and_zeros_for_new_channels(string kind, bool isPreActivated)
    {
        const int Height = 3, Width = 5, Channels = 3, Rows = 2, Columns = 3, Outputs = 8, Before = 2;
        ResidualBlock block = new(new ResNetConfig { Block = kind, Shortcut = "padding", GroupWidth = 64, IsPreActivated = isPreActivated }, Channels, kind == "basic" ? Outputs : Outputs / 4, stride: 2);
        block.Initialize(3);
        // Pre-activated, the last convolution ends the branch.
        string last = (isPreActivated ? "conv" : "bn") + (kind == "basic" ? "2." : "3.");
        block.NamedParameters().Select(p => p.Name).ShouldNotContain(name => name.StartsWith("downsample", StringComparison.Ordinal));
        foreach ((string name, Parameter parameter) in block.NamedParameters().Where(p => p.Name.StartsWith(last, StringComparison.Ordinal)))
            parameter.Assign(new float[parameter.Shape.Length]);
        // Rows count tens, columns ones, channels hundreds; the third one is negative.
        Parameter x = new(new Shape(1, Height, Width, Channels), Initializer.Zeros);
        x.Assign([.. Enumerable.Range(0, Height * Width * Channels).Select(n => (n % 3 == 2 ? -1 : 1) * (100f + (100 * (n % 3)) + (10 * (n / 3 / Width)) + (n / 3 % Width)))]);
        float[] expected = new float[Rows * Columns * Outputs], probe = FormulaWeights.Create(expected.Length, 5, 1), slope = new float[x.Shape.Length];
        for (int place = 0; place < Rows * Columns; place++)
        {
            int from = (2 * (place / Columns) * Width) + (2 * (place % Columns));
            for (int c = 0; c < Channels - 1; c++)
            {
                expected[(place * Outputs) + Before + c] = x.Values[(from * Channels) + c];
                slope[(from * Channels) + c] = probe[(place * Outputs) + Before + c];
            }
        }
        Step.Evaluate(pass => block.Forward(pass.Use(x), pass)).ToArray().ShouldBe(expected, 0.01, "evaluation, with what its first norm adds to variances of 1");
        if (isPreActivated)
            return;
        Step.Train(new RandomStream(1, "padding"), 0, pass =>
        {
            Tensor y = block.Forward(pass.Use(x), pass);
            y.Shape.ShouldBe(new Shape(1, Rows, Columns, Outputs));
            y.Values.ToArray().ShouldBe(expected);
            return y.WeightedSum(probe);
        });
        x.Gradient.ToArray().ShouldBe(slope);
    }

    [Fact]
    public void Names_make_the_published_networks()
    {
        // He et al. 2016, table 6: 0.27 million weights for 20 layers; table 1: 25.6 million for 50. Hu et al. 2018: SE-ResNet-50 has 28.1 million.
        new ResNet(ResNetConfig.Named("resnet20")).ParameterCount.ShouldBeInRange(270_000, 275_000);
        new ResNet(ResNetConfig.Named("resnet50")).ParameterCount.ShouldBe(25_557_032);
        new ResNet(ResNetConfig.Named("resnext50")).ParameterCount.ShouldBe(25_028_904);
        new ResNet(ResNetConfig.Named("se-resnet50")).ParameterCount.ShouldBe(28_088_024);
        // Xie et al. 2017, table 7: 34.4 and 68.1 million weights; Zagoruyko and Komodakis 2016, tables 3 and 5: 2.7 million for WRN-16-4, 36.5 for WRN-28-10.
        new ResNet(ResNetConfig.Named("resnext29-8x64")).ParameterCount.ShouldBeInRange(34_350_000, 34_450_000);
        new ResNet(ResNetConfig.Named("resnext29-16x64")).ParameterCount.ShouldBeInRange(68_050_000, 68_160_000);
        ResNetConfig wide = ResNetConfig.Named("wide-resnet16-4");
        new ResNet(wide).ParameterCount.ShouldBeInRange(2_700_000, 2_750_000);
        new ResNet(wide with { Depths = [4, 4, 4], Widths = [160, 320, 640] }).ParameterCount.ShouldBeInRange(36_450_000, 36_550_000);
        new ResNet(wide).NamedModules().Count(m => m.Module is BatchNorm).ShouldBe(13, "two a block and one at the end");
        ResNetConfig.Named("se-resnext29-8x64").Attention.ShouldBe("se");
        new ResNetConfig { Widths = [64, 128, 256] }.FirstWidth.ShouldBe(16, "as before it could be said");
        PictureNetworkConfig.Names.ShouldAllBe(name => PictureNetworkConfig.Named(name).Channels == 3);
        Should.Throw<ArgumentException>(() => ResNetConfig.Named("resnet21")).Message.ShouldContain("resnet20");
        Should.Throw<ArgumentException>(() => PictureNetworkConfig.Named("resnet21")).Message.ShouldContain("resnet20");
        Should.Throw<ArgumentException>(() => new ResNet(Small with { Attention = "sea" })).Message.ShouldContain("none, se");
        Should.Throw<ArgumentException>(() => new ResNet(Small with { StemWidth = -1 })).Message.ShouldContain("from 0 to 16384; got -1");
        Should.Throw<ArgumentException>(() => new ResNet(Small with { ReductionDivisor = -8 })).Message.ShouldContain("from 0 to 1024; got -8");
        Should.Throw<ArgumentException>(() => new ResNet(Small with { Widths = [4] })).Message.ShouldContain("as many");
    }

    [Theory]
    [InlineData("small", new[] { 1, 2 }, new[] { 4, 6 })]
    [InlineData("large", new[] { 2, 4, 8 }, new[] { 64, 4, 6 })]
    public void Levels_have_the_strides_and_channels_that_they_say(string stem, int[] strides, int[] channels)
    {
        PictureNetwork network = (Small with { Stem = stem }).Create();
        network.LevelStrides.ShouldBe(strides);
        network.LevelChannels.ShouldBe(channels);
        network.FeatureCount.ShouldBe(6);
        Step.Evaluate(pass =>
        {
            Tensor pictures = pass.Input(new float[17 * 23 * 3], new Shape(1, 17, 23, 3));
            IReadOnlyList<Tensor> levels = network.Levels(pictures, pass);
            levels.Select(x => x.Shape).ShouldBe(strides.Zip(channels, (s, c) => new Shape(1, (17 + s - 1) / s, (23 + s - 1) / s, c)));
            network.Features(pictures, pass).Shape.ShouldBe(levels[^1].Shape);
            return levels[^1];
        });
    }

    [Fact]
    public void Squeeze_and_excitation_by_hand()
    {
        // Two channels, both hidden units see 1·mean₁ − 1·mean₂; gates σ(h₁) and σ(−h₁).
        SqueezeExcitation block = new(2, new SqueezeExcitationConfig { HiddenSize = 1 });
        foreach ((string name, Parameter parameter) in block.NamedParameters())
            parameter.Assign(name switch { "fc1.weight" => [1, -1], "fc1.bias" => [0.5f], "fc2.weight" => [1, -1], _ => [0, 0] });
        Tensor y = Step.Evaluate(pass => block.Forward(pass.Input([1, 2, 3, 0], new Shape(1, 1, 2, 2)), pass));
        // Means 2 and 1, h = 1.5.
        float open = 1 / (1 + MathF.Exp(-1.5f));
        float[] expected = [open, 2 * (1 - open), 3 * open, 0];
        for (int i = 0; i < 4; i++)
            y.Values[i].ShouldBe(expected[i], 1e-6f);
        Tensor highest = Step.Evaluate(pass => new SqueezeExcitation(2, new SqueezeExcitationConfig { Squeeze = "both" }).Gates(pass.Input([1, 2, 3, 0], new Shape(1, 1, 2, 2)), pass));
        highest.Shape.ShouldBe(new Shape(1, 2));
        Should.Throw<ArgumentException>(() => new SqueezeExcitation(2, new SqueezeExcitationConfig { Squeeze = "median" })).Message.ShouldContain("average, max, both");
        new SqueezeExcitationConfig { Divisor = 8, MinimumWidth = 1 }.Width(256).ShouldBe(16);
        new SqueezeExcitationConfig { Divisor = 8, MinimumWidth = 1 }.Width(200).ShouldBe(16);
        // 11 to the nearest multiple of 8 would lose more than a tenth; 17 to 16 does not.
        new SqueezeExcitationConfig { Divisor = 8, MinimumWidth = 1 }.Width(176).ShouldBe(16);
        new SqueezeExcitationConfig { Divisor = 8, MinimumWidth = 1 }.Width(272).ShouldBe(16);
        new SqueezeExcitationConfig().Width(32).ShouldBe(4);
        new SqueezeExcitationConfig { MinimumWidth = 1 }.Width(32).ShouldBe(2);
        new SqueezeExcitationConfig { MinimumWidth = 24 }.Width(256).ShouldBe(24);
        EfficientChannelAttention.KernelSize(64).ShouldBe(3);
        EfficientChannelAttention.KernelSize(512).ShouldBe(5);
    }

    [Theory]
    [InlineData("basic", "projection", "se.gate")]
    [InlineData("basic", "padding", "bn2")]
    [InlineData("bottleneck", "projection", "se")]
    [InlineData("bottleneck", "projection", "se.fc1")]
    public void A_training_step_in_one_sweep_is_the_step_of_the_layers_one_by_one(string block, string shortcut, string watched)
    {
        (List<float[]> Values, int Seen) Train(bool isWatched)
        {
            ResNet network = new(new ResNetConfig { Block = block, Shortcut = shortcut, Depths = [1, 2], Widths = [8, 16], Attention = "se", ClassCount = 3 });
            network.Initialize(1);
            int seen = 0;
            // A hook asks for what the sweep skips: it steps aside.
            foreach ((_, Module module) in network.NamedModules().Where(m => isWatched && m.Name.EndsWith("." + watched, StringComparison.Ordinal)))
                module.AddHook((Module _, Tensor output, in Pass _) => { seen++; return output; });
            float[] pictures = FormulaWeights.Create(4 * 12 * 12 * 3, 1, 1);
            float loss = Step.Train(new RandomStream(1, "train"), 0, pass => Tensor.CrossEntropy(network.Forward(pass.Input(pictures, new Shape(4, 12, 12, 3)), pass), new[] { 0, 1, 2, 1 }));
            return ([[loss], .. network.NamedParameters().Select(p => p.Parameter.Gradient.ToArray()), .. network.NamedBuffers().Select(b => b.Buffer.Values.ToArray())], seen);
        }
        (List<float[]> together, _) = Train(isWatched: false);
        (List<float[]> apart, int seen) = Train(isWatched: true);
        seen.ShouldBe(3);
        together.Count.ShouldBe(apart.Count);
        bool isSame = true;
        for (int n = 0; n < together.Count; n++)
        {
            double size = Math.Max(1e-3, apart[n].Max(Math.Abs));
            for (int i = 0; i < apart[n].Length; i++)
                ((double)together[n][i]).ShouldBe(apart[n][i], 2e-5 * size);
            isSame &= together[n].SequenceEqual(apart[n]);
        }
        isSame.ShouldBeFalse("the sweeps add in another order: were all bits equal, both ways would be one");
    }

    [Fact]
    public void Batch_norm_keeps_running_statistics_for_evaluation()
    {
        BatchNorm norm = new(1);
        Tensor Run(Func<Func<Pass, Tensor>, Tensor> step) => step(pass => norm.Forward(pass.Input([1, 3], new Shape(2, 1)), pass));
        Step.Train(new RandomStream(1, "norm"), 0, pass =>
        {
            Tensor y = norm.Forward(pass.Input([1, 3], new Shape(2, 1)), pass);
            y.Values[0].ShouldBe(-1, 1e-4f);
            return y.Sum();
        });
        // Mean 2, unbiased variance 2, a tenth of each.
        norm.NamedBuffers().Select(b => b.Buffer.Values.Span[0]).ToArray().ShouldBe([0.2f, 1.1f], 1e-6);
        Tensor evaluated = Run(body => Step.Evaluate(body));
        evaluated.Values[1].ShouldBe((3 - 0.2f) / MathF.Sqrt(1.1f), 1e-4f);
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => norm.Forward(pass.Input([1, 3], new Shape(1, 2)), pass)));
    }

    // The network with the golden's weights, taken by name.
    private static ResNet Loaded(Golden golden, ResNetConfig config)
    {
        ResNet network = new(config);
        string[] names = [.. network.NamedParameters().Select(p => p.Name)];
        names.Order(StringComparer.Ordinal).ShouldBe(golden.InputNames.Where(n => n != "x" && !n.StartsWith("probe.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            parameter.Shape.ShouldBe(new Shape(golden.InputShape(name)), name);
            parameter.Assign(golden.Input(name));
        }
        return network;
    }

    private static void Compare(string name, ReadOnlySpan<float> got, float[] expected)
    {
        got.Length.ShouldBe(expected.Length, name);
        double size = Math.Max(0.05, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
            Math.Abs(got[i] - expected[i]).ShouldBeLessThan((float)(3e-5 * size), $"{name}[{i}]: {got[i]:G9}, torch {expected[i]:G9}");
    }
}
