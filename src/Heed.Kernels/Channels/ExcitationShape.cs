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
    /// <summary>Values of the pictures.</summary>
    public long Length => (long)Batch * Pixels * Channels;
}

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

/// <summary>The batch norm whose results a squeeze-and-excitation block weighs; the default is none.</summary>
public readonly ref struct ExcitationNorm
{
    /// <summary>γ: (channels); empty for no norm.</summary>
    public ReadOnlySpan<float> Gamma { get; init; }

    /// <summary>β: (channels).</summary>
    public ReadOnlySpan<float> Beta { get; init; }

    /// <summary>μ: (channels); written forward unless fixed.</summary>
    public Span<float> Mean { get; init; }

    /// <summary>σ²: (channels), biased; written forward unless fixed.</summary>
    public Span<float> Variance { get; init; }

    /// <summary>ε.</summary>
    public float Epsilon { get; init; }

    /// <summary>Whether the statistics are given, not those of the pictures.</summary>
    public bool IsFixed { get; init; }
}

/// <summary>What a squeeze-and-excitation block found on the way, for the way back.</summary>
public readonly ref struct ExcitationState
{
    /// <summary>Means over the places of a picture before the norm: (batch, channels).</summary>
    public required Span<float> Means { get; init; }

    /// <summary>z, what is squeezed out, behind the norm: (batch, channels).</summary>
    public required Span<float> Squeezed { get; init; }

    /// <summary>Behind the first layer and its rectifier: (batch, hidden).</summary>
    public required Span<float> Hidden { get; init; }

    /// <summary>s: (batch, channels).</summary>
    public required Span<float> Gates { get; init; }
}

/// <summary>Gradients of a squeeze-and-excitation block; those that are not wanted are empty. All are added to, but pictures and addend can be overwritten.</summary>
public readonly ref struct ExcitationGradients
{
    /// <summary>dx: as the pictures.</summary>
    public Span<float> Input { get; init; }

    /// <summary>dz: as the pictures.</summary>
    public Span<float> Addend { get; init; }

    /// <summary>Whether dx holds nothing yet.</summary>
    public bool OverwritesInput { get; init; }

    /// <summary>Whether dz holds nothing yet.</summary>
    public bool OverwritesAddend { get; init; }

    /// <summary>dW₁: (hidden, channels).</summary>
    public Span<float> First { get; init; }

    /// <summary>db₁: (hidden).</summary>
    public Span<float> FirstBias { get; init; }

    /// <summary>dW₂: (channels, hidden).</summary>
    public Span<float> Second { get; init; }

    /// <summary>db₂: (channels).</summary>
    public Span<float> SecondBias { get; init; }

    /// <summary>dγ: (channels).</summary>
    public Span<float> Gamma { get; init; }

    /// <summary>dβ: (channels).</summary>
    public Span<float> Beta { get; init; }
}
