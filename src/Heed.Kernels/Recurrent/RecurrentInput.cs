namespace Heed.Kernels;

/// <summary>What a recurrent layer reads besides its weights.</summary>
/// <remarks>Sequence b occupies the positions starts[b] … starts[b] + lengths[b] − 1. What stands at other positions is never read, so NaN in
/// the padding does not leak. A sequence of length 0 hands its initial state through.</remarks>
/// <typeparam name="T"><see cref="float"/>, or <see cref="double"/> for the references.</typeparam>
public readonly ref struct RecurrentInput<T>
    where T : unmanaged
{
    /// <summary>x: (batch, time, InputSize).</summary>
    public ReadOnlySpan<T> X { get; init; }

    /// <summary>Steps of each sequence, 0 … time: (batch); empty: all positions.</summary>
    public ReadOnlySpan<int> Lengths { get; init; }

    /// <summary>Position of each sequence's first step (left padding): (batch); empty: 0.</summary>
    public ReadOnlySpan<int> Starts { get; init; }

    /// <summary>h_0: (directions, batch, HiddenSize); empty: zero.</summary>
    public ReadOnlySpan<T> InitialHidden { get; init; }

    /// <summary>c_0 of an LSTM: (directions, batch, HiddenSize); empty: zero.</summary>
    public ReadOnlySpan<T> InitialCell { get; init; }
}

/// <summary>What a recurrent layer writes.</summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="double"/> for the references.</typeparam>
public readonly ref struct RecurrentOutput<T>
    where T : unmanaged
{
    /// <summary>y: (batch, time, directions·HiddenSize); 0 in the padding.</summary>
    public Span<T> Y { get; init; }

    /// <summary>h_n: (directions, batch, HiddenSize), each sequence's state after its last step in the direction's order; empty: not wanted.</summary>
    public Span<T> FinalHidden { get; init; }

    /// <summary>c_n of an LSTM: (directions, batch, HiddenSize); empty: not wanted.</summary>
    public Span<T> FinalCell { get; init; }
}
