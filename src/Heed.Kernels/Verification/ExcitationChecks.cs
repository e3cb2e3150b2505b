namespace Heed.Kernels;

/// <summary>Squeeze and excitation with and without the batch norm before it.</summary>
internal static class ExcitationChecks
{
    private const double Limit = 2e-6;

    public static void Run(KernelChecker check)
    {
        const float Epsilon = 1e-5f;
        foreach ((string name, ExcitationShape shape, bool isNormed, bool isFixed) in new[]
        {
            ("", new ExcitationShape(3, 7, 19, 5), false, false),
            ("behind a norm, rectified ", new ExcitationShape(3, 7, 19, 5, ChannelGate.Sigmoid, Rectifies: true), true, false),
            ("behind a fixed norm ", new ExcitationShape(2, 9, 16, 4, ChannelGate.Tanh), true, true),
            ("hard sigmoid ", new ExcitationShape(2, 5, 11, 3, ChannelGate.HardSigmoid), false, false),
            ("relu ", new ExcitationShape(2, 5, 11, 3, ChannelGate.Relu), true, false),
            ("maximum ", new ExcitationShape(3, 7, 19, 5) { Squeeze = ChannelSqueeze.Max }, false, false),
            ("maximum behind a norm, rectified ", new ExcitationShape(3, 7, 19, 5, ChannelGate.Sigmoid, Rectifies: true) { Squeeze = ChannelSqueeze.Max }, true, false),
            ("mean and maximum behind a norm ", new ExcitationShape(2, 11, 16, 4) { Squeeze = ChannelSqueeze.Both }, true, false),
            ("mean and maximum behind a fixed norm ", new ExcitationShape(2, 3, 5, 4, ChannelGate.Tanh) { Squeeze = ChannelSqueeze.Both }, true, true),
        })
        {
            int channels = shape.Channels, each = shape.Batch * channels;
            float[] x = check.Draw((int)shape.Length), first = check.Draw(shape.Hidden * channels), firstBias = check.Draw(shape.Hidden), second = check.Draw(first.Length), secondBias = check.Draw(channels);
            // The norm's factor may be negative: then the least value becomes the largest.
            float sign = shape.Squeeze == ChannelSqueeze.Average ? 1 : -1;
            float[] gamma = check.Draw(isNormed ? channels : 0, Math.Min(0.5f * sign, 1.5f * sign), Math.Max(0.5f * sign, 1.5f * sign)), beta = check.Draw(gamma.Length), a = shape.Rectifies ? check.Draw(x.Length) : [];
            float[] mean = check.Draw(gamma.Length), variance = check.Draw(gamma.Length, 0.5f, 1.5f), y = new float[x.Length], dy = check.Draw(y.Length);
            ExcitationWeights weights = new() { First = first, FirstBias = firstBias, Second = second, SecondBias = secondBias };
            ExcitationNorm norm = new() { Gamma = gamma, Beta = beta, Mean = mean, Variance = variance, Epsilon = Epsilon, IsFixed = isFixed };
            ExcitationState state = new() { Means = new float[each], Squeezed = new float[each], Hidden = new float[shape.Batch * shape.Hidden], Gates = new float[each], Places = new int[each] };
            float[] dx = new float[x.Length], da = new float[a.Length], dfirst = new float[first.Length], dfirstBias = new float[firstBias.Length], dsecond = new float[second.Length], dsecondBias = new float[channels];
            float[] dgamma = new float[gamma.Length], dbeta = new float[beta.Length];
            double[] fixedMean = KernelChecker.Widen(mean), fixedVariance = KernelChecker.Widen(variance);
            SqueezeExcitationKernel.Forward(x, shape, weights, norm, a, y, state);
            SqueezeExcitationKernel.Backward(dy, x, y, shape, weights, norm, state, new()
            {
                Input = dx, Addend = da, First = dfirst, FirstBias = dfirstBias, Second = dsecond, SecondBias = dsecondBias, Gamma = dgamma, Beta = dbeta,
            });
            // Of all arguments in one row, so that one stands for each in turn.
            double[][] wide = [.. new[] { x, first, firstBias, second, secondBias, gamma, beta, a }.Select(v => KernelChecker.Widen(v))];
            double[] Reference(int argument, double[] at)
            {
                double[][] all = [.. wide];
                all[argument] = at;
                double[] n = [.. all[0]], result = new double[n.Length], center = [.. fixedMean], spread = [.. fixedVariance];
                if (isNormed && !isFixed)
                    ReferenceBatchNorm.Statistics(n, center, spread);
                if (isNormed)
                    ReferenceBatchNorm.Forward(n, center, spread, all[5], all[6], Epsilon, default, rectifies: false, n);
                ReferenceSqueezeExcitation.Forward(n, shape, all[1], all[2], all[3], all[4], all[7], result);
                return result;
            }
            check.Compare(name + "y", y, Reference(0, wide[0]), 2 * Limit);
            (string Name, float[] Gradient, float[] Value)[] gradients =
            [
                ("dx", dx, x), ("dfirst", dfirst, first), ("dfirst bias", dfirstBias, firstBias), ("dsecond", dsecond, second), ("dsecond bias", dsecondBias, secondBias), ("dgamma", dgamma, gamma), ("dbeta", dbeta, beta), ("da", da, a),
            ];
            for (int n = 0; n < gradients.Length; n++)
            {
                if (gradients[n].Value.Length > 0)
                    check.CompareWithDifferences(name + gradients[n].Name, gradients[n].Gradient, gradients[n].Value, dy, at => Reference(n, at), 8 * Limit);
            }
        }
    }
}
