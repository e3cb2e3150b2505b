using Heed.Testing;

namespace Heed.Tests.Layers;

public sealed class LoraTests
{
    [Fact]
    public void Gradients_reach_the_adapters_alone_and_are_right()
    {
        Linear layer = new(7, 5);
        layer.Initialize(1);
        LoraAdapter.Apply(new Holder(layer), new LoraConfig { Rank = 3, Targets = ["dense"] }, seed: 2);
        Fill(layer);
        (string, Parameter)[] adapters = [.. layer.NamedParameters().Where(p => p.Parameter.IsTrained)];
        adapters.Select(p => p.Item1).ShouldBe(["lora.lora_A", "lora.lora_B"]);
        Tensor x = Tensor.From([.. Enumerable.Range(0, 22 * 7).Select(i => MathF.Sin(i))], new Shape(2, 11, 7));
        GradientCheck.Run(adapters, pass => layer.Forward(x, pass).Tanh().Sum()).ShouldBeGreaterThan(0);
        layer.Weight.HasGradient.ShouldBeFalse();
        layer.Bias!.HasGradient.ShouldBeFalse();
    }

    [Fact]
    public void Merged_weights_give_what_layer_and_adapter_gave()
    {
        Transformer encoder = new(TinyBert.Shape, 11);
        encoder.Initialize(1);
        Dictionary<string, float[]> before = encoder.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter.Values.ToArray());
        LoraAdapter.Apply(encoder, new LoraConfig { Rank = 3, Alpha = 6, Targets = ["q_proj", "v_proj", "up_proj"] }, seed: 2).Count.ShouldBe(6);
        float[] Run() => Step.Evaluate(pass => encoder.Forward(new[] { 1, 2, 3, 4, 5, 6 }, new[] { 3, 2 }, pass).States.Values[..(5 * 16)].ToArray());
        float[] fresh = Run();
        foreach ((_, Module module) in encoder.NamedModules())
        {
            if (module is Linear { Adapter: not null } layer)
                Fill(layer);
        }
        float[] unmerged = Run();
        unmerged.ShouldNotBe(fresh);
        LoraAdapter.Merge(encoder);
        encoder.NamedParameters().Select(p => p.Name).ShouldBe(before.Keys);
        encoder.NamedParameters().ShouldAllBe(p => p.Parameter.IsTrained);
        encoder.NamedParameters().Where(p => !p.Parameter.Values.SequenceEqual(before[p.Name])).Select(p => p.Name)
            .ShouldAllBe(name => name.EndsWith("q_proj.weight", StringComparison.Ordinal) || name.EndsWith("v_proj.weight", StringComparison.Ordinal) || name.EndsWith("up_proj.weight", StringComparison.Ordinal));
        Run().Zip(unmerged).ShouldAllBe(x => Math.Abs(x.First - x.Second) < 2e-5);
    }

    [Fact]
    public void A_fresh_adapter_changes_nothing_and_an_unknown_target_is_named()
    {
        Transformer encoder = new(TinyBert.Shape, 11);
        encoder.Initialize(1);
        float[] Run() => Step.Evaluate(pass => encoder.Forward(new[] { 1, 2, 3 }, new[] { 3 }, pass).States.Values.ToArray());
        float[] before = Run();
        LoraAdapter.Apply(encoder, new LoraConfig(), seed: 2);
        Run().ShouldBe(before);
        Should.Throw<ArgumentException>(() => LoraAdapter.Apply(encoder, new LoraConfig(), seed: 2)).Message.ShouldContain("adapted already");
        Should.Throw<ArgumentException>(() => LoraAdapter.Apply(encoder, new LoraConfig { Targets = ["q_project"] }, seed: 2)).Message.ShouldContain("no dense layer 'q_project'");
        Should.Throw<ArgumentException>(() => LoraAdapter.Apply(encoder, new LoraConfig { Rank = 0 }, seed: 2)).Message.ShouldContain("Rank");
    }

    private static void Fill(Linear layer)
    {
        foreach ((_, Parameter parameter) in layer.Adapter!.NamedParameters())
            parameter.Assign([.. Enumerable.Range(0, parameter.Shape.Length).Select(i => 0.2f * MathF.Cos(i + parameter.Shape[0]))]);
    }

    private sealed class Holder : Module
    {
        public Holder(Linear layer) => Register("dense", layer);
    }
}
