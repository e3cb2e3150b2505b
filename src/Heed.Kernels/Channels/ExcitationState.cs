namespace Heed.Kernels;

/// <summary>What a squeeze-and-excitation block found on the way, for the way back.</summary>
public readonly ref struct ExcitationState
{
    /// <summary>What is squeezed out before the norm, means over the places of a picture unless the shape says otherwise: (batch, channels).</summary>
    public required Span<float> Means { get; init; }

    /// <summary>Where the largest values are: (batch, channels); empty where means alone are squeezed out.</summary>
    public Span<int> Places { get; init; }

    /// <summary>z, what is squeezed out, behind the norm: (batch, channels).</summary>
    public required Span<float> Squeezed { get; init; }

    /// <summary>Behind the first layer and its rectifier: (batch, hidden).</summary>
    public required Span<float> Hidden { get; init; }

    /// <summary>s: (batch, channels).</summary>
    public required Span<float> Gates { get; init; }
}
