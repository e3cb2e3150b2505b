namespace Heed.Kernels;

/// <summary>The weights of one direction, laid out as PyTorch's: the rows of the gates below each other, i, f, g, o for an LSTM and r, z, n for a GRU.</summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="double"/> for the references.</typeparam>
public readonly ref struct RecurrentDirection<T>
    where T : unmanaged
{
    /// <summary>W_ih: (gates·HiddenSize, InputSize).</summary>
    public ReadOnlySpan<T> InputWeights { get; init; }

    /// <summary>W_hh: (gates·HiddenSize, HiddenSize).</summary>
    public ReadOnlySpan<T> HiddenWeights { get; init; }

    /// <summary>b_ih: (gates·HiddenSize); empty, together with <see cref="HiddenBias"/>, for a layer without biases.</summary>
    public ReadOnlySpan<T> InputBias { get; init; }

    /// <summary>b_hh: (gates·HiddenSize); empty, together with <see cref="InputBias"/>, for a layer without biases.</summary>
    public ReadOnlySpan<T> HiddenBias { get; init; }
}

/// <summary>The weights of a layer.</summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="double"/> for the references.</typeparam>
public readonly ref struct RecurrentParameters<T>
    where T : unmanaged
{
    /// <summary>The direction that runs with time.</summary>
    public RecurrentDirection<T> Forward { get; init; }

    /// <summary>The direction that starts at each sequence's end; unused with one direction.</summary>
    public RecurrentDirection<T> Reverse { get; init; }

    internal RecurrentDirection<T> this[int direction] => direction == 0 ? Forward : Reverse;
}
