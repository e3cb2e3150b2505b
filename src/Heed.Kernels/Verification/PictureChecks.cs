namespace Heed.Kernels;

/// <summary>Kernels over pictures with channels last: convolution, pooling, sampling, glimpses.</summary>
internal static class PictureChecks
{
    private const double Limit = 2e-6;

    public static void Convolution(KernelChecker check)
    {
        (string Name, ConvolutionShape Shape)[] shapes =
        [
            ("", new(3, 7, 6, 5, 4, 3, 2)),
            ("strided ", new(5, 8, 9, 1, 3, 5, 3) { Stride = 2, PaddingHeight = 2, PaddingWidth = 1 }),
            ("depthwise ", new(2, 4, 11, 19, 19, 3, 3) { Groups = 19, PaddingHeight = 1, PaddingWidth = 1 }),
            ("depthwise, strided ", new(2, 3, 23, 17, 17, 5, 5) { Groups = 17, Stride = 2, PaddingHeight = 2, PaddingWidth = 2 }),
            ("depthwise, dilated ", new(2, 7, 6, 5, 5, 2, 4) { Groups = 5, Dilation = 2, PaddingHeight = 1, PaddingWidth = 3 }),
            ("other strides down and across ", new(2, 9, 8, 3, 4, 3, 3) { StrideHeight = 1, StrideWidth = 3, PaddingHeight = 1, PaddingWidth = 2 }),
            ("depthwise, other strides down and across ", new(2, 9, 11, 17, 17, 3, 3) { Groups = 17, StrideHeight = 3, StrideWidth = 2, PaddingHeight = 1, PaddingWidth = 1 }),
            ("dilated, in groups ", new(2, 9, 8, 6, 4, 3, 3) { Dilation = 2, Groups = 2, PaddingHeight = 2, PaddingWidth = 2 }),
            ("of few planes ", new(2, 9, 35, 2, 1, 7, 7) { PaddingHeight = 3, PaddingWidth = 3 }),
        ];
        foreach ((string name, ConvolutionShape shape) in shapes)
            Convolution(check, name, shape, Limit);
    }

    // Tiles of 2 × 2 pixels, by Winograd's transformation.
    public static void TiledConvolution(KernelChecker check)
    {
        ConvolutionShape[] shapes = [new(3, 7, 10, 16, 48, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }, new(2, 9, 6, 32, 16, 3, 3) { PaddingHeight = 2 }];
        foreach (ConvolutionShape shape in shapes)
            Convolution(check, "", shape, 2 * Limit);
    }

    private static void Convolution(KernelChecker check, string name, in ConvolutionShape shape, double limit)
    {
        float[] x = check.Draw((int)shape.InputLength), w = check.Draw(shape.Filters * shape.Depth), bias = check.Draw(shape.Filters);
        float[] y = new float[shape.OutputLength], dy = check.Draw(y.Length), dx = new float[x.Length], dw = new float[w.Length], dbias = new float[bias.Length];
        double[] wideX = KernelChecker.Widen(x), wideW = KernelChecker.Widen(w), wideDy = KernelChecker.Widen(dy);
        double[] expected = new double[y.Length], expectedX = new double[x.Length], expectedW = new double[w.Length], expectedBias = new double[bias.Length];
        ConvolutionKernel.Forward(x, w, bias, shape, y);
        ConvolutionKernel.Backward(dy, x, w, shape, dx, dw, dbias);
        ReferenceConvolution.Forward(wideX, wideW, KernelChecker.Widen(bias), shape, expected);
        ReferenceConvolution.Transposed(wideDy, wideW, default, shape, expectedX);
        ReferenceConvolution.WeightGradient(wideDy, wideX, shape, expectedW);
        for (int i = 0; i < dy.Length; i++)
            expectedBias[i % bias.Length] += wideDy[i];
        check.Compare(name + "y", y, expected, limit);
        check.Compare(name + "dx", dx, expectedX, 4 * Limit);
        check.Compare(name + "dw", dw, expectedW, 4 * Limit);
        check.Compare(name + "dbias", dbias, expectedBias, 4 * Limit);
    }

    public static void PackedConvolution(KernelChecker check)
    {
        ConvolutionShape[] shapes =
        [
            new(3, 7, 6, 5, 37, 3, 2) { PaddingHeight = 1 },
            new(2, 9, 8, 6, 4, 3, 3) { Groups = 2, StrideHeight = 2, PaddingHeight = 1, PaddingWidth = 1 },
            new(2, 5, 13, 19, 19, 3, 3) { Groups = 19, PaddingHeight = 1, PaddingWidth = 1 },
            new(1, 4, 7, 70, 41, 1, 1),
            new(2, 7, 9, 32, 48, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 },
            new(2, 9, 35, 2, 1, 7, 7) { PaddingHeight = 3, PaddingWidth = 3 },
        ];
        foreach (ConvolutionShape shape in shapes)
        {
            float[] x = check.Draw((int)shape.InputLength), w = check.Draw(shape.Filters * shape.Depth), bias = check.Draw(shape.Filters), y = new float[shape.OutputLength], z = check.Draw(y.Length);
            PackedConvolution packed = Kernels.PackedConvolution.Pack(w, shape);
            double[] sums = new double[y.Length], after = new double[y.Length];
            ReferenceConvolution.Forward(KernelChecker.Widen(x), KernelChecker.Widen(w), KernelChecker.Widen(bias), shape, sums);
            ConvolutionKernel.Forward(x, packed, bias, shape, y);
            check.Compare("y", y, sums, 2 * Limit);
            ConvolutionKernel.Forward(x, packed, bias, shape, y, z, Activation.Relu);
            for (int i = 0; i < after.Length; i++)
                after[i] = Math.Max(0, sums[i] + z[i]);
            check.Compare("relu(y + z)", y, after, 2 * Limit);
            ConvolutionKernel.Forward(x, packed, bias, shape, y, default, Activation.HardSwish);
            ReferenceElementwise.HardSwish(sums, after);
            check.Compare("hswish(y)", y, after, 4 * Limit);
        }
    }

    public static void GroupNorm(KernelChecker check)
    {
        const int Batch = 2, Pixels = 7, Channels = 18, Groups = 3;
        const float Epsilon = 1e-5f;
        float[] x = check.Draw(Batch * Pixels * Channels), gamma = check.Draw(Channels, 0.5f, 1.5f), beta = check.Draw(Channels), z = check.Draw(x.Length), mean = new float[Batch * Groups], reciprocal = new float[Batch * Groups];
        float[] y = new float[x.Length], dy = check.Draw(y.Length), dx = new float[x.Length], dgamma = new float[Channels], dbeta = new float[Channels], dz = new float[z.Length];
        double[] wideX = KernelChecker.Widen(x), wideGamma = KernelChecker.Widen(gamma), wideBeta = KernelChecker.Widen(beta), wideZ = KernelChecker.Widen(z);
        GroupNormKernel.Forward(x, Batch, gamma, beta, Epsilon, z, rectifies: true, y, mean, reciprocal);
        GroupNormKernel.Backward(dy, x, y, Batch, mean, reciprocal, gamma, rectifies: true, dx, dgamma, dbeta, dz);
        double[] Reference(double[] x, double[] gamma, double[] beta, double[] z)
        {
            double[] result = new double[y.Length];
            ReferenceGroupNorm.Forward(x, Batch, Groups, gamma, beta, Epsilon, z, rectifies: true, result);
            return result;
        }
        check.Compare("y", y, Reference(wideX, wideGamma, wideBeta, wideZ), 2 * Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Reference(at, wideGamma, wideBeta, wideZ), 8 * Limit);
        check.CompareWithDifferences("dgamma", dgamma, gamma, dy, at => Reference(wideX, at, wideBeta, wideZ), 8 * Limit);
        check.CompareWithDifferences("dbeta", dbeta, beta, dy, at => Reference(wideX, wideGamma, at, wideZ), 8 * Limit);
        check.CompareWithDifferences("dz", dz, z, dy, at => Reference(wideX, wideGamma, wideBeta, at), 8 * Limit);
    }

    public static void AveragePooling(KernelChecker check)
    {
        (string Name, PoolingShape Shape)[] shapes =
        [
            ("padded ", new(2, 7, 5, 19, (3, 2), (2, 1), (1, 1))),
            ("of what is seen ", new(1, 4, 5, 67, (3, 3), (1, 1), (1, 1)) { CountsPadding = false }),
            ("adaptive ", PoolingShape.Adaptive(2, 7, 5, 19, (3, 4))),
            ("of all ", PoolingShape.Adaptive(3, 4, 5, 19, (1, 1))),
        ];
        foreach ((string name, PoolingShape shape) in shapes)
        {
            float[] x = check.Draw((int)shape.InputLength), y = new float[shape.OutputLength], dy = check.Draw(y.Length), dx = new float[x.Length];
            AveragePoolingKernel.Forward(x, shape, y);
            AveragePoolingKernel.Backward(dy, shape, dx);
            double[] Reference(double[] at)
            {
                double[] result = new double[y.Length];
                ReferenceConvolution.AveragePool(at, shape, result);
                return result;
            }
            check.Compare(name + "y", y, Reference(KernelChecker.Widen(x)), Limit);
            check.CompareWithDifferences(name + "dx", dx, x, dy, Reference, 4 * Limit);
        }
    }

    public static void BatchNorm(KernelChecker check)
    {
        const int Rows = 45, Channels = 19;
        const float Epsilon = 1e-5f;
        float[] x = check.Draw(Rows * Channels), gamma = check.Draw(Channels, 0.5f, 1.5f), beta = check.Draw(Channels), z = check.Draw(x.Length), mean = new float[Channels], variance = new float[Channels];
        float[] y = new float[x.Length], dy = check.Draw(y.Length), dx = new float[x.Length], dgamma = new float[Channels], dbeta = new float[Channels], dz = new float[z.Length];
        double[] wideX = KernelChecker.Widen(x), wideGamma = KernelChecker.Widen(gamma), wideBeta = KernelChecker.Widen(beta), wideZ = KernelChecker.Widen(z);
        BatchNormKernel.Statistics(x, mean, variance);
        BatchNormKernel.Forward(x, mean, variance, gamma, beta, Epsilon, z, rectifies: true, y);
        BatchNormKernel.Backward(dy, x, y, mean, variance, gamma, Epsilon, rectifies: true, isFixed: false, dx, dgamma, dbeta, dz);
        double[] Reference(double[] x, double[] gamma, double[] beta, double[] z)
        {
            double[] result = new double[y.Length], center = new double[Channels], spread = new double[Channels];
            ReferenceBatchNorm.Statistics(x, center, spread);
            ReferenceBatchNorm.Forward(x, center, spread, gamma, beta, Epsilon, z, rectifies: true, result);
            return result;
        }
        check.Compare("y", y, Reference(wideX, wideGamma, wideBeta, wideZ), 2 * Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Reference(at, wideGamma, wideBeta, wideZ), 8 * Limit);
        check.CompareWithDifferences("dgamma", dgamma, gamma, dy, at => Reference(wideX, at, wideBeta, wideZ), 8 * Limit);
        check.CompareWithDifferences("dbeta", dbeta, beta, dy, at => Reference(wideX, wideGamma, at, wideZ), 8 * Limit);
        check.CompareWithDifferences("dz", dz, z, dy, at => Reference(wideX, wideGamma, wideBeta, at), 8 * Limit);
    }

    public static void ChannelGate(KernelChecker check)
    {
        const int Batch = 3, Pixels = 7, Channels = 19;
        float[] x = check.Draw(Batch * Pixels * Channels), gate = check.Draw(Batch * Channels), z = check.Draw(x.Length), y = new float[x.Length];
        float[] dy = check.Draw(y.Length), dx = new float[x.Length], dgate = new float[gate.Length], dz = new float[z.Length];
        double[] wideX = KernelChecker.Widen(x), wideGate = KernelChecker.Widen(gate), wideZ = KernelChecker.Widen(z);
        ChannelGateKernel.Forward(x, gate, Channels, z, rectifies: true, y);
        ChannelGateKernel.Backward(dy, x, gate, Channels, y, dx, dgate, dz);
        double[] Reference(double[] x, double[] gate, double[] z)
        {
            double[] result = new double[y.Length];
            ReferenceChannelGate.Forward(x, gate, Channels, z, rectifies: true, result);
            return result;
        }
        check.Compare("y", y, Reference(wideX, wideGate, wideZ), Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Reference(at, wideGate, wideZ), 4 * Limit);
        check.CompareWithDifferences("dgate", dgate, gate, dy, at => Reference(wideX, at, wideZ), 4 * Limit);
        check.CompareWithDifferences("dz", dz, z, dy, at => Reference(wideX, wideGate, at), 4 * Limit);
    }

    public static void FeatureMaps(KernelChecker check)
    {
        const int Rows = 13;
        foreach (int features in (int[])[1, 7, 16, 37, 64])
        {
            float[] x = check.Draw(Rows * features), maps = new float[2 * Rows], dmaps = check.Draw(2 * Rows), dx = new float[x.Length];
            double[] expected = new double[2 * Rows], slopes = new double[x.Length];
            int[] largest = new int[Rows];
            FeatureMapsKernel.Forward(x, features, maps, largest);
            FeatureMapsKernel.Backward(dmaps, largest, features, dx);
            for (int i = 0; i < Rows; i++)
            {
                double[] row = KernelChecker.Widen(x.AsSpan(i * features, features));
                int at = Array.IndexOf(row, row.Max());
                (expected[2 * i], expected[(2 * i) + 1]) = (row.Average(), row[at]);
                for (int j = 0; j < features; j++)
                    slopes[(i * features) + j] = ((double)dmaps[2 * i] / features) + (j == at ? dmaps[(2 * i) + 1] : 0);
            }
            check.Compare(FormattableString.Invariant($"maps of {features}"), maps, expected, Limit);
            check.Compare(FormattableString.Invariant($"dx of {features}"), dx, slopes, Limit);
        }
    }

    public static void PlaceGate(KernelChecker check)
    {
        const int Places = 131, Channels = 19;
        float[] x = check.Draw(Places * Channels), gate = check.Draw(Places), z = check.Draw(x.Length), y = new float[x.Length];
        float[] dy = check.Draw(y.Length), dx = new float[x.Length], dgate = new float[gate.Length], dz = new float[z.Length];
        double[] wideX = KernelChecker.Widen(x), wideGate = KernelChecker.Widen(gate), wideZ = KernelChecker.Widen(z);
        PlaceGateKernel.Forward(x, gate, Channels, z, rectifies: true, y);
        PlaceGateKernel.Backward(dy, x, gate, Channels, y, dx, dgate, dz);
        double[] Reference(double[] x, double[] gate, double[] z)
        {
            double[] result = new double[y.Length];
            ReferenceChannelGate.ForwardPlaces(x, gate, Channels, z, rectifies: true, result);
            return result;
        }
        check.Compare("y", y, Reference(wideX, wideGate, wideZ), Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Reference(at, wideGate, wideZ), 4 * Limit);
        check.CompareWithDifferences("dgate", dgate, gate, dy, at => Reference(wideX, at, wideZ), 4 * Limit);
        check.CompareWithDifferences("dz", dz, z, dy, at => Reference(wideX, wideGate, at), 4 * Limit);
    }

    public static void MaxPooling(KernelChecker check)
    {
        const int Batch = 2, Height = 7, Width = 5, Channels = 19;
        foreach ((string name, PoolingShape shape) in new[]
        {
            ("", new PoolingShape(Batch, Height, Width, Channels, (2, 2))),
            ("padded ", new PoolingShape(Batch, Height, Width, Channels, (3, 2), (1, 2), (1, 1))),
            ("adaptive ", PoolingShape.Adaptive(Batch, Height, Width, Channels, (3, 4))),
        })
        {
            float[] x = check.Draw(Batch * Height * Width * Channels), y = new float[shape.OutputLength], dy = check.Draw(y.Length), dx = new float[x.Length];
            int[] positions = new int[y.Length];
            MaxPoolingKernel.Forward(x, shape, y, positions);
            MaxPoolingKernel.Backward(dy, positions, Batch, Height * Width, Channels, dx);
            double[] Reference(double[] at)
            {
                double[] result = new double[y.Length];
                ReferenceConvolution.MaxPool(at, shape, result);
                return result;
            }
            check.Compare(name + "y", y, Reference(KernelChecker.Widen(x)), 0);
            check.CompareWithDifferences(name + "dx", dx, x, dy, Reference, 4 * Limit);
        }
    }

    public static void GridSample(KernelChecker check)
    {
        GridSampleShape shape = new(2, 5, 6, 19, 13);
        // Some positions lie outside; none on the lattice, where the slope jumps.
        float[] x = check.Draw((int)shape.InputLength), grid = check.Draw(2 * shape.Batch * shape.Points, -1.3f, 1.3f), y = new float[shape.OutputLength];
        float[] dy = check.Draw(y.Length), dx = new float[x.Length], dgrid = new float[grid.Length];
        double[] wideX = KernelChecker.Widen(x), wideGrid = KernelChecker.Widen(grid);
        GridSampleKernel.Forward(x, grid, shape, y);
        GridSampleKernel.Backward(dy, x, grid, shape, dx, dgrid);
        double[] Reference(double[] x, double[] grid)
        {
            double[] result = new double[y.Length];
            ReferenceSpatial.GridSample(x, grid, shape, result);
            return result;
        }
        check.Compare("y", y, Reference(wideX, wideGrid), Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Reference(at, wideGrid), 4 * Limit);
        check.CompareWithDifferences("dgrid", dgrid, grid, dy, at => Reference(wideX, at), 4 * Limit);
    }

    public static void Glimpse(KernelChecker check)
    {
        GlimpseShape shape = new(3, 9, 11, 5, 3, 3);
        float[] x = check.Draw((int)shape.InputLength), positions = check.Draw(2 * shape.Batch, -1.2f, 1.2f), y = new float[shape.OutputLength], dy = check.Draw(y.Length), dx = new float[x.Length];
        double[] widePositions = KernelChecker.Widen(positions);
        GlimpseKernel.Forward(x, positions, shape, y);
        GlimpseKernel.Backward(dy, positions, shape, dx);
        double[] Reference(double[] at)
        {
            double[] result = new double[y.Length];
            ReferenceSpatial.Glimpse(at, widePositions, shape, result);
            return result;
        }
        check.Compare("y", y, Reference(KernelChecker.Widen(x)), Limit);
        check.CompareWithDifferences("dx", dx, x, dy, Reference, 4 * Limit);
    }
}
