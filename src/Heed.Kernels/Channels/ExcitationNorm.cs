namespace Heed.Kernels;

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

    /// <summary>Of the blocks of the pictures, as a convolution takes them (<see cref="BatchNormKernel.MomentsLength"/>); empty where they are not known.</summary>
    public ReadOnlySpan<float> Moments { get; init; }

    /// <summary>ε.</summary>
    public float Epsilon { get; init; }

    /// <summary>Whether the statistics are given, not those of the pictures.</summary>
    public bool IsFixed { get; init; }
}
