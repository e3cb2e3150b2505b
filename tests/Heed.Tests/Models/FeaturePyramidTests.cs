namespace Heed.Tests.Models;

/// <summary>The pyramid of features: its values by hand, and its sizes.</summary>
public sealed class FeaturePyramidTests
{
    private const float First = 0.5f, Second = 5, Third = 7;

    // A level's result is First, Second or Third times the sum there, plus 1: what goes down is the sum, not the result.
    [Fact]
    public void Each_level_adds_the_sum_above_brought_to_its_size()
    {
        FeaturePyramid pyramid = new([2, 1, 1], width: 1);
        pyramid.Initialize(1);
        foreach ((string name, Parameter parameter) in pyramid.NamedParameters())
        {
            parameter.Assign(name switch
            {
                "inner1.weight" => [1, 10],
                "inner1.bias" => [0.25f],
                "inner2.weight" => [2],
                "inner3.weight" => [3],
                "layer1.weight" => Middle(First),
                "layer2.weight" => Middle(Second),
                "layer3.weight" => Middle(Third),
                "layer1.bias" or "layer2.bias" or "layer3.bias" => [1],
                _ => [0],
            });
        }
        float[] fine = [.. Enumerable.Range(0, 15).SelectMany(i => new[] { i, i % 4 / 10f })], middle = [1, -2, 3, 4, 5, -6], coarse = [10, 20];
        float[][] results = Run(pyramid, (3, 5, 2, fine), (2, 3, 1, middle), (1, 2, 1, coarse));

        // (30, 60) becomes rows of 30, 45, 60; pixels' middles lie on each other, so three columns lie at −1/6 (the edge), 1/2 and 7/6 (the edge) of two.
        float[] above = [30, 60], here = [(2 * 1) + 30, (2 * -2) + 45, (2 * 3) + 60, (2 * 4) + 30, (2 * 5) + 45, (2 * -6) + 60];
        results[2].ShouldBe(above.Select(v => (Third * v) + 1), 1e-4);
        results[1].ShouldBe(here.Select(v => (Second * v) + 1), 1e-3);
        // Five columns lie at the first, at 0.4, 1, 1.6 and the last of three; three rows at the first, between both, and the last.
        float[] expected = new float[15];
        for (int i = 0; i < 3; i++)
        {
            float[] row = [.. Enumerable.Range(0, 3).Select(j => i == 0 ? here[j] : i == 2 ? here[3 + j] : (here[j] + here[3 + j]) / 2)];
            float[] wide = [row[0], (0.6f * row[0]) + (0.4f * row[1]), row[1], (0.4f * row[1]) + (0.6f * row[2]), row[2]];
            for (int j = 0; j < 5; j++)
            {
                int place = (5 * i) + j;
                expected[place] = (First * (fine[2 * place] + (10 * fine[(2 * place) + 1]) + 0.25f + wide[j])) + 1;
            }
        }
        results[0].ShouldBe(expected, 1e-4);
    }

    [Theory]
    [InlineData(17, 23)]
    [InlineData(33, 7)]
    [InlineData(1, 5)]
    public void Levels_of_odd_pictures_keep_their_sizes(int height, int width)
    {
        PictureNetwork backbone = new ResNetConfig { Depths = [1, 1, 1], Widths = [3, 4, 5] }.Create();
        FeaturePyramid pyramid = new([3, 4, 5], width: 6);
        backbone.Initialize(1);
        pyramid.Initialize(2);
        Step.Evaluate(pass =>
        {
            IReadOnlyList<Tensor> levels = pyramid.Forward(backbone.Levels(pass.Input(new float[2 * height * width * 3], new Shape(2, height, width, 3)), pass), pass);
            levels.Select(level => level.Shape).ShouldBe(new[] { 1, 2, 4 }.Select(stride => new Shape(2, (height + stride - 1) / stride, (width + stride - 1) / stride, 6)));
            return levels[0];
        });
    }

    [Fact]
    public void More_or_fewer_levels_are_refused()
    {
        Should.Throw<ArgumentException>(() => Run(new FeaturePyramid([1, 1], 1), (1, 1, 1, [1]))).Message.ShouldContain("1 levels came, 2 are required");
        Should.Throw<ArgumentOutOfRangeException>(() => new FeaturePyramid([], 1));
    }

    // A 3 × 3 convolution that takes the pixel in the middle, so many times.
    private static float[] Middle(float value) => [0, 0, 0, 0, value, 0, 0, 0, 0];

    private static float[][] Run(FeaturePyramid pyramid, params (int Height, int Width, int Channels, float[] Values)[] levels)
    {
        float[][] results = [];
        Step.Evaluate(pass =>
        {
            IReadOnlyList<Tensor> made = pyramid.Forward([.. levels.Select(level => pass.Input(level.Values, new Shape(1, level.Height, level.Width, level.Channels)))], pass);
            made.Select(level => level.Shape).ShouldBe(levels.Select(level => new Shape(1, level.Height, level.Width, 1)));
            results = [.. made.Select(level => level.Values.ToArray())];
            return made[0];
        });
        return results;
    }
}
