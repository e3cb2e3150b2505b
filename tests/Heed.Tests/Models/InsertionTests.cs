using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Blocks in networks that exist, frozen parts, and what models cost.</summary>
public sealed class InsertionTests
{
    private static readonly ResNetConfig Small = new() { ClassCount = 5, Depths = [1, 2], Widths = [4, 6] };

    [Theory]
    [InlineData("se")]
    [InlineData("cbam")]
    [InlineData("eca")]
    public void An_inserted_block_is_the_one_that_the_configuration_puts_there(string name)
    {
        ResNet configured = new(Small with { Attention = name, Reduction = 2 }), plain = new(Small);
        Insertion insertion = plain.Insert("layer*.*.bn2", name, reduction: 2);
        insertion.Names.ShouldBe(["layer1.0.se", "layer2.0.se", "layer2.1.se"]);
        plain.NamedParameters().Select(p => p.Name).Order(StringComparer.Ordinal).ShouldBe(configured.NamedParameters().Select(p => p.Name).Order(StringComparer.Ordinal));
        insertion.ParameterCount.ShouldBe(configured.ParameterCount - new ResNet(Small).ParameterCount);
        using TemporaryFolder folder = new();
        configured.Initialize(3);
        configured.SaveWeights(folder["weights.safetensors"]);
        plain.LoadWeights(folder["weights.safetensors"]).ThrowIfIncomplete();
        float[] pictures = FormulaWeights.Create(2 * 9 * 7 * 3, 1, 1);
        float[] Logits(ResNet network) => Step.Evaluate(pass => network.Forward(pass.Input(pictures, new Shape(2, 9, 7, 3)), pass)).ToArray();
        Logits(plain).ShouldBe(Logits(configured), 1e-5);
        Step.Train(new RandomStream(1, "insert"), 0, pass => plain.Forward(pass.Input(pictures, new Shape(2, 9, 7, 3)), pass).Tanh().Sum());
        plain.NamedParameters().Where(p => p.Name.Contains(".se.", StringComparison.Ordinal)).ShouldAllBe(p => p.Parameter.HasGradient);
    }

    [Fact]
    public void First_weights_depend_on_seed_and_name_alone()
    {
        ResNet a = new(Small), b = new(Small with { Attention = "se" });
        a.Initialize(7);
        a.Insert("layer*.*.bn2", "se", seed: 7);
        b.Initialize(7);
        Dictionary<string, float[]> expected = b.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter.Values.ToArray(), StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in a.NamedParameters())
            parameter.Values.ToArray().ShouldBe(expected[name], name);
    }

    [Fact]
    public void Open_gates_leave_a_network_nearly_as_it_was()
    {
        ResNet network = new(Small);
        network.Initialize(2);
        float[] pictures = FormulaWeights.Create(2 * 8 * 8 * 3, 1, 1);
        float[] Logits() => Step.Evaluate(pass => network.Forward(pass.Input(pictures, new Shape(2, 8, 8, 3)), pass)).ToArray();
        float[] before = Logits();
        network.Insert("layer*.*.bn2", channels => new SqueezeExcitation(channels, new SqueezeExcitationConfig { StartOpen = true }));
        float[] open = Logits();
        float size = before.Max(Math.Abs);
        open.Zip(before).Max(p => Math.Abs(p.First - p.Second)).ShouldBeInRange(1e-6f, 0.1f * size);
        Insertion again = network.Insert("conv1", "gc");
        again.Names.ShouldBe(["se"]);
        Logits().ShouldBe(open, 1e-6);
        network.Insert("layer1.0.bn2", "gc").Names.ShouldBe(["layer1.0.se2"]);
        network.Insert("fc", "gate", name: "gate").Names.ShouldBe(["gate"]);
        Logits().Length.ShouldBe(10);
        again.ToString().ShouldStartWith(FormattableString.Invariant($"1 block after conv1, + {again.ParameterCount:N0} parameters, + "));
    }

    [Fact]
    public void Every_block_that_starts_open_leaves_a_network_nearly_as_it_was()
    {
        float[] pictures = FormulaWeights.Create(2 * 8 * 8 * 3, 1, 1);
        foreach (string name in PictureAttention.OpenNames)
        {
            ResNet network = new(Small with { Widths = [8, 12] });
            network.Initialize(2);
            float[] Logits() => Step.Evaluate(pass => network.Forward(pass.Input(pictures, new Shape(2, 8, 8, 3)), pass)).ToArray();
            float[] before = Logits();
            network.Insert("layer*.*.bn2", name, startOpen: true);
            Logits().Zip(before).Max(p => Math.Abs(p.First - p.Second)).ShouldBeLessThan(0.2f * before.Max(Math.Abs), name);
        }
        foreach (string name in PictureAttention.Names.Except(PictureAttention.OpenNames))
            Should.Throw<ArgumentException>(() => PictureAttention.Create(name, 8, startOpen: true)).Message.ShouldContain($"'{name}' cannot start open, since it");
        PictureAttention.Names.Except(PictureAttention.OpenNames).ShouldBe(["eca", "cbam", "ge", "simam"]);
    }

    [Fact]
    public void What_matches_nothing_changes_nothing_and_names_the_nearest()
    {
        ResNet network = new(Small);
        string[] names = [.. network.NamedModules().Select(m => m.Name)];
        Should.Throw<ArgumentException>(() => network.Insert("layer*.*.bn4", "se")).Message.ShouldContain("Did you mean 'layer");
        Should.Throw<ArgumentException>(() => network.Insert("layer1.0.bn4", "se")).Message.ShouldContain("The nearest names are 'layer1.0.bn1', 'layer1.0.bn2', ");
        Should.Throw<ArgumentException>(() => network.Insert("layer*.*.downsample", "se")).Message.ShouldContain("'layer2.0.downsample' is a Downsample, which has no fixed number of channels");
        Should.Throw<ArgumentException>(() => network.Insert("layer*.*.bn2", "sea")).Message.ShouldContain("there is no block 'sea'");
        network.NamedModules().Select(m => m.Name).ShouldBe(names);
    }

    [Fact]
    public void Costs_by_hand()
    {
        ResNet network = new(Small with { Depths = [1], Widths = [4] });
        Insertion insertion = network.Insert("layer1.0.bn2", channels => new SqueezeExcitation(channels, new SqueezeExcitationConfig { HiddenSize = 3 }));
        IReadOnlyList<ModuleCost> costs = ModuleCost.Measure(network, pass => network.Forward(pass.Input(new float[2 * 6 * 5 * 3], new Shape(2, 6, 5, 3)), pass));
        long Of(string name) => costs.Single(c => c.Name == name).MultiplyAdds;
        Of("conv1").ShouldBe(2 * 30 * 4 * 27);
        Of("layer1.0").ShouldBe((2 * 2 * 30 * 4 * 36) + (2 * 2 * 12));
        Of("layer1.0.se").ShouldBe(2 * 2 * 12);
        Of("").ShouldBe(Of("conv1") + Of("layer1.0") + (2 * 20));
        costs.Single(c => c.Name == "layer1.0.se").ParameterCount.ShouldBe(31);
        // A picture of 32 × 32 for a small stem.
        insertion.ToString().ShouldBe("1 block after layer1.0.bn2, + 31 parameters, + 24 multiply-adds for a picture of 32 x 32");
        NonLocalAttention block = new(8, reduction: 4);
        ModuleCost.Measure(block, pass => block.Forward(pass.Input(new float[2 * 12 * 8], new Shape(2, 3, 4, 8)), pass))[0].MultiplyAdds.ShouldBe(2 * ((4 * 12 * 8 * 2) + (2 * 12 * 12 * 2)));
    }

    [Fact]
    public void What_is_frozen_stays_as_it_is_and_so_do_its_statistics()
    {
        ResNet network = new(Small);
        network.Initialize(1);
        IReadOnlyList<string> frozen = network.Freeze("layer1.*", "conv1");
        frozen.ShouldContain("layer1.0.bn1.weight");
        frozen.ShouldContain("conv1.weight");
        frozen.ShouldNotContain("layer1");
        frozen.ShouldNotContain("layer2.0.conv1.weight");
        Dictionary<string, float[]> before = network.NamedParameters().Select(p => (p.Name, p.Parameter.Values.ToArray())).Concat(network.NamedBuffers().Select(b => (b.Name, b.Buffer.Values.ToArray()))).ToDictionary(StringComparer.Ordinal);
        Sgd optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        Step.Train(new RandomStream(1, "frozen"), 0, pass => network.Forward(pass.Input(FormulaWeights.Create(2 * 8 * 8 * 3, 1, 1), new Shape(2, 8, 8, 3)), pass).Tanh().Sum());
        optimizer.Step(0.1);
        foreach ((string name, float[] now) in network.NamedParameters().Select(p => (p.Name, p.Parameter.Values.ToArray())).Concat(network.NamedBuffers().Select(b => (b.Name, b.Buffer.Values.ToArray()))))
        {
            bool isFrozen = name.StartsWith("layer1.", StringComparison.Ordinal) || name == "conv1.weight";
            now.SequenceEqual(before[name]).ShouldBe(isFrozen, name);
        }
        network.Unfreeze("layer1.0.bn1").ShouldBe(["layer1.0.bn1.weight", "layer1.0.bn1.bias"]);
        Should.Throw<ArgumentException>(() => network.Freeze("layr2.*", "fc")).Message.ShouldContain("The parts are 'conv1', 'bn1', 'layer1'");
        network.NamedParameters().Single(p => p.Name == "fc.bias").Parameter.IsTrained.ShouldBeTrue();
    }

    [Theory]
    [InlineData("layer*.*.bn3", "layer1.0.bn3", true)]
    [InlineData("layer*.*.bn3", "layer10.22.bn3", true)]
    [InlineData("layer*.bn3", "layer1.0.bn3", false)]
    [InlineData("layer**bn3", "layer1.0.bn3", true)]
    [InlineData("**", "a.b", true)]
    [InlineData("*", "a.b", false)]
    [InlineData("a", "ab", false)]
    [InlineData("b", "ab", false)]
    [InlineData("", "a", false)]
    [InlineData("a*b*c", "aXbbYc", true)]
    [InlineData("a*b*c", "aXb.bYc", false)]
    public void Patterns(string pattern, string name, bool matches) => NamePattern.Matches(pattern, name).ShouldBe(matches);
}
