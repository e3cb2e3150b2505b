using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests.Pictures;

/// <summary>What the check beside its reference does not say of squeeze and excitation in one call.</summary>
[Collection(WorkerTests.Name)]
public sealed class SqueezeExcitationTests
{
    [Theory]
    [InlineData(16, 900, true, ChannelSqueeze.Average)]
    [InlineData(16, 900, false, ChannelSqueeze.Average)]
    [InlineData(67, 49, true, ChannelSqueeze.Average)]
    [InlineData(67, 49, false, ChannelSqueeze.Max)]
    [InlineData(67, 49, true, ChannelSqueeze.Both)]
    public void Bits_do_not_depend_on_the_number_of_threads(int channels, int pixels, bool isNormed, ChannelSqueeze squeeze)
    {
        ExcitationShape shape = new(9, pixels, channels, 4, Rectifies: true) { Squeeze = squeeze };
        float[] expected = Everything(shape, isNormed, degree: 1);
        expected.ShouldAllBe(v => float.IsFinite(v));
        foreach (int degree in (int[])[2, 3, 8])
            Everything(shape, isNormed, degree).ShouldBe(expected);
    }

    [Fact]
    public void Without_statistics_a_picture_has_the_bits_that_it_has_alone()
    {
        ExcitationShape all = new(3, 90, 19, 4), one = all with { Batch = 1 };
        float[] x = Values((int)all.Length, 1), y = new float[x.Length], alone = new float[one.Length];
        Forward(x, all, y);
        Forward(x.AsSpan(2 * alone.Length), one, alone);
        alone.ShouldBe(y[(2 * alone.Length)..]);
    }

    [Fact]
    public void Statistics_are_those_of_batch_norm()
    {
        ExcitationShape shape = new(4, 64, 24, 3);
        float[] x = Values((int)shape.Length, 1), mean = new float[24], variance = new float[24], plainMean = new float[24], plainVariance = new float[24];
        float[] first = Values(72, 2), second = Values(72, 3), bias = Values(24, 4), gamma = Values(24, 5), each = new float[96];
        SqueezeExcitationKernel.Forward(
            x, shape, new() { First = first, FirstBias = first.AsSpan(0, 3), Second = second, SecondBias = bias }, new() { Gamma = gamma, Beta = bias, Mean = mean, Variance = variance, Epsilon = 1e-5f }, default,
            new float[x.Length], new() { Means = each, Squeezed = new float[96], Hidden = new float[12], Gates = new float[96] });
        BatchNormKernel.Statistics(x, plainMean, plainVariance);
        for (int c = 0; c < 24; c++)
        {
            mean[c].ShouldBe(plainMean[c], 1e-6f);
            variance[c].ShouldBe(plainVariance[c], 1e-6f);
            double sum = 0;
            for (int p = 0; p < 64; p++)
                sum += x[(64 * 24) + (p * 24) + c];
            each[24 + c].ShouldBe((float)(sum / 64), 1e-6f);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(11)]
    public void Maxima_are_the_first_of_equal_ones_and_NaN_is_above_all(int pixels)
    {
        const int Channels = 19;
        ExcitationShape shape = new(2, pixels, Channels, 1) { Squeeze = ChannelSqueeze.Max };
        System.Random random = new(pixels);
        // Few values, so that many are equal.
        float[] x = [.. Enumerable.Range(0, (int)shape.Length).Select(_ => (float)random.Next(3))], means = new float[2 * Channels];
        x[^1] = float.NaN;
        int[] places = new int[2 * Channels];
        float[] weights = new float[Channels];
        SqueezeExcitationKernel.Forward(
            x, shape, new() { First = weights, FirstBias = new float[1], Second = weights, SecondBias = weights }, default, default, new float[x.Length],
            new() { Means = means, Squeezed = new float[2 * Channels], Hidden = new float[2], Gates = new float[2 * Channels], Places = places });
        for (int i = 0; i < places.Length - 1; i++)
        {
            float[] all = [.. Enumerable.Range(0, pixels).Select(p => x[(((i / Channels * pixels) + p) * Channels) + (i % Channels)])];
            places[i].ShouldBe(Array.IndexOf(all, all.Max()));
            means[i].ShouldBe(all.Max());
        }
        (places[^1], float.IsNaN(means[^1])).ShouldBe((pixels - 1, true));
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        ExcitationShape shape = new(2, 3, 4, 2);
        Should.Throw<ArgumentException>(() => Forward(new float[23], shape, new float[23])).Message.ShouldBe("SqueezeExcitationKernel.Forward: x has 23 values, 24 are required. (Parameter 'x')");
        Should.Throw<ArgumentException>(() => Forward(new float[24], shape, new float[25])).Message.ShouldContain("y has 25 values");
        float[] x = new float[24];
        Should.Throw<ArgumentException>(() => Forward(x, shape, x)).Message.ShouldContain("overlaps x");
        Should.Throw<ArgumentOutOfRangeException>(() => Forward([], shape with { Batch = 0, Hidden = 0 }, [])).Message.ShouldContain("at least one channel and hidden unit");
        Forward([], shape with { Batch = 0 }, []);
        Should.Throw<ArgumentException>(() => SqueezeExcitationKernel.Forward(
            x, shape with { Squeeze = ChannelSqueeze.Both }, new() { First = new float[8], FirstBias = new float[2], Second = new float[8], SecondBias = new float[4] }, default, default, new float[24],
            new() { Means = new float[8], Squeezed = new float[8], Hidden = new float[4], Gates = new float[8] })).Message.ShouldContain("Places has 0 values, 8 are required");
    }

    private static void Forward(ReadOnlySpan<float> x, ExcitationShape shape, Span<float> y)
    {
        int weights = shape.Hidden * shape.Channels, each = shape.Batch * shape.Channels;
        SqueezeExcitationKernel.Forward(
            x, shape, new() { First = Values(weights, 2), FirstBias = Values(shape.Hidden, 3), Second = Values(weights, 4), SecondBias = Values(shape.Channels, 5) }, default, default, y,
            new() { Means = new float[each], Squeezed = new float[each], Hidden = new float[shape.Batch * shape.Hidden], Gates = new float[each], Places = new int[each] });
    }

    // All results and gradients in a row.
    private static float[] Everything(ExcitationShape shape, bool isNormed, int degree)
    {
        using WorkerDegree workers = new(degree);
        int channels = shape.Channels, each = shape.Batch * channels, wide = shape.Hidden * channels;
        float[] x = Values((int)shape.Length, 1), a = Values(x.Length, 6), dy = Values(x.Length, 7), gamma = isNormed ? Values(channels, 8) : [], beta = isNormed ? Values(channels, 9) : [];
        float[] first = Values(wide, 2), firstBias = Values(shape.Hidden, 3), second = Values(wide, 4), secondBias = Values(channels, 5);
        float[] mean = new float[gamma.Length], variance = new float[gamma.Length], y = new float[x.Length], means = new float[each], squeezed = new float[each], hidden = new float[shape.Batch * shape.Hidden], gates = new float[each];
        float[] dx = new float[x.Length], da = new float[x.Length], dfirst = new float[wide], dfirstBias = new float[firstBias.Length], dsecond = new float[wide], dsecondBias = new float[channels], dgamma = new float[gamma.Length], dbeta = new float[beta.Length];
        ExcitationWeights weights = new() { First = first, FirstBias = firstBias, Second = second, SecondBias = secondBias };
        ExcitationNorm norm = new() { Gamma = gamma, Beta = beta, Mean = mean, Variance = variance, Epsilon = 1e-5f };
        ExcitationState state = new() { Means = means, Squeezed = squeezed, Hidden = hidden, Gates = gates, Places = new int[each] };
        SqueezeExcitationKernel.Forward(x, shape, weights, norm, a, y, state);
        SqueezeExcitationKernel.Backward(dy, x, y, shape, weights, norm, state, new()
        {
            Input = dx, Addend = da, OverwritesInput = true, First = dfirst, FirstBias = dfirstBias, Second = dsecond, SecondBias = dsecondBias, Gamma = dgamma, Beta = dbeta,
        });
        return [.. y, .. gates, .. mean, .. variance, .. dx, .. da, .. dfirst, .. dfirstBias, .. dsecond, .. dsecondBias, .. dgamma, .. dbeta];
    }

    private static float[] Values(int length, int seed)
    {
        System.Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)((2 * random.NextDouble()) - 1))];
    }
}
