namespace Heed.Kernels;

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
