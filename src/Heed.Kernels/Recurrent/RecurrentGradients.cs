namespace Heed.Kernels;

/// <summary>The loss's gradients by what a recurrent layer wrote; an empty span is zero.</summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="double"/> for the references.</typeparam>
public readonly ref struct RecurrentOutputGradients<T>
    where T : unmanaged
{
    /// <summary>dL/dy: (batch, time, directions·HiddenSize); not read in the padding.</summary>
    public ReadOnlySpan<T> Y { get; init; }

    /// <summary>dL/dh_n: (directions, batch, HiddenSize).</summary>
    public ReadOnlySpan<T> FinalHidden { get; init; }

    /// <summary>dL/dc_n of an LSTM: (directions, batch, HiddenSize).</summary>
    public ReadOnlySpan<T> FinalCell { get; init; }
}

/// <summary>Where the gradients of one direction's weights go; an empty span is not wanted and costs nothing.</summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="double"/> for the references.</typeparam>
public readonly ref struct RecurrentDirectionGradients<T>
    where T : unmanaged
{
    /// <summary>dL/dW_ih: (gates·HiddenSize, InputSize).</summary>
    public Span<T> InputWeights { get; init; }

    /// <summary>dL/dW_hh: (gates·HiddenSize, HiddenSize).</summary>
    public Span<T> HiddenWeights { get; init; }

    /// <summary>dL/db_ih: (gates·HiddenSize).</summary>
    public Span<T> InputBias { get; init; }

    /// <summary>dL/db_hh: (gates·HiddenSize).</summary>
    public Span<T> HiddenBias { get; init; }
}

/// <summary>Where the gradients of a recurrent layer go; an empty span is not wanted and costs nothing.</summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="double"/> for the references.</typeparam>
public readonly ref struct RecurrentGradients<T>
    where T : unmanaged
{
    /// <summary>Whether the gradients overwrite what the spans hold (then they are 0 in the padding) or are added to it.</summary>
    /// <value>Default: <see cref="GemmOutput.Overwrite"/>.</value>
    public GemmOutput Mode { get; init; }

    /// <summary>dL/dx: (batch, time, InputSize).</summary>
    public Span<T> X { get; init; }

    /// <summary>dL/dh_0: (directions, batch, HiddenSize).</summary>
    public Span<T> InitialHidden { get; init; }

    /// <summary>dL/dc_0 of an LSTM: (directions, batch, HiddenSize).</summary>
    public Span<T> InitialCell { get; init; }

    /// <summary>The weights of the direction that runs with time.</summary>
    public RecurrentDirectionGradients<T> Forward { get; init; }

    /// <summary>The weights of the reverse direction; unused with one direction.</summary>
    public RecurrentDirectionGradients<T> Reverse { get; init; }

    internal RecurrentDirectionGradients<T> this[int direction] => direction == 0 ? Forward : Reverse;
}
