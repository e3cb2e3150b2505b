namespace Heed.Kernels;

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
