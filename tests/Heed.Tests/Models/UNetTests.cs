using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>U-Nets and what makes maps larger against torch, and what their parts promise. See goldens/README.md.</summary>
public sealed class UNetTests
{
    private static readonly UNetConfig Small = new() { ClassCount = 3, Widths = [4, 6, 8] };

    [Fact]
    public void Transposed_convolution_and_interpolation_agree_with_torch()
    {
        Golden g = Golden.Load("pictures_enlarging");
        Parameter[] inputs = [.. new[] { "x", "weight", "bias" }.Select(name => Of(g, name))];
        Step.Train(new RandomStream(1, "parity"), 0, pass =>
        {
            Tensor x = pass.Use(inputs[0]), transposed = Tensor.TransposedConvolution(x, pass.Use(inputs[1]), pass.Use(inputs[2]), stride: 3, padding: (2, 1), outputPadding: (1, 2), groups: 2), resized = x.Resize(7, 3);
            Compare("transposed", transposed.Values, g.Floats("transposed"));
            Compare("resized", resized.Values, g.Floats("resized"));
            return transposed.WeightedSum(g.Input("probe.transposed")) + resized.WeightedSum(g.Input("probe.resized"));
        });
        foreach ((string name, Parameter parameter) in new[] { "x", "weight", "bias" }.Zip(inputs))
            Compare("grad." + name, parameter.Gradient, g.Floats("grad." + name));
    }

    [Theory]
    [InlineData("unet", "transposed")]
    [InlineData("unet_bilinear", "bilinear")]
    public void Training_agrees_with_torch_forward_and_gradients(string name, string upsampling)
    {
        Golden g = Golden.Load("pictures_" + name);
        UNet network = new(Small with { Upsampling = upsampling });
        network.NamedParameters().Select(p => p.Name).Order(StringComparer.Ordinal).ShouldBe(g.InputNames.Where(n => n != "x" && !n.StartsWith("probe.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach ((string parameter, Parameter of) in network.NamedParameters())
        {
            of.Shape.ShouldBe(new Shape(g.InputShape(parameter)), parameter);
            of.Assign(g.Input(parameter));
        }
        Parameter x = Of(g, "x");
        Step.Train(new RandomStream(1, "parity"), 0, pass =>
        {
            Tensor logits = network.Forward(pass.Use(x), pass);
            Compare("logits", logits.Values, g.Floats("logits"));
            return logits.WeightedSum(g.Input("probe.logits"));
        });
        foreach ((string parameter, Parameter of) in network.NamedParameters().Append(("x", x)))
            Compare("grad." + parameter, of.Gradient, g.Floats("grad." + parameter));
    }

    [Theory]
    [InlineData("transposed", "none", null)]
    [InlineData("bilinear", "se", null)]
    [InlineData("transposed", "eca", "small")]
    [InlineData("bilinear", "none", "large")]
    public void Every_size_comes_back_as_it_was_and_padding_changes_no_other_pixel(string upsampling, string attention, string? stem)
    {
        UNet network = new(Small with
        {
            Widths = [4, 6],
            Upsampling = upsampling,
            Attention = attention,
            Backbone = stem is null ? null : new ResNetConfig { Stem = stem, Depths = [1, 1], Widths = [4, 6], Attention = "se" },
        });
        network.Initialize(3);
        foreach ((int height, int width) in new[] { (16, 16), (13, 11), (1, 2) })
        {
            float[] picture = FormulaWeights.Create(2 * height * width * 3, 1, 1);
            Tensor logits = Step.Evaluate(pass => network.Forward(pass.Input(picture, new Shape(2, height, width, 3)), pass));
            logits.Shape.ShouldBe(new Shape(2, height, width, 3));
            float[] one = Step.Evaluate(pass => network.Forward(pass.Input(picture.AsSpan(0, picture.Length / 2), new Shape(1, height, width, 3)), pass)).ToArray();
            one.ShouldBe(logits.ToArray()[..one.Length], "a picture's logits do not depend on the batch");
        }
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => network.Forward(pass.Input(new float[16], new Shape(1, 4, 4, 1)), pass))).Message.ShouldContain("channels = 3");
    }

    [Fact]
    public void It_trains_over_MobileNetV3()
    {
        UNet network = new(new UNetConfig { ClassCount = 3, Widths = [4, 4, 6, 6, 8], Backbone = MobileNetV3Config.Named("mobilenetv3-small") });
        network.Initialize(3);
        float[] pictures = FormulaWeights.Create(2 * 40 * 24 * 3, 1, 1);
        Tensor Logits(Pass pass) => network.Forward(pass.Input(pictures, new Shape(2, 40, 24, 3)), pass);
        Tensor logits = Step.Evaluate(Logits);
        logits.Shape.ShouldBe(new Shape(2, 40, 24, 3));
        logits.ToArray().ShouldAllBe(v => float.IsFinite(v));
        Step.Train(new RandomStream(1, "step"), 0, pass => Logits(pass).Tanh().Sum());
        // All but the backbone's own head, which nobody asks.
        network.NamedParameters().Where(p => !p.Parameter.HasGradient).Select(p => p.Name).ShouldBe(["backbone.classifier.0.weight", "backbone.classifier.0.bias", "backbone.classifier.3.weight", "backbone.classifier.3.bias"]);
    }

    [Fact]
    public void Attention_stands_at_the_end_of_every_block()
    {
        UNet network = new(Small with { Attention = "se" });
        network.NamedModules().Where(m => m.Module is PictureAttention).Select(m => m.Name)
            .ShouldBe(["encoder1.attention", "encoder2.attention", "encoder3.attention", "decoder2.attention", "decoder1.attention"], ignoreOrder: true);
        // The paper's network has 31.0 million weights without batch norm; its norms add 2 a filter, and our first convolutions of a block have no bias.
        new UNet(new UNetConfig { Channels = 1, Widths = [64, 128, 256, 512, 1024] }).ParameterCount.ShouldBeInRange(31_000_000, 31_060_000);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Should.Throw<ArgumentException>(() => new UNet(Small with { Upsampling = "nearest" })).Message.ShouldContain("transposed, bilinear");
        Should.Throw<ArgumentException>(() => new UNet(Small with { Attention = "sea" })).Message.ShouldContain("there are none, se");
        Should.Throw<ArgumentException>(() => new UNet(Small with { Widths = [] })).Message.ShouldContain("1 to 8 numbers");
        Should.Throw<ArgumentException>(() => new UNet(Small with { Backbone = new ResNetConfig { Depths = [1], Widths = [4] } })).Message.ShouldContain("the backbone has 1 level of features");
        Should.Throw<ArgumentException>(() => new UNet(Small with { Widths = [4, 6, 8], Backbone = new ResNetConfig { Depths = [1, 1], Widths = [4, 6] } })).Message.ShouldContain("there are 3 widths, but the backbone has 2 levels; give at most so many");
    }

    private static Parameter Of(Golden g, string name)
    {
        Parameter parameter = new(new Shape(g.InputShape(name)), Initializer.Zeros);
        parameter.Assign(g.Input(name));
        return parameter;
    }

    private static void Compare(string name, ReadOnlySpan<float> got, float[] expected)
    {
        got.Length.ShouldBe(expected.Length, name);
        double size = Math.Max(0.05, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
            Math.Abs(got[i] - expected[i]).ShouldBeLessThan((float)(3e-5 * size), $"{name}[{i}]: {got[i]:G9}, torch {expected[i]:G9}");
    }
}
