using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
[Collection(WorkerTests.Name)]
public sealed class ConvolutionTests
{
    public static IEnumerable<object[]> Shapes =>
    [
        [new ConvolutionShape(3, 7, 5, 2, 11, 3, 2)],
        [new ConvolutionShape(2, 7, 5, 13, 3, 1, 1)],
        [new ConvolutionShape(7, 5, 11, 3, 17, 5, 3) { PaddingHeight = 2, PaddingWidth = 1 }],
        [new ConvolutionShape(5, 11, 7, 3, 2, 3, 5) { Stride = 3, PaddingHeight = 1, PaddingWidth = 4 }],
        [new ConvolutionShape(1, 3, 13, 1, 7, 1, 5) { PaddingWidth = 2 }],
        [new ConvolutionShape(2, 1, 1, 3, 2, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(0, 7, 5, 2, 3, 3, 2)],
        [new ConvolutionShape(2, 9, 26, 4, 5, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 5, 8, 16, 16, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(1, 6, 25, 7, 33, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 9, 9, 3, 5, 3, 3) { Stride = 2, PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 8, 8, 3, 5, 1, 1) { Stride = 2 }],
        [new ConvolutionShape(1, 17, 16, 3, 4, 7, 7) { Stride = 2, PaddingHeight = 3, PaddingWidth = 3 }],
        [new ConvolutionShape(2, 9, 11, 3, 4, 3, 3) { Dilation = 2, PaddingHeight = 2, PaddingWidth = 2 }],
        [new ConvolutionShape(1, 9, 11, 4, 6, 3, 2) { Dilation = 3, Stride = 2, Groups = 2, PaddingHeight = 1 }],
        [new ConvolutionShape(2, 9, 11, 3, 5, 3, 3) { StrideHeight = 2, PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 9, 12, 16, 16, 3, 3) { StrideWidth = 2, PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(1, 8, 12, 5, 9, 2, 1) { StrideHeight = 1, StrideWidth = 3 }],
        [new ConvolutionShape(2, 13, 10, 4, 6, 3, 4) { StrideHeight = 3, StrideWidth = 2, Dilation = 2, Groups = 2, PaddingHeight = 3, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 8, 6, 3, 4, 1, 1) { StrideHeight = 2, StrideWidth = 3 }],
        [new ConvolutionShape(2, 9, 10, 19, 19, 5, 3) { Groups = 19, StrideHeight = 2, PaddingHeight = 2, PaddingWidth = 1 }],
        [new ConvolutionShape(1, 7, 23, 5, 5, 3, 5) { Groups = 5, StrideHeight = 3, StrideWidth = 2, Dilation = 2, PaddingHeight = 1, PaddingWidth = 4 }],
        [new ConvolutionShape(2, 6, 7, 12, 18, 3, 3) { Groups = 3, PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 7, 6, 19, 19, 3, 3) { Groups = 19, PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 9, 10, 5, 5, 5, 5) { Groups = 5, Stride = 2, PaddingHeight = 2, PaddingWidth = 2 }],
        [new ConvolutionShape(3, 7, 9, 2, 1, 7, 7) { PaddingHeight = 3, PaddingWidth = 3 }],
        [new ConvolutionShape(2, 40, 19, 2, 1, 5, 3) { PaddingHeight = 4, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 6, 5, 4, 2, 3, 2)],
        [new ConvolutionShape(1, 3, 34, 1, 1, 1, 5) { PaddingWidth = 4 }],
        [new ConvolutionShape(10, 5, 16, 3, 2, 2, 3) { PaddingHeight = 1, PaddingWidth = 2 }],
    ];

    public static IEnumerable<object[]> Measured =>
    [
        [new ConvolutionShape(8, 32, 32, 16, 16, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(32, 8, 8, 32, 32, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 24, 24, 32, 48, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(8, 16, 16, 16, 32, 3, 3) { Stride = 2, PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(1, 40, 40, 3, 19, 7, 7) { Stride = 2, PaddingHeight = 3, PaddingWidth = 3 }],
        [new ConvolutionShape(3, 9, 9, 24, 24, 3, 3) { Groups = 24, PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(3, 9, 9, 2, 1, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
    ];

    [Theory]
    [MemberData(nameof(Measured))]
    public void Statistics_taken_on_the_way_have_the_bits_of_those_of_the_result(ConvolutionShape shape)
    {
        System.Random random = new(1);
        float[] Draw(int length) => [.. Enumerable.Range(0, length).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        int filters = shape.Filters, picture = shape.OutputHeight * shape.OutputWidth, rows = shape.Batch * picture;
        float[] x = Draw(shape.Batch * shape.Height * shape.Width * shape.Channels), w = Draw(filters * shape.Depth), bias = Draw(filters), y = new float[rows * filters], expectedMean = new float[filters], expectedVariance = new float[filters];
        ConvolutionKernel.Forward(x, w, bias, shape, y);
        BatchNormKernel.Statistics(y, expectedMean, expectedVariance, picture);
        foreach (int degree in (int[])[1, 2, 3, 8])
        {
            using WorkerDegree workers = new(degree);
            float[] measured = new float[y.Length], moments = new float[BatchNormKernel.MomentsLength(rows, picture, filters)], mean = new float[filters], variance = new float[filters];
            ConvolutionKernel.Forward(x, w, bias, shape, measured, moments);
            measured.ShouldBe(y);
            BatchNormKernel.Statistics(moments, rows, picture, mean, variance);
            mean.ShouldBe(expectedMean);
            variance.ShouldBe(expectedVariance);
        }
        Should.Throw<ArgumentException>(() => ConvolutionKernel.Forward(x, w, bias, shape, y, new float[1])).Message.ShouldContain("moments has 1 values");
        Should.Throw<ArgumentException>(() => BatchNormKernel.Statistics(y, expectedMean, expectedVariance, picture: rows + 1)).Message.ShouldContain("whole pictures");
    }

    [Fact]
    public void Large_photos_are_convolved_as_long_as_pictures_and_results_fit_arrays()
    {
        // No matrix of windows is ever made, so its size is no bound.
        new ConvolutionShape(1, 3000, 4000, 32, 16, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }.Validate("Test");
        Should.Throw<ArgumentException>(() => new ConvolutionShape(1, 30000, 40000, 3, 16, 1, 1).Validate("Test")).Message.ShouldContain("use smaller batches or pictures");
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Agrees_with_the_reference(ConvolutionShape shape)
    {
        float[] x = Rows.Numbers((int)shape.InputLength, 1), w = Rows.Numbers(shape.Filters * shape.Depth, 2), bias = Rows.Numbers(shape.Filters, 3), dy = Rows.Numbers((int)shape.OutputLength, 4);
        double[] wx = Rows.Wide(x), ww = Rows.Wide(w), wb = Rows.Wide(bias), wdy = Rows.Wide(dy), expected = new double[dy.Length];
        Guarded y = new(dy.Length), dx = new(Rows.Numbers(x.Length, 5)), dw = new(Rows.Numbers(w.Length, 6)), db = new(Rows.Numbers(bias.Length, 7));
        ConvolutionKernel.Forward(x, w, bias, shape, y.Span);
        ReferenceConvolution.Forward(wx, ww, wb, shape, expected);
        y.Checked().ShouldBeNear(expected, 2e-6, 3);
        ConvolutionKernel.Backward(dy, x, w, shape, dx.Span, dw.Span, db.Span);
        (double[] ex, double[] ew, double[] eb) = Gradients(wdy, wx, ww, shape);
        // Gradients are added to what was there.
        dx.Checked().ShouldBeNear([.. ex.Zip(Rows.Numbers(x.Length, 5), (slope, before) => slope + before)], 1e-5, 5);
        dw.Checked().ShouldBeNear([.. ew.Zip(Rows.Numbers(w.Length, 6), (slope, before) => slope + before)], 1e-5, 5);
        db.Checked().ShouldBeNear([.. eb.Zip(Rows.Numbers(bias.Length, 7), (slope, before) => slope + before)], 1e-5, 5);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    [Trait("Weight", "heavy")]
    public void The_gradients_of_the_reference_are_its_slopes(ConvolutionShape shape)
    {
        // The formula is the same for any number of pictures, groups, channels and filters, and differences of many take long.
        int groups = Math.Min(shape.Groups, 3);
        shape = shape with { Batch = Math.Min(shape.Batch, 2), Groups = groups, Channels = groups * Math.Min(shape.Channels / shape.Groups, 2), Filters = groups * Math.Min(shape.Filters / shape.Groups, 2) };
        double[] x = Rows.Wide(Rows.Numbers((int)shape.InputLength, 1)), w = Rows.Wide(Rows.Numbers(shape.Filters * shape.Depth, 2)), bias = Rows.Wide(Rows.Numbers(shape.Filters, 3)), dy = Rows.Wide(Rows.Numbers((int)shape.OutputLength, 4));
        (double[] dx, double[] dw, double[] db) = Gradients(dy, x, w, shape);
        Near(dx, Rows.Differences(x, v => Loss(v, w, bias), 1e-3));
        Near(dw, Rows.Differences(w, v => Loss(x, v, bias), 1e-3));
        Near(db, Rows.Differences(bias, v => Loss(x, w, v), 1e-3));

        double Loss(double[] x, double[] w, double[] bias)
        {
            double[] result = new double[dy.Length];
            ReferenceConvolution.Forward(x, w, bias, shape, result);
            return result.Zip(dy, (a, b) => a * b).Sum();
        }

        static void Near(double[] got, double[] expected) => Enumerable.Range(0, got.Length).ShouldAllBe(i => Math.Abs(got[i] - expected[i]) <= 1e-9 * (1 + Math.Abs(expected[i])));
    }

    // Of the inputs, the weights and the bias.
    private static (double[] X, double[] Weight, double[] Bias) Gradients(double[] dy, double[] x, double[] w, in ConvolutionShape shape)
    {
        double[] dx = new double[x.Length], dw = new double[w.Length], db = new double[shape.Filters];
        ReferenceConvolution.Transposed(dy, w, [], shape, dx);
        ReferenceConvolution.WeightGradient(dy, x, shape, dw);
        for (int i = 0; i < dy.Length; i++)
            db[i % shape.Filters] += dy[i];
        return (dx, dw, db);
    }

    [Fact]
    public void By_hand()
    {
        // A 2 × 2 filter (1, 2; 3, 4) with bias 10 over 1 … 9: 1 + 4 + 12 + 20 + 10 = 47, and so on.
        float[] y = new float[4];
        ConvolutionKernel.Forward([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4], [10], new ConvolutionShape(1, 3, 3, 1, 1, 2, 2), y);
        y.ShouldBe([47, 57, 77, 87]);
        // Two channels, weights in PyTorch's order (filter, channel, row, column): the second channel counts tenfold.
        ConvolutionKernel.Forward([1, 5, 2, 6], [1, 2, 10, 20], [], new ConvolutionShape(1, 1, 2, 2, 1, 1, 2), y.AsSpan(0, 1));
        y[0].ShouldBe(1 + (2 * 2) + 50 + (20 * 6));
    }

    [Theory]
    [InlineData(9, 8, 5, 19)]
    [InlineData(9, 8, 16, 48)]
    [InlineData(32, 33, 32, 16)]
    [InlineData(40, 33, 2, 1)]
    public void A_picture_has_the_same_bits_alone_and_all_have_at_any_number_of_threads(int height, int width, int channels, int filters)
    {
        ConvolutionShape shape = new(9, height, width, channels, filters, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 };
        float[] x = Rows.Numbers((int)shape.InputLength, 1), w = Rows.Numbers(shape.Filters * shape.Depth, 2), dy = Rows.Numbers((int)shape.OutputLength, 3);
        float[] all = new float[dy.Length], one = new float[dy.Length / 9];
        ConvolutionKernel.Forward(x, w, [], shape, all);
        ConvolutionKernel.Forward(x.AsSpan(4 * x.Length / 9, x.Length / 9), w, [], shape with { Batch = 1 }, one);
        one.ShouldHaveBitsOf(all[(4 * one.Length)..(5 * one.Length)]);
        Rows.SameAtEveryDegree(() =>
        {
            float[] y = new float[dy.Length], dx = new float[x.Length], dw = new float[w.Length], db = new float[shape.Filters];
            ConvolutionKernel.Forward(x, w, [], shape, y);
            ConvolutionKernel.Backward(dy, x, w, shape, dx, dw, db);
            return [.. y, .. dx, .. dw, .. db];
        });
    }

    [Fact]
    public void Strides_of_their_own_leave_rows_and_columns_out()
    {
        ConvolutionShape dense = new(2, 10, 21, 16, 24, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }, sparse = dense with { StrideHeight = 3, StrideWidth = 2 };
        float[] x = Rows.Numbers((int)dense.InputLength, 1), w = Rows.Numbers(dense.Filters * dense.Depth, 2), all = new float[dense.OutputLength], some = new float[sparse.OutputLength];
        ConvolutionKernel.Forward(x, w, [], dense, all);
        ConvolutionKernel.Forward(x, w, [], sparse, some);
        (sparse.OutputHeight, sparse.OutputWidth).ShouldBe((4, 11));
        double[] expected = [.. Enumerable.Range(0, some.Length).Select(at => (double)all[(((((at / 24 / 44 * 10) + (at / 24 / 11 % 4 * 3)) * 21) + (at / 24 % 11 * 2)) * 24) + (at % 24)])];
        some.ShouldBeNear(expected, 1e-5, 1);
        Rows.SameAtEveryDegree(() =>
        {
            float[] dx = new float[x.Length], dw = new float[w.Length];
            ConvolutionKernel.Backward(some, x, w, sparse, dx, dw, []);
            return [.. dx, .. dw];
        });
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        float[] none = [];
        Refused(new ConvolutionShape(1, 4, 4, 1, 1, 2, 2) { StrideWidth = 0 }, "at least 1");
        Refused(new ConvolutionShape(1, 4, 4, 1, 1, 2, 2) { Stride = 0 }, "at least 1");
        Refused(new ConvolutionShape(1, 4, 4, 1, 1, 2, 2) { Groups = 0 }, "at least 1");
        Refused(new ConvolutionShape(1, 2, 2, 1, 1, 3, 1), "larger than the padded picture");
        Refused(new ConvolutionShape(1, 4, 4, 1, 1, 2, 2) { PaddingWidth = 2 }, "padding must be below the kernel's size");
        Refused(new ConvolutionShape(1, 4, 4, 0, 1, 2, 2), "at least 1");
        Refused(new ConvolutionShape(1, 4, 4, 1, 1, 2, 2), "x has 0 values, 16 are required");
        void Refused(ConvolutionShape shape, string message) => Should.Throw<ArgumentException>(() => ConvolutionKernel.Forward(none, none, none, shape, none)).Message.ShouldContain(message);
    }

    [Fact]
    public void Maxima_agree_with_the_reference_and_the_first_of_equals_counts()
    {
        foreach (int channels in Rows.Lengths.Where(n => n is > 0 and < 40))
        {
            // Small whole numbers: many are equal.
            float[] x = [.. Rows.Numbers(2 * 5 * 4 * channels, channels, 0, 4).Select(MathF.Floor)];
            double[] expected = new double[2 * 2 * 3 * channels];
            Guarded y = new(expected.Length);
            int[] positions = new int[expected.Length];
            MaxPoolingKernel.Forward(x, 5, 4, channels, 2, 1, new float[2 * 4 * 3 * channels], new int[2 * 4 * 3 * channels]);
            ReferenceConvolution.MaxPool(Rows.Wide(x), new PoolingShape(2, 5, 4, channels, (3, 3), (1, 1)), expected = new double[2 * 3 * 2 * channels]);
            MaxPoolingKernel.Forward(x, 5, 4, channels, 3, 1, y.Span, positions);
            y.Checked().ShouldBeNear(expected, 0, 0);
            for (int i = 0; i < positions.Length; i++)
            {
                int b = i / channels / 6, first = i / channels % 6 / 2 * 4 + (i / channels % 2);
                int[] window = [.. Enumerable.Range(0, 9).Select(k => first + (k / 3 * 4) + (k % 3))];
                positions[i].ShouldBe(window.First(at => x[(((b * 20) + at) * channels) + (i % channels)] == y.Span[i]));
            }
        }
    }

    public static IEnumerable<object[]> Windows =>
    [
        [new PoolingShape(2, 7, 5, 3, (3, 2))],
        [new PoolingShape(1, 7, 9, 17, (1, 4), (2, 1), (0, 2))],
        [new PoolingShape(3, 4, 5, 35, (3, 3), (2, 1), (1, 1))],
        [new PoolingShape(0, 4, 5, 3, (2, 2))],
        [PoolingShape.Adaptive(2, 7, 5, 19, (3, 4))],
        [PoolingShape.Adaptive(2, 3, 2, 5, (7, 5))],
        [PoolingShape.Adaptive(2, 6, 5, 16, (1, 1))],
    ];

    [Theory]
    [MemberData(nameof(Windows))]
    public void Maxima_of_any_window_agree_with_the_reference_and_gradients_go_to_the_first_of_equals(PoolingShape shape)
    {
        // Small whole numbers: many are equal.
        float[] x = [.. Rows.Numbers((int)shape.InputLength, 1, 0, 4).Select(MathF.Floor)], dy = Rows.Numbers((int)shape.OutputLength, 2);
        double[] expected = new double[dy.Length], gradient = new double[x.Length];
        Guarded y = new(dy.Length);
        int[] positions = new int[dy.Length];
        MaxPoolingKernel.Forward(x, shape, y.Span, positions);
        ReferenceConvolution.MaxPool(Rows.Wide(x), shape, expected);
        y.Checked().ShouldBeNear(expected, 0, 0);
        int pixels = shape.Batch == 0 ? 1 : x.Length / shape.Batch / shape.Channels, each = shape.Batch == 0 ? 1 : dy.Length / shape.Batch;
        for (int i = 0; i < dy.Length; i++)
        {
            int start = (i / each * pixels * shape.Channels) + (i % shape.Channels);
            x[start + (positions[i] * shape.Channels)].ShouldBe(y.Span[i]);
            gradient[start + (positions[i] * shape.Channels)] += dy[i];
            // No pixel of the window that comes before, row by row, is as large.
            (int top, int bottom) = shape.Rows.Seen(i / shape.Channels / shape.OutputWidth % shape.OutputHeight);
            (int left, int right) = shape.Columns.Seen(i / shape.Channels % shape.OutputWidth);
            int width = pixels / shape.Rows.Size;
            positions[i].ShouldBe(Enumerable.Range(top, bottom - top).SelectMany(row => Enumerable.Range(left, right - left).Select(column => (row * width) + column)).First(at => x[start + (at * shape.Channels)] == expected[i]));
        }
        Guarded dx = new(new float[x.Length]);
        MaxPoolingKernel.Backward(dy, positions, shape.Batch, pixels, shape.Channels, dx.Span);
        dx.Checked().ShouldBeNear(gradient, 1e-6, 1);
    }

    [Fact]
    public void A_nan_is_above_all_in_any_window_and_the_first_of_them_counts()
    {
        foreach (int channels in new[] { 1, 7, 16, 37 })
        {
            float[] x = Rows.Numbers(12 * channels, 3);
            x[(5 * channels) + channels - 1] = x[(6 * channels) + channels - 1] = float.NaN;
            float[] y = new float[channels];
            int[] positions = new int[channels];
            MaxPoolingKernel.Forward(x, PoolingShape.Adaptive(1, 3, 4, channels, (1, 1)), y, positions);
            (y[^1], positions[^1]).ShouldBe((float.NaN, 5));
            y[..^1].ShouldAllBe(value => float.IsFinite(value));
        }
        // Nothing is larger than −∞ here; the first place stands.
        float[] least = new float[1];
        int[] place = [7];
        MaxPoolingKernel.Forward([float.NegativeInfinity, float.NegativeInfinity], PoolingShape.Adaptive(1, 1, 2, 1, (1, 1)), least, place);
        (least[0], place[0]).ShouldBe((float.NegativeInfinity, 0));
    }

    [Fact]
    public void A_nan_is_above_all_and_a_rest_is_left_out()
    {
        float[] y = new float[1];
        int[] positions = new int[1];
        MaxPoolingKernel.Forward([1, 2, 9, 3, float.NaN, 9, 9, 9, 9], 3, 3, 1, 2, 2, y, positions);
        (y[0], positions[0]).ShouldBe((float.NaN, 4));
        MaxPoolingKernel.Forward([1, 2, 9, 3, -4, 9, 9, 9, 9], 3, 3, 1, 2, 2, y, positions);
        (y[0], positions[0]).ShouldBe((3, 3));
        float[] dx = new float[9];
        MaxPoolingKernel.Backward([2.5f], positions, 1, 9, 1, dx);
        dx.ShouldBe([0, 0, 0, 2.5f, 0, 0, 0, 0, 0]);
        Should.Throw<ArgumentException>(() => MaxPoolingKernel.Backward([1], [9], 1, 9, 1, dx)).Message.ShouldContain("position 9 is no pixel of 9");
        Should.Throw<ArgumentOutOfRangeException>(() => MaxPoolingKernel.Forward(dx, 3, 3, 1, 4, 1, y, positions));
    }

    [Theory]
    [InlineData(112, 16, 40, 3, 2)]
    [InlineData(30, 9, 67, 5, 1)]
    [InlineData(1, 5, 3, 3, 1)]
    [InlineData(300, 3, 17, 3, 1)]
    public void An_expansion_and_its_depthwise_convolution_have_the_bits_of_two_calls(int size, int inputs, int channels, int kernel, int stride)
    {
        ConvolutionShape first = new(2, size, size, inputs, channels, 1, 1);
        ConvolutionShape second = new(2, size, size, channels, channels, kernel, kernel) { Groups = channels, Stride = stride, PaddingHeight = kernel / 2, PaddingWidth = kernel / 2 };
        System.Random random = new(1);
        float[] Drawn(long length) => [.. Enumerable.Range(0, (int)length).Select(_ => (float)random.NextDouble() - 0.5f)];
        float[] x = Drawn(first.InputLength), bias = Drawn(channels), middle = new float[first.OutputLength], expected = new float[second.OutputLength], y = new float[expected.Length];
        PackedConvolution expansion = PackedConvolution.Pack(Drawn(channels * inputs), first), depthwise = PackedConvolution.Pack(Drawn(channels * kernel * kernel), second);
        ConvolutionKernel.Forward(x, expansion, bias, first, middle, default, Activation.HardSwish);
        ConvolutionKernel.Forward(middle, depthwise, bias, second, expected, default, Activation.Relu);
        ExpandedDepthwiseKernel.Forward(x, expansion, bias, Activation.HardSwish, depthwise, bias, second, y, Activation.Relu);
        y.ShouldBe(expected);
        Should.Throw<ArgumentException>(() => ExpandedDepthwiseKernel.Forward(x, depthwise, bias, Activation.None, depthwise, bias, second, y)).Message.ShouldContain("the expansion must be 1 × 1");
        Should.Throw<ArgumentException>(() => ExpandedDepthwiseKernel.Forward(x, expansion, bias, Activation.Tanh, depthwise, bias, second, y)).Message.ShouldContain("None, Relu or HardSwish; got Tanh");
        Should.Throw<ArgumentException>(() => ExpandedDepthwiseKernel.Forward(x.AsSpan(1), expansion, bias, Activation.None, depthwise, bias, second, y)).Message.ShouldContain("x has ");
    }
}
