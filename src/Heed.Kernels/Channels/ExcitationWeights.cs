namespace Heed.Kernels;

/// <summary>Weights of a squeeze-and-excitation block.</summary>
public readonly ref struct ExcitationWeights
{
    /// <summary>W₁: (hidden, channels).</summary>
    public required ReadOnlySpan<float> First { get; init; }

    /// <summary>b₁: (hidden).</summary>
    public required ReadOnlySpan<float> FirstBias { get; init; }

    /// <summary>W₂: (channels, hidden).</summary>
    public required ReadOnlySpan<float> Second { get; init; }

    /// <summary>b₂: (channels).</summary>
    public required ReadOnlySpan<float> SecondBias { get; init; }
}
