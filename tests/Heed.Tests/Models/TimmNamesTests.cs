using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Weights under the names that timm gives them. The lists are facts about timm's modules, written by hand from its sources: which layers there are, and whether they are convolutions of 1 × 1 or over one axis.</summary>
public sealed class TimmNamesTests
{
    private static readonly ResNetConfig Tiny = new() { ClassCount = 3, Depths = [1], Widths = [8] };

    // The stages of mobilenetv3_small_100 and mobilenetv3_large_100: for each block whether it expands and whether it has squeeze-and-excitation.
    public static TheoryData<string, string[]> MobileNets => new()
    {
        { "mobilenetv3-small", ["ds+se", "ir ir", "ir+se ir+se ir+se", "ir+se ir+se", "ir+se ir+se ir+se"] },
        { "mobilenetv3-large", ["ds", "ir ir", "ir+se ir+se ir+se", "ir ir ir ir", "ir+se ir+se", "ir+se ir+se ir+se"] },
    };

    [Theory]
    [MemberData(nameof(MobileNets))]
    public void MobileNetV3_goes_out_under_timms_names_and_comes_back(string name, string[] stages)
    {
        List<string> expected = ["conv_stem.weight", "conv_head.weight", "conv_head.bias", "classifier.weight", "classifier.bias"];
        void Norm(string of) => expected.AddRange(new[] { "weight", "bias", "running_mean", "running_var" }.Select(part => $"{of}.{part}"));
        Norm("bn1");
        for (int stage = 0; stage < stages.Length; stage++)
        {
            string[] blocks = stages[stage].Split(' ');
            for (int n = 0; n < blocks.Length; n++)
            {
                string block = FormattableString.Invariant($"blocks.{stage}.{n}");
                foreach ((string layer, int index) in (blocks[n].StartsWith("ds", StringComparison.Ordinal) ? new[] { "conv_dw", "conv_pw" } : ["conv_pw", "conv_dw", "conv_pwl"]).Select((layer, index) => (layer, index)))
                {
                    expected.Add($"{block}.{layer}.weight");
                    Norm(FormattableString.Invariant($"{block}.bn{index + 1}"));
                }
                if (blocks[n].EndsWith("+se", StringComparison.Ordinal))
                    expected.AddRange([$"{block}.se.conv_reduce.weight", $"{block}.se.conv_reduce.bias", $"{block}.se.conv_expand.weight", $"{block}.se.conv_expand.bias"]);
            }
        }
        string last = FormattableString.Invariant($"blocks.{stages.Length}.0");
        expected.Add(last + ".conv.weight");
        Norm(last + ".bn1");

        PictureNetwork network = Drawn((PictureNetworkConfig.Named(name) with { ClassCount = 7 }).Create());
        using TemporaryFolder folder = new();
        network.Save(folder["timm.safetensors"], WeightNaming.Timm);
        Dictionary<string, long[]> shapes = Shapes(folder["timm.safetensors"]);
        shapes.Keys.Order(StringComparer.Ordinal).ShouldBe(expected.Order(StringComparer.Ordinal));
        shapes["conv_stem.weight"].ShouldBe([16L, 3, 3, 3]);
        shapes["conv_head.weight"].ShouldBe(name == "mobilenetv3-small" ? [1024L, 576, 1, 1] : [1280L, 960, 1, 1]);
        shapes["blocks.2.0.se.conv_reduce.weight"].ShouldBe(name == "mobilenetv3-small" ? [24L, 96, 1, 1] : [24L, 72, 1, 1]);
        ComesBack(network, (PictureNetworkConfig.Named(name) with { ClassCount = 7 }).Create(), folder["timm.safetensors"]);
    }

    // Hidden units of each stage in seresnet18 and seresnet50: channels/16 to the nearest multiple of 8, but at least 8.
    [Theory]
    [InlineData("se-resnet18", new[] { 2, 2, 2, 2 }, new[] { 64, 128, 256, 512 }, new[] { 8, 8, 16, 32 }, 11_779_624)]
    [InlineData("se-resnet50", new[] { 3, 4, 6, 3 }, new[] { 256, 512, 1024, 2048 }, new[] { 16, 32, 64, 128 }, 28_088_024)]
    public void Residual_networks_with_squeeze_and_excitation_have_timms_names_and_shapes(string name, int[] depths, int[] outputs, int[] hidden, long parameters)
    {
        PictureNetwork network = PictureNetworkConfig.Named(name).Create();
        network.ParameterCount.ShouldBe(parameters);
        using TemporaryFolder folder = new();
        network.Save(folder["timm.safetensors"], WeightNaming.Timm);
        Dictionary<string, long[]> shapes = Shapes(folder["timm.safetensors"]);
        Dictionary<string, long[]> expected = new(StringComparer.Ordinal);
        for (int stage = 0; stage < depths.Length; stage++)
        {
            for (int n = 0; n < depths[stage]; n++)
            {
                string block = FormattableString.Invariant($"layer{stage + 1}.{n}.se.");
                expected[block + "fc1.weight"] = [hidden[stage], outputs[stage], 1, 1];
                expected[block + "fc1.bias"] = [hidden[stage]];
                expected[block + "fc2.weight"] = [outputs[stage], hidden[stage], 1, 1];
                expected[block + "fc2.bias"] = [outputs[stage]];
            }
        }
        shapes.Keys.Where(key => key.Contains(".se.", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ShouldBe(expected.Keys.Order(StringComparer.Ordinal));
        foreach ((string key, long[] shape) in expected)
            shapes[key].ShouldBe(shape, key);
    }

    // timm: max(d, int(channels/r + d/2) // d · d).
    [Theory]
    [InlineData(64, 16, 8, 8)]
    [InlineData(176, 16, 8, 8)]
    [InlineData(192, 16, 8, 16)]
    [InlineData(256, 4, 8, 64)]
    [InlineData(16, 16, 0, 4)]
    [InlineData(64, 16, 0, 4)]
    public void Hidden_units_are_rounded_as_timm_rounds_them(int channels, int reduction, int divisor, int hidden) =>
        new ResNetConfig { Attention = "se", Reduction = reduction, ReductionDivisor = divisor }.CreateAttention(channels).NamedParameters().Single(p => p.Name == "fc1.weight").Parameter.Shape.ShouldBe(new Shape(hidden, channels));

    [Fact]
    public void Weights_of_torchvision_under_timms_names_give_the_same_logits()
    {
        PictureNetwork first = Drawn((PictureNetworkConfig.Named("mobilenetv3-small") with { ClassCount = 5 }).Create()), second = (PictureNetworkConfig.Named("mobilenetv3-small") with { ClassCount = 5 }).Create();
        using TemporaryFolder folder = new();
        first.Save(folder["torchvision.safetensors"]);
        Shapes(folder["torchvision.safetensors"]).Keys.ShouldContain("features.1.block.1.fc1.weight");
        first.Save(folder["timm.safetensors"], WeightNaming.Timm);
        second.Load(folder["timm.safetensors"]).ThrowIfIncomplete();
        Logits(second).ShouldBe(Logits(first));
        second.Initialize(9);
        second.Load(folder["torchvision.safetensors"]).ThrowIfIncomplete();
        Logits(second).ShouldBe(Logits(first));
        // A file with both: the system with more names counts, and what it lacks is told by its names.
        WeightReport report = Drawn((PictureNetworkConfig.Named("mobilenetv3-large") with { ClassCount = 5 }).Create()).Load(folder["timm.safetensors"]);
        report.Missing.ShouldContain("blocks.5.0.conv_pw.weight");
    }

    // What timm's blocks are called inside of a residual block, with (shape) where it differs from ours.
    public static TheoryData<string, string[]> Blocks => new()
    {
        { "se", ["fc1.weight (4, 8, 1, 1)", "fc1.bias (4)", "fc2.weight (8, 4, 1, 1)", "fc2.bias (8)"] },
        { "ese", ["fc.weight (8, 8, 1, 1)", "fc.bias (8)"] },
        { "eca", ["conv.weight (1, 1, 3)"] },
        { "cbam", ["channel.fc1.weight (4, 8, 1, 1)", "channel.fc2.weight (8, 4, 1, 1)", "spatial.conv.conv.weight (1, 2, 7, 7)", "spatial.conv.bn.weight (1)", "spatial.conv.bn.bias (1)", "spatial.conv.bn.running_mean (1)", "spatial.conv.bn.running_var (1)"] },
        { "gc", ["conv_attn.weight (1, 8, 1, 1)", "conv_attn.bias (1)", "mlp_add.fc1.weight (4, 8, 1, 1)", "mlp_add.fc1.bias (4)", "mlp_add.norm.weight (4)", "mlp_add.norm.bias (4)", "mlp_add.fc2.weight (8, 4, 1, 1)", "mlp_add.fc2.bias (8)"] },
        { "ge", [] },
        { "non-local", ["t.weight (4, 8, 1, 1)", "t.bias (4)", "p.weight (4, 8, 1, 1)", "p.bias (4)", "g.weight (4, 8, 1, 1)", "g.bias (4)", "z.weight (8, 4, 1, 1)", "z.bias (8)", "norm.weight (8)", "norm.bias (8)", "norm.running_mean (8)", "norm.running_var (8)"] },
    };

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Blocks_carry_timms_names_and_shapes_whether_configured_or_inserted(string block, string[] expected)
    {
        ResNet configured = (ResNet)Drawn(new ResNet(Tiny with { Attention = block, Reduction = 2 })), inserted = new(Tiny);
        inserted.Insert("layer1.0.bn2", block, reduction: 2);
        using TemporaryFolder folder = new();
        configured.Save(folder["configured.safetensors"], WeightNaming.Timm);
        Shapes(folder["configured.safetensors"]).Where(s => s.Key.Contains(".se.", StringComparison.Ordinal)).Select(s => $"{s.Key["layer1.0.se.".Length..]} ({string.Join(", ", s.Value)})").Order(StringComparer.Ordinal)
            .ShouldBe(expected.Order(StringComparer.Ordinal));
        ComesBack(configured, inserted, folder["configured.safetensors"]);
    }

    [Theory]
    [InlineData("sk", "basic", "layer1.0.conv1.", "paths.0.conv.weight (8, 8, 3, 3)", "paths.1.bn.running_var (8)", "attn.fc_reduce.weight (32, 8, 1, 1)", "attn.bn.weight (32)", "attn.fc_select.weight (16, 32, 1, 1)")]
    [InlineData("splat", "bottleneck", "layer1.0.conv2.", "conv.weight (16, 4, 3, 3)", "bn0.weight (16)", "fc1.weight (32, 8, 1, 1)", "fc1.bias (32)", "bn1.running_mean (32)", "fc2.weight (16, 32, 1, 1)", "fc2.bias (16)")]
    public void Convolutions_that_attend_carry_timms_names_and_shapes(string convolution, string block, string place, params string[] expected)
    {
        ResNetConfig config = Tiny with { Convolution = convolution, Block = block };
        PictureNetwork network = Drawn(config.Create());
        using TemporaryFolder folder = new();
        network.Save(folder["timm.safetensors"], WeightNaming.Timm);
        string[] found = [.. Shapes(folder["timm.safetensors"]).Where(s => s.Key.StartsWith(place, StringComparison.Ordinal)).Select(s => $"{s.Key[place.Length..]} ({string.Join(", ", s.Value)})")];
        foreach (string line in expected)
            found.ShouldContain(line);
        ComesBack(network, config.Create(), folder["timm.safetensors"]);
    }

    [Fact]
    public void A_block_put_into_a_mobile_block_is_named_as_timms_and_an_epsilon_is_kept()
    {
        MobileNetV3Config config = MobileNetV3Config.Named("mobilenetv3-small") with { ClassCount = 3, Epsilon = 1e-5 };
        MobileNetV3 network = config.Create();
        network.Insert("features.2.block.1", "se", reduction: 4).Names.ShouldBe(["features.2.block.se"]);
        network.Insert("features.3.block.1", "eca");
        using TemporaryFolder folder = new();
        network.Save(folder["timm.safetensors"], WeightNaming.Timm);
        Dictionary<string, long[]> shapes = Shapes(folder["timm.safetensors"]);
        shapes["blocks.1.0.se.conv_reduce.weight"].ShouldBe([18L, 72, 1, 1]);
        shapes["blocks.1.1.se.conv.weight"].ShouldBe([1L, 1, 3]);
        network.NamedModules().Select(m => m.Module).OfType<BatchNorm>().ShouldAllBe(norm => norm.Epsilon == 1e-5);
        new MobileNetV3Config { Epsilon = 0 }.Epsilon.ShouldBe(1e-3);
        Should.Throw<ArgumentException>(() => (config with { Epsilon = -1 }).Create()).Message.ShouldContain("Epsilon");
        Should.Throw<ArgumentException>(() => VisionTransformerConfig.Named("vit-32").Create().Save(folder["vit.safetensors"], WeightNaming.Torchvision)).Message.ShouldContain("timm's names");
        File.Exists(folder["vit.safetensors"]).ShouldBeFalse();
    }

    private static PictureNetwork Drawn(PictureNetwork network)
    {
        network.Initialize(4);
        RandomStream random = new(3, "statistics");
        foreach ((_, StateBuffer buffer) in network.NamedBuffers())
        {
            foreach (ref float value in buffer.Values.Span)
                value = (float)random.NextDouble() + 0.5f;
        }
        return network;
    }

    // Every value, and so the logits, is that of the network that was saved.
    private static void ComesBack(PictureNetwork saved, PictureNetwork empty, string file)
    {
        WeightReport report = empty.Load(file);
        report.ThrowIfIncomplete();
        report.Unexpected.ShouldBeEmpty();
        Dictionary<string, float[]> expected = Values(saved);
        foreach ((string name, float[] values) in Values(empty))
            values.ShouldBe(expected[name], name);
    }

    private static Dictionary<string, float[]> Values(PictureNetwork network) =>
        network.NamedParameters().Select(p => (p.Name, p.Parameter.Values.ToArray())).Concat(network.NamedBuffers().Select(b => (b.Name, b.Buffer.Values.ToArray()))).ToDictionary(StringComparer.Ordinal);

    private static float[] Logits(PictureNetwork network) => Step.Evaluate(network.Look(64, 64)).ToArray();

    private static Dictionary<string, long[]> Shapes(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return file.Entries.ToDictionary(e => e.Key, e => e.Value.Shape.ToArray(), StringComparer.Ordinal);
    }
}
