namespace Heed.Kernels;

/// <summary>Sizes of a squeeze-and-excitation block, and its functions.</summary>
/// <param name="Batch">Pictures.</param>
/// <param name="Pixels">Places of a picture.</param>
/// <param name="Channels">Values of a pixel.</param>
/// <param name="Hidden">Units of the narrow layer.</param>
/// <param name="Gate">The last function of the excitation.</param>
/// <param name="Rectifies">Whether negative results become 0.</param>
public readonly record struct ExcitationShape(int Batch, int Pixels, int Channels, int Hidden, ChannelGate Gate = ChannelGate.Sigmoid, bool Rectifies = false)
{
    /// <summary>What is squeezed out of a channel.</summary>
    public ChannelSqueeze Squeeze { get; init; }

    // Of what is squeezed out.
    internal float MeanShare => Squeeze switch { ChannelSqueeze.Average => 1, ChannelSqueeze.Max => 0, _ => 0.5f };

    internal float PeakShare => 1 - MeanShare;

    /// <summary>Values of the pictures.</summary>
    public long Length => (long)Batch * Pixels * Channels;
}
