namespace Heed.Kernels;

/// <summary><see cref="SqueezeExcitationKernel"/> in double precision: plain loops.</summary>
public static class ReferenceSqueezeExcitation
{
    /// <summary>y = φ(s·n + a), s = gate(W₂·max(W₁·z + b₁, 0) + b₂), z the mean of n over the places of a picture, or its maximum, or half of each; n, a, y (batch, pixels, channels), a may be empty; W₁ (hidden, channels), W₂ (channels, hidden).</summary>
    public static void Forward(
        ReadOnlySpan<double> n, ExcitationShape shape, ReadOnlySpan<double> first, ReadOnlySpan<double> firstBias, ReadOnlySpan<double> second, ReadOnlySpan<double> secondBias, ReadOnlySpan<double> addend, Span<double> y)
    {
        int channels = shape.Channels, length = shape.Pixels * channels;
        double[] squeezed = new double[channels], hidden = new double[shape.Hidden], gates = new double[shape.Batch * channels];
        for (int b = 0; b < shape.Batch; b++)
        {
            Array.Clear(squeezed);
            double[] largest = [.. Enumerable.Repeat(double.NegativeInfinity, channels)];
            for (int i = 0; i < length; i++)
            {
                squeezed[i % channels] += n[(b * length) + i] / shape.Pixels;
                largest[i % channels] = Math.Max(largest[i % channels], n[(b * length) + i]);
            }
            for (int c = 0; c < channels && shape.Squeeze != ChannelSqueeze.Average; c++)
                squeezed[c] = shape.Squeeze == ChannelSqueeze.Max ? largest[c] : (squeezed[c] + largest[c]) / 2;
            for (int j = 0; j < hidden.Length; j++)
            {
                hidden[j] = firstBias[j];
                for (int c = 0; c < channels; c++)
                    hidden[j] += first[(j * channels) + c] * squeezed[c];
                hidden[j] = Math.Max(hidden[j], 0);
            }
            for (int c = 0; c < channels; c++)
            {
                double energy = secondBias[c];
                for (int j = 0; j < hidden.Length; j++)
                    energy += second[(c * hidden.Length) + j] * hidden[j];
                gates[(b * channels) + c] = shape.Gate switch
                {
                    ChannelGate.Sigmoid => 1 / (1 + Math.Exp(-energy)),
                    ChannelGate.HardSigmoid => Math.Clamp((energy / 6) + 0.5, 0, 1),
                    ChannelGate.Tanh => Math.Tanh(energy),
                    _ => Math.Max(energy, 0),
                };
            }
        }
        ReferenceChannelGate.Forward(n, gates, channels, addend, shape.Rectifies, y);
    }
}
