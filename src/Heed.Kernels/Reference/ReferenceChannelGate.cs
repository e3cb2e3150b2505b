namespace Heed.Kernels;

/// <summary><see cref="ChannelGateKernel"/> and <see cref="PlaceGateKernel"/> in double precision: plain loops.</summary>
public static class ReferenceChannelGate
{
    /// <summary>y = φ(x·gate + z); x (batch, pixels, channels), gate (batch, channels), z as x or empty.</summary>
    public static void Forward(ReadOnlySpan<double> x, ReadOnlySpan<double> gate, int channels, ReadOnlySpan<double> addend, bool rectifies, Span<double> y)
    {
        int picture = gate.Length == 0 ? 1 : x.Length / (gate.Length / channels);
        for (int i = 0; i < x.Length; i++)
        {
            double value = (x[i] * gate[(i / picture * channels) + (i % channels)]) + (addend.Length == 0 ? 0 : addend[i]);
            y[i] = rectifies && value < 0 ? 0 : value;
        }
    }

    /// <summary>y = φ(x·gate + z); x (places, channels), gate (places), z as x or empty.</summary>
    public static void ForwardPlaces(ReadOnlySpan<double> x, ReadOnlySpan<double> gate, int channels, ReadOnlySpan<double> addend, bool rectifies, Span<double> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            double value = (x[i] * gate[i / channels]) + (addend.Length == 0 ? 0 : addend[i]);
            y[i] = rectifies && value < 0 ? 0 : value;
        }
    }
}
