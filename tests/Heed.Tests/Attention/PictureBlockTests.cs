using Heed.Testing;

namespace Heed.Tests.Attention;

/// <summary>Every attention block for pictures: against torch, against differences, with what follows it fused or not, and its gates seen. See goldens/README.md.</summary>
public sealed class PictureBlockTests
{
    private const int Channels = 8;
    private static readonly Shape Size = new(3, 5, 4, Channels);

    // Golden → block. Extents of the depthwise gathering and reductions are small here, as in the goldens.
    private static readonly Dictionary<string, Func<PictureAttention>> Blocks = new(StringComparer.Ordinal)
    {
        ["se_max"] = () => new SqueezeExcitation(Channels, new SqueezeExcitationConfig { Squeeze = "max" }),
        ["se_both"] = () => new SqueezeExcitation(Channels, new SqueezeExcitationConfig { Squeeze = "both" }),
        ["ese"] = () => new EffectiveSqueezeExcitation(Channels),
        ["eca"] = () => new EfficientChannelAttention(Channels),
        ["scse"] = () => new ConcurrentSqueezeExcitation(Channels),
        ["cbam"] = () => new ConvolutionalBlockAttention(Channels),
        ["bam"] = () => new BottleneckAttention(Channels),
        ["ge"] = () => new GatherExcite(Channels),
        ["ge_extent"] = () => new GatherExcite(Channels, new GatherExciteConfig { Extent = 2 }),
        ["ge_depthwise"] = () => new GatherExcite(Channels, new GatherExciteConfig { Gather = "depthwise", Extent = 4 }),
        ["ge_plus"] = () => new GatherExcite(Channels, new GatherExciteConfig { Gather = "depthwise", Extent = 4, HasHiddenLayer = true }),
        ["gc"] = () => new GlobalContext(Channels),
        ["coordinate"] = () => new CoordinateAttention(Channels),
        ["triplet"] = () => new TripletAttention(),
        ["simam"] = () => new SimpleAttention(),
        ["non_local"] = () => new NonLocalAttention(Channels),
        ["non_local_subsampled"] = () => new NonLocalAttention(Channels, subsamples: true),
        ["a2"] = () => new DoubleAttention(Channels),
        ["max_gate"] = () => new MaxGate(Channels),
        ["gate"] = () => new FeatureGate(Channels),
    };

    private static readonly Dictionary<string, Func<PictureConvolution>> Convolutions = new(StringComparer.Ordinal)
    {
        ["sk"] = () => new SelectiveKernel(Channels, 6, stride: 2),
        ["splat"] = () => new SplitAttention(Channels, 6, stride: 2),
        ["augmented"] = () => new AugmentedConvolution(Channels, 16, heads: 2, clip: 1),
        ["augmented_stride"] = () => new AugmentedConvolution(Channels, 16, stride: 2, heads: 2, clip: 1),
    };

    // Biases before a norm or a softmax over places: they shift what is shifted back, and their gradient is rounding alone.
    private static readonly Dictionary<string, string[]> WithoutInfluence = new(StringComparer.Ordinal)
    {
        ["bam"] = ["channel.fc2.bias", "spatial.3.bias"],
        ["coordinate"] = ["conv1.bias"],
        ["gc"] = ["conv_attn.bias"],
        ["non-local"] = ["p.bias", "g.bias", "z.bias"],
        ["a2"] = ["b.bias"],
        ["splat"] = ["conv.fc1.bias"],
        ["augmented"] = ["conv.attn_out.bias"],
    };

    public static TheoryData<string> BlockNames => [.. Blocks.Keys];

    public static TheoryData<string> ConvolutionNames => [.. Convolutions.Keys];

    public static TheoryData<string> OpenNames => [.. PictureAttention.OpenNames];

    public static TheoryData<string> Names => [.. PictureAttention.Names];

    [Theory]
    [MemberData(nameof(BlockNames))]
    public void It_agrees_with_torch_forward_and_gradients(string name)
    {
        PictureAttention block = Blocks[name]();
        Agrees("block_" + name, block, (x, pass) => block.Forward(x, pass));
    }

    [Theory]
    [MemberData(nameof(ConvolutionNames))]
    public void A_convolution_that_attends_agrees_with_torch_forward_and_gradients(string name)
    {
        PictureConvolution layer = Convolutions[name]();
        Agrees("block_" + name, layer, (x, pass) => layer.Forward(x, pass));
    }

    [Theory]
    [InlineData("standard")]
    [InlineData("pre")]
    [InlineData("post")]
    [InlineData("identity")]
    [InlineData("inner")]
    public void A_placement_agrees_with_torch_forward_and_gradients(string placement)
    {
        ResidualBlock block = new(new ResNetConfig { Attention = "se", Placement = placement }, Channels, 6, stride: 2);
        Agrees("residual_" + placement, block, (x, pass) => block.Forward(x, pass));
    }

    [Theory]
    [MemberData(nameof(ConvolutionNames))]
    public void Gradients_of_a_convolution_that_attends_agree_with_differences(string name)
    {
        PictureConvolution layer = Drawn(Convolutions[name]());
        Parameter x = Pictures("x");
        GradientCheck.Run([("x", x), .. layer.NamedParameters().Where(p => p.Name != "fc1.bias")], pass => layer.Forward(pass.Use(x), pass)).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Every_placement_and_convolution_trains_in_either_block()
    {
        foreach ((string placement, bool isPreActivated) in ResNetConfig.Placements.SelectMany(placement => new[] { (placement, false), (placement, true) }))
        {
            foreach ((string block, string convolution) in new[] { ("basic", "plain"), ("bottleneck", "sk"), ("basic", "augmented"), ("bottleneck", "splat") })
            {
                ResNetConfig config = new() { ClassCount = 3, Depths = [1, 1], Widths = [16, 8], Block = block, GroupWidth = 64, Attention = "se", Placement = placement, Convolution = convolution, IsPreActivated = isPreActivated };
                if (placement == "inner-3" && block == "basic")
                {
                    Should.Throw<ArgumentException>(config.Validate).Message.ShouldContain("inner-1 or inner-2");
                    continue;
                }
                ResNet network = new(config);
                network.Initialize(1);
                Step.Train(new RandomStream(1, "train"), 0, pass => network.Forward(pass.Input(FormulaWeights.Create(2 * 6 * 6 * 3, 1, 1), new Shape(2, 6, 6, 3)), pass).Tanh().Sum());
                foreach ((string name, Parameter parameter) in network.NamedParameters())
                    parameter.HasGradient.ShouldBeTrue($"{placement}, {isPreActivated}, {block}, {convolution}: {name}");
            }
        }
        Should.Throw<ArgumentException>(() => new ResNet(new ResNetConfig { Placement = "prae" })).Message.ShouldContain("Did you mean 'pre'?");
        Should.Throw<ArgumentException>(() => new ResNet(new ResNetConfig { Convolution = "slat" })).Message.ShouldContain("Did you mean 'splat'?");
        Should.Throw<ArgumentException>(() => new AugmentedConvolution(8, 4)).Message.ShouldContain("take more filters");
    }

    [Theory]
    [InlineData("sigmoid", 0.95f)]
    [InlineData("hard-sigmoid", 0.9f)]
    [InlineData("tanh", 0.95f)]
    [InlineData("relu", 0.99f)]
    public void Gates_that_start_open_pass_nearly_all_and_still_learn(string gate, float least)
    {
        SqueezeExcitation block = new(Channels, new SqueezeExcitationConfig { Gate = gate, StartOpen = true });
        block.Initialize(3);
        Step.Evaluate(pass => block.Gates(pass.Use(Pictures("x")), pass)).ToArray().ShouldAllBe(g => g >= least && g <= 1);
        Step.Train(new RandomStream(1, "open"), 0, pass => block.Forward(pass.Use(Pictures("x")), pass).Tanh().Sum());
        block.NamedParameters().Single(p => p.Name == "fc2.weight").Parameter.Gradient.ToArray().ShouldContain(g => Math.Abs(g) > 1e-4f);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_gradients_agree_with_differences(string name)
    {
        PictureAttention block = Drawn(PictureAttention.Create(name, Channels));
        Parameter x = Pictures("x"), z = Pictures("z");
        IEnumerable<(string, Parameter)> parameters = block.NamedParameters().Where(p => !WithoutInfluence.GetValueOrDefault(name, []).Contains(p.Name));
        GradientCheck.Run([("x", x), ("z", z), .. parameters], pass => block.Forward(pass.Use(x), pass, pass.Use(z), rectifies: true)).ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_follows_it_may_be_fused_or_not(string name)
    {
        PictureAttention block = Drawn(PictureAttention.Create(name, Channels));
        (Parameter x, Parameter z) = (Pictures("x"), Pictures("z"));
        float[] Run(bool adds, bool rectifies) => Step.Evaluate(pass => block.Forward(pass.Use(x), pass, adds ? pass.Use(z) : null, rectifies)).Values.ToArray();
        float[] alone = Run(adds: false, rectifies: false);
        (bool, bool)[] forms = [(true, false), (false, true), (true, true)];
        float[][] fused = [.. forms.Select(form => Run(form.Item1, form.Item2))];
        List<float> seen = [];
        block.AddHook((Module _, Tensor output, in Pass _) =>
        {
            seen.AddRange(output.Values);
            return output;
        });
        for (int n = 0; n < forms.Length; n++)
        {
            Run(forms[n].Item1, forms[n].Item2).ShouldBe(fused[n], 1e-5);
            float[] byHand = [.. alone.Select((a, i) => a + (forms[n].Item1 ? z.Values[i] : 0)).Select(a => forms[n].Item2 ? Math.Max(a, 0) : a)];
            fused[n].ShouldBe(byHand, 1e-5);
        }
        seen.ShouldBe([.. alone, .. alone, .. alone], 1e-5);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_gates_or_weights_are_seen_by_a_hook(string name)
    {
        PictureAttention block = Drawn(PictureAttention.Create(name, Channels));
        List<Shape> shapes = [];
        foreach ((_, Module module) in block.NamedModules().Where(m => m.Module is ChannelGates or SpatialGates or PlaceWeights))
        {
            module.AddHook((Module of, Tensor output, in Pass pass) =>
            {
                output.Values.ToArray().ShouldAllBe(gate => gate >= 0 && gate <= 1);
                shapes.Add(output.Shape);
                return output;
            });
        }
        Step.Evaluate(pass => block.Forward(pass.Use(Pictures("x")), pass));
        Shape channels = new(3, 8), places = new(3, 5, 4, 1);
        Shape[] expected = name switch
        {
            "se" or "ese" or "eca" or "max-gate" or "sk" or "splat" => [channels],
            "scse" or "cbam" => [channels, places],
            "ge" => [new Shape(3, 1, 1, 8)],
            "gc" => [new Shape(3, 1, 20)],
            "a2" => [new Shape(3, 2, 20)],
            "coordinate" => [new Shape(3, 5, 1, 8), new Shape(3, 4, 1, 8)],
            "triplet" => [new Shape(3, 8, 4, 1), new Shape(3, 5, 8, 1), places],
            "non-local" or "augmented" => [],
            _ => [Size],
        };
        shapes.OrderBy(s => s.ToString(), StringComparer.Ordinal).ShouldBe(expected.OrderBy(s => s.ToString(), StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_picture_is_weighed_alike_alone_or_in_a_batch(string name)
    {
        PictureAttention block = Drawn(PictureAttention.Create(name, Channels));
        float[] pictures = [.. Pictures("x").Values];
        float[] Run(int from, int count) =>
            Step.Evaluate(pass => block.Forward(pass.Input(pictures.AsSpan(from * 160, count * 160), new Shape(count, 5, 4, Channels)), pass)).Values.ToArray();
        Run(1, 1).ShouldBe(Run(0, 3)[160..320]);
    }

    [Theory]
    [MemberData(nameof(OpenNames))]
    public void Started_open_it_passes_pictures_nearly_as_they_are_and_still_learns(string name)
    {
        PictureAttention block = PictureAttention.Create(name, Channels, startOpen: true);
        block.Initialize(3);
        Parameter x = Pictures("x");
        Step.Train(new RandomStream(1, "open"), 0, pass =>
        {
            Tensor y = block.Forward(pass.Use(x), pass);
            for (int i = 0; i < y.Length; i++)
                y.Values[i].ShouldBe(x.Values[i], 0.1f * Math.Abs(x.Values[i]) + 1e-6f);
            return y.Tanh().Sum();
        });
        block.NamedParameters().Where(p => p.Parameter.HasGradient).SelectMany(p => p.Parameter.Gradient.ToArray()).ShouldContain(g => Math.Abs(g) > 1e-3f);
        PictureAttention.Create(name, Channels).NamedParameters().Select(p => (p.Name, p.Parameter.Shape)).ShouldBe(block.NamedParameters().Select(p => (p.Name, p.Parameter.Shape)));
    }

    [Fact]
    public void What_starts_as_if_it_were_not_there_passes_pictures_as_they_are()
    {
        foreach (string name in new[] { "gc", "non-local", "a2", "sk", "splat", "augmented" })
        {
            PictureAttention block = PictureAttention.Create(name, Channels, startOpen: true);
            block.Initialize(4);
            Step.Evaluate(pass => block.Forward(pass.Use(Pictures("x")), pass)).ToArray().ShouldBe([.. Pictures("x").Values]);
        }
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 1)]
    [InlineData(1, 1)]
    public void Fewer_keys_of_a_map_of_one_row_or_column_are_taken_along_the_other(int height, int width)
    {
        NonLocalAttention block = new(4, subsamples: true);
        block.Initialize(1);
        Tensor x = Tensor.From([.. Enumerable.Range(0, height * width * 4).Select(i => (float)Math.Sin(i))], new Shape(1, height, width, 4));
        Step.Evaluate(pass => block.Forward(x, pass)).Shape.ShouldBe(x.Shape);
        block.MultiplyAdds(x.Shape).ShouldBe(2L * height * width * Math.Max(1, height / 2) * Math.Max(1, width / 2) * 2);
    }

    [Fact]
    public void Depthwise_gathering_without_a_hidden_layer_starts_open_by_its_last_norm()
    {
        GatherExcite block = new(Channels, new GatherExciteConfig { Gather = "depthwise", Extent = 4, StartOpen = true });
        block.Initialize(3);
        Parameter x = Pictures("x");
        // The last norm's γ is 0 and its β 4: every gate is σ(4), whatever the picture; the norm before it starts as norms do.
        float open = 1 / (1 + MathF.Exp(-4));
        float[] Run() => Step.Evaluate(pass => block.Forward(pass.Use(x), pass)).ToArray();
        Run().ShouldBe([.. x.Values.ToArray().Select(v => v * open)], 1e-6);
        Dictionary<string, Parameter> parameters = block.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        parameters["gather.norm1.weight"].Values.ToArray().ShouldAllBe(v => v == 1);
        // The gates learn by the norm at first, and by the convolutions once γ has left 0.
        float[] Gradient(string name)
        {
            Step.Train(new RandomStream(1, "open"), 0, pass => block.Forward(pass.Use(x), pass).Tanh().Sum());
            return parameters[name].Gradient.ToArray();
        }
        Gradient("gather.norm2.weight").ShouldContain(g => Math.Abs(g) > 1e-4f);
        Gradient("gather.conv2.weight").ShouldAllBe(g => g == 0);
        parameters["gather.norm2.weight"].Assign([.. Enumerable.Repeat(1f, Channels)]);
        Gradient("gather.conv1.weight").ShouldContain(g => Math.Abs(g) > 1e-4f);
        Run().Select((y, i) => Math.Abs(y - (x.Values[i] * open))).Max().ShouldBeGreaterThan(0.01f);
    }

    // 60 places of 8 values, 4 inner ones: four 1 × 1 convolutions, scores and sums of values; of 5 × 4 keys 2 × 2 are left.
    [Theory]
    [InlineData(false, (4 * 60 * 8 * 4) + (2 * 60 * 20 * 4))]
    [InlineData(true, (4 * 60 * 8 * 4) + (2 * 60 * 4 * 4))]
    public void A_non_local_block_costs_its_convolutions_and_two_products_with_its_keys(bool subsamples, long expected)
    {
        NonLocalAttention block = new(Channels, subsamples: subsamples);
        block.Initialize(1);
        ModuleCost.Measure(block, pass => block.Forward(pass.Use(Pictures("x")), pass))[0].MultiplyAdds.ShouldBe(expected);
    }

    [Fact]
    public void Wrong_options_get_one_clear_message()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new TripletAttention(kernel: 4)).Message.ShouldContain("The kernel must be odd");
        Should.Throw<ArgumentOutOfRangeException>(() => new ConvolutionalBlockAttention(8, kernel: 4)).Message.ShouldContain("The kernel must be odd");
        Should.Throw<ArgumentException>(() => PictureAttention.Create("cbma", 8)).Message.ShouldContain("Did you mean 'cbam'?");
        Should.Throw<ArgumentException>(() => new GatherExcite(8, new GatherExciteConfig { StartOpen = true })).Message.ShouldContain("cannot start open; set HasHiddenLayer");
        Should.Throw<ArgumentException>(() => new GatherExcite(8, new GatherExciteConfig { Extent = 3 })).Message.ShouldContain("power of two");
        Should.Throw<ArgumentException>(() => new GatherExcite(8, new GatherExciteConfig { Gather = "depthwise" })).Message.ShouldContain("take 2, 4 or 8");
        Should.Throw<ArgumentException>(() => new ChannelGates("sigmod")).Message.ShouldContain("Did you mean 'sigmoid'?");
        Should.Throw<ArgumentException>(() => PictureAttention.Create("splat", 7)).Message.ShouldContain("7 channels cannot be cut in two");
        Should.Throw<ArgumentException>(() => PictureAttention.Create("augmented", 4)).Message.ShouldContain("take more filters");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => new TripletAttention().Forward(Tensor.From([1, 2], new Shape(1, 2)), pass)));
    }

    // Away from the start, where zeros hide what lies behind them.
    private static T Drawn<T>(T block)
        where T : Module
    {
        foreach ((string name, Parameter parameter) in block.NamedParameters())
        {
            parameter.Change(static (values, random) =>
            {
                foreach (ref float value in values)
                    value = 0.4f * (float)random.NextNormal();
            }, new RandomStream(7, name));
        }
        return block;
    }

    private static Parameter Pictures(string name)
    {
        Parameter pictures = new(Size, Initializer.Normal(0.8));
        pictures.Initialize(new RandomStream(2, name));
        // Pictures that differ as wholes: a batch norm over their means then divides by no near zero.
        pictures.Change(static (values, random) =>
        {
            for (int i = 0; i < values.Length; i += Channels)
            {
                RandomStream picture = random.Fork((ulong)(i / 160));
                for (int c = 0; c < Channels; c++)
                    values[i + c] += (float)picture.NextNormal();
            }
        }, new RandomStream(3, name));
        return pictures;
    }

    private static void Agrees(string name, Module module, Func<Tensor, Pass, Tensor> forward)
    {
        Golden g = Golden.Load(name);
        module.NamedParameters().Select(p => p.Name).Order(StringComparer.Ordinal)
            .ShouldBe(g.InputNames.Where(n => n != "x" && !n.StartsWith("probe.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach ((string parameter, Parameter of) in module.NamedParameters())
        {
            of.Shape.ShouldBe(new Shape(g.InputShape(parameter)), parameter);
            of.Assign(g.Input(parameter));
        }
        Parameter x = new(new Shape(g.InputShape("x")), Initializer.Zeros);
        x.Assign(g.Input("x"));
        Step.Train(new RandomStream(1, "parity"), 0, pass =>
        {
            Tensor y = forward(pass.Use(x), pass);
            Compare("y", y.Values, g.Floats("y"));
            return y.WeightedSum(g.Input("probe.y"));
        });
        foreach ((string parameter, Parameter of) in module.NamedParameters().Append(("x", x)))
        {
            float[] gradient = g.Floats("grad." + parameter);
            if (gradient.Max(Math.Abs) < 1e-9)
                of.Gradient.ToArray().ShouldAllBe(value => Math.Abs(value) < 1e-4f, "torch's is nothing but rounding: " + parameter);
            else
                Compare("grad." + parameter, of.Gradient, gradient);
        }
    }

    private static void Compare(string name, ReadOnlySpan<float> got, float[] expected)
    {
        got.Length.ShouldBe(expected.Length, name);
        double size = Math.Max(0.05, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
            Math.Abs(got[i] - expected[i]).ShouldBeLessThan((float)(3e-5 * size), $"{name}[{i}]: {got[i]:G9}, torch {expected[i]:G9}");
    }
}
