using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Convolutions that attend, as blocks: in every network, configured or inserted.</summary>
public sealed class ConvolutionAttentionTests
{
    private static readonly ResNetConfig Residual = new() { ClassCount = 3, Depths = [1, 1, 1], Widths = [8, 12, 16] };

    public static TheoryData<string> Names => [.. PictureConvolution.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_training_step_of_every_network_reaches_every_parameter(string name)
    {
        foreach ((Module network, Func<Tensor, Pass, Tensor> forward) in Networks(name))
        {
            network.Initialize(1);
            network.NamedModules().Count(m => m.Module is ConvolutionAttention).ShouldBeGreaterThan(1);
            Train(network, forward);
            // All but the head of a detector's backbone, which nobody asks.
            network.NamedParameters().Where(p => !p.Parameter.HasGradient).Select(p => p.Name).ShouldAllBe(parameter => parameter.StartsWith("backbone.fc.", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Inserted_open_into_any_network_it_changes_nothing_until_it_learns(string name)
    {
        string[] after = ["layer*.*.bn2", "features.*.block.*", "*coder*", "fpn.layer*"];
        foreach (((Module network, Func<Tensor, Pass, Tensor> forward), string pattern) in Networks("none").Zip(after))
        {
            network.Initialize(1);
            float[] Results() => Step.Evaluate(pass => forward(Pictures(pass), pass)).ToArray();
            float[] before = Results();
            Insertion inserted = network.Insert(pattern, name, startOpen: true);
            inserted.Count.ShouldBeGreaterThan(1);
            Results().ShouldBe(before, 1e-4 * before.Max(Math.Abs));
            Train(network, forward);
            // At first the norm alone has a gradient: nothing that lies before it counts yet.
            foreach ((string parameter, Parameter gamma) in network.NamedParameters().Where(p => inserted.Names.Any(block => p.Name == block + ".bn.weight")))
                gamma.Gradient.ToArray().ShouldContain(g => g != 0, parameter);
        }
    }

    [Fact]
    public void Where_it_does_not_fit_the_reason_is_said()
    {
        Should.Throw<ArgumentException>(() => (VisionTransformerConfig.Named("vit-32") with { Attention = "sk" }).Create()).Message.ShouldContain("the layers attend by themselves");
        ResNet network = new(Residual with { Widths = [5, 12, 16] });
        Should.Throw<ArgumentException>(() => network.Insert("layer1.0.bn2", "splat")).Message.ShouldContain("5 channels cannot be cut in two");
        network.Insert("layer2.0.bn2", "splat").Count.ShouldBe(1);
    }

    [Fact]
    public void Blocks_follow_a_convolution_that_attends_and_a_folder_keeps_either()
    {
        ResNet network = new(Residual with { Channels = 1, ClassCount = 2, Convolution = "sk" });
        network.Insert("layer*.*.conv1", "se").Names.ShouldBe(["layer1.0.se", "layer2.0.se", "layer3.0.se"]);
        network.Insert("layer1", "splat", reduction: 2);
        PictureData pictures = PictureData.FromPictures(Enumerable.Range(0, 8).Select(n => (new Picture(8, 8, 1, Enumerable.Range(0, 64).Select(i => (byte)(i * 37 * (n + 1) % 251)).ToArray()), n % 2 == 0 ? "a" : "b")));
        ImageClassifier classifier = ImageClassifier.Train(network, pictures, pictures, new() { Training = new ImageClassifierOptions().Training with { BatchSize = 4, EpochCount = 1 } });
        using TemporaryFolder folder = new();
        classifier.Save(folder["model"]);
        ImageClassifier.Load(folder["model"]).Predict(pictures.Read(0).Picture).Probabilities.ShouldBe(classifier.Predict(pictures.Read(0).Picture).Probabilities);
        network.Insert("layer2", channels => new ConvolutionAttention(new SplitAttention(channels, channels, groups: 2)));
        Should.Throw<InvalidOperationException>(() => classifier.Save(folder["other"])).Message.ShouldContain("Insert(\"layer2\", \"splat\")");
    }

    private static (Module, Func<Tensor, Pass, Tensor>)[] Networks(string attention)
    {
        ResNet residual = new(Residual with { Attention = attention });
        MobileNetV3 mobile = new(MobileNetV3Config.Named("mobilenetv3-small") with { ClassCount = 3, Attention = attention });
        UNet unet = new(new UNetConfig { ClassCount = 3, Widths = [8, 12], Attention = attention });
        Fcos detector = new(new FcosConfig { ClassCount = 3, Width = 8, HeadDepth = 1, LevelCount = 2, Backbone = Residual with { Attention = attention } });
        return
        [
            (residual, (x, pass) => residual.Forward(x, pass)), (mobile, (x, pass) => mobile.Forward(x, pass)), (unet, (x, pass) => unet.Forward(x, pass)),
            (detector, (x, pass) => Tensor.Concatenate([.. detector.Forward(x, pass).SelectMany(level => new[] { level.Classes, level.Distances, level.Centreness }).Select(part => part.Reshape(new Shape(1, part.Length)))])),
        ];
    }

    private static void Train(Module network, Func<Tensor, Pass, Tensor> forward) => Step.Train(new RandomStream(1, "step"), 0, pass => forward(Pictures(pass), pass).Tanh().Sum());

    private static Tensor Pictures(Pass pass) => pass.Input(FormulaWeights.Create(2 * 32 * 32 * 3, 1, 1), new Shape(2, 32, 32, 3));
}
