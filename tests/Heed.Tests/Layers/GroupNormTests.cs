using Heed.Testing;

namespace Heed.Tests.Layers;

/// <summary>Group normalisation as a layer: against torch, against the formula in double precision, and what it refuses.</summary>
public sealed class GroupNormTests
{
    [Fact]
    public void It_agrees_with_torch_forward_and_gradients()
    {
        Parity parity = new(Golden.Load("group_norm"));
        GroupNorm norm = new(groups: 3, channels: 6, epsilon: 1e-3);
        parity.Adopt(norm);
        parity.Run(pass => [("output", norm.Forward(parity.Use("x", pass), pass))]);
    }

    // A group for each channel is instance normalisation, one group takes all channels; what follows is in the same sweep unless a hook wants to see the layer alone.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void Each_picture_is_normalised_over_its_places_and_the_channels_of_a_group(int groups)
    {
        const int Batch = 2, Places = 5, Channels = 6, Width = 5 * 6;
        GroupNorm norm = new(groups, Channels);
        norm.Initialize(1);
        float[] x = FormulaWeights.Create(Batch * Width, 1, 3), addend = FormulaWeights.Create(Batch * Width, 2, 1), weight = FormulaWeights.Create(Channels, 3, 1), bias = FormulaWeights.Create(Channels, 4, 1);
        float[] Run(bool isFused) => Step.Evaluate(pass => norm.Forward(
            pass.Input(x, new Shape(Batch, Places, Channels)), pass, isFused ? pass.Input(addend, new Shape(Batch, Places, Channels)) : null, rectifies: isFused)).ToArray();

        double[] expected = Expected();
        Run(isFused: false).ShouldBe(expected.Select((_, i) => (float)Normalised(i)), 2e-5, "the layer starts with γ = 1 and β = 0");
        norm.NamedParameters().Single(p => p.Name == "weight").Parameter.Assign(weight);
        norm.NamedParameters().Single(p => p.Name == "bias").Parameter.Assign(bias);
        Run(isFused: false).ShouldBe(expected.Select(v => (float)v), 2e-5);
        float[] after = [.. expected.Select((v, i) => (float)Math.Max(0, v + addend[i]))];
        Run(isFused: true).ShouldBe(after, 2e-5);
        List<float> seen = [];
        norm.AddHook((Module _, Tensor output, in Pass _) =>
        {
            seen.AddRange(output.Values);
            return output;
        });
        Run(isFused: true).ShouldBe(after, 2e-5);
        seen.ShouldBe(expected.Select(v => (float)v), 2e-5);

        double[] Expected() => [.. x.Select((_, i) => (Normalised(i) * weight[i % Channels]) + bias[i % Channels])];

        double Normalised(int i)
        {
            int size = Channels / groups;
            double[] group = [.. x.Where((_, n) => n / Width == i / Width && n % Channels / size == i % Channels / size).Select(v => (double)v)];
            double mean = group.Average();
            return (x[i] - mean) / Math.Sqrt(group.Average(v => (v - mean) * (v - mean)) + 1e-5);
        }
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        foreach (int groups in new[] { 0, -2, 4, 12 })
            Should.Throw<ArgumentOutOfRangeException>(() => new GroupNorm(groups, 6)).Message.ShouldContain("6 channels must be a multiple of the groups");
        Should.Throw<ArgumentOutOfRangeException>(() => new GroupNorm(1, 0)).ParamName.ShouldBe("channels");
        Should.Throw<ArgumentOutOfRangeException>(() => new GroupNorm(1, 6, 0)).ParamName.ShouldBe("epsilon");
        GroupNorm norm = new(2, 6, 0.25);
        (norm.Groups, norm.Epsilon).ShouldBe((2, 0.25));
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => norm.Forward(pass.Input(new float[8], new Shape(1, 2, 4)), pass)));
    }
}
