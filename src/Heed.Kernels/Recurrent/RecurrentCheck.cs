namespace Heed.Kernels;

/// <summary>The checks of every public entry of the recurrent layers: all lengths, before anything is read.</summary>
internal static class RecurrentCheck
{
    public static void Shape<TCell>(in RecurrentShape shape)
        where TCell : struct, IRecurrentCell
    {
        if (shape.Batch < 0 || shape.Time < 0 || shape.InputSize < 1 || shape.HiddenSize < 1 || shape.Directions is not (1 or 2))
            throw new ArgumentException($"{TCell.Name}: shape must have batch and time of at least 0, sizes of at least 1 and 1 or 2 directions, got {shape}.", nameof(shape));
        long row = (long)IRecurrentCell.Slots * shape.HiddenSize;
        if (Math.Max(Math.Max(shape.InputLength, shape.OutputLength), row * Math.Max(shape.InputSize, shape.HiddenSize)) > int.MaxValue)
            throw new ArgumentException($"{TCell.Name}: shape {shape} needs arrays beyond 2³¹ − 1 floats; use smaller batches.", nameof(shape));
    }

    public static void Parameters<TCell, T>(in RecurrentShape shape, in RecurrentParameters<T> parameters)
        where TCell : struct, IRecurrentCell
        where T : unmanaged
    {
        int rows = TCell.Gates * shape.HiddenSize;
        for (int d = 0; d < shape.Directions; d++)
        {
            RecurrentDirection<T> weights = parameters[d];
            string prefix = d == 0 ? "Forward." : "Reverse.";
            Exact<TCell>(weights.InputWeights.Length, (long)rows * shape.InputSize, "InputWeights", "(gates·hidden, input)", prefix);
            Exact<TCell>(weights.HiddenWeights.Length, (long)rows * shape.HiddenSize, "HiddenWeights", "(gates·hidden, hidden)", prefix);
            Optional<TCell>(weights.InputBias.Length, rows, "InputBias", "(gates·hidden)", prefix);
            Exact<TCell>(weights.HiddenBias.Length, weights.InputBias.Length, "HiddenBias", "the length of InputBias", prefix);
        }
    }

    public static void Input<TCell, T>(in RecurrentShape shape, in RecurrentInput<T> input)
        where TCell : struct, IRecurrentCell
        where T : unmanaged
    {
        Exact<TCell>(input.X.Length, shape.InputLength, "X", "(batch, time, input)");
        Optional<TCell>(input.InitialHidden.Length, shape.StateLength, "InitialHidden", "(directions, batch, hidden)");
        State<TCell>(input.InitialCell.Length, shape, "InitialCell");
        Sequences<TCell>(shape, input.Lengths, input.Starts);
    }

    public static void Sequences<TCell>(in RecurrentShape shape, ReadOnlySpan<int> lengths, ReadOnlySpan<int> starts)
        where TCell : struct, IRecurrentCell
    {
        Optional<TCell>(lengths.Length, shape.Batch, "Lengths", "(batch)");
        Optional<TCell>(starts.Length, shape.Batch, "Starts", "(batch)");
        for (int b = 0; b < shape.Batch; b++)
        {
            int length = lengths.IsEmpty ? shape.Time : lengths[b], start = starts.IsEmpty ? 0 : starts[b];
            if (length < 0 || start < 0 || (long)start + length > shape.Time)
                throw new ArgumentException(FormattableString.Invariant($"{TCell.Name}: sequence {b} has start {start} and length {length}, but must lie within 0 … time = {shape.Time}."), nameof(lengths));
        }
    }

    public static void Output<TCell, T>(in RecurrentShape shape, in RecurrentOutput<T> output)
        where TCell : struct, IRecurrentCell
        where T : unmanaged
    {
        Exact<TCell>(output.Y.Length, shape.OutputLength, "Y", "(batch, time, directions·hidden)");
        Optional<TCell>(output.FinalHidden.Length, shape.StateLength, "FinalHidden", "(directions, batch, hidden)");
        State<TCell>(output.FinalCell.Length, shape, "FinalCell");
    }

    public static void OutputGradients<TCell, T>(in RecurrentShape shape, in RecurrentOutputGradients<T> output)
        where TCell : struct, IRecurrentCell
        where T : unmanaged
    {
        Optional<TCell>(output.Y.Length, shape.OutputLength, "output gradient Y", "(batch, time, directions·hidden)");
        Optional<TCell>(output.FinalHidden.Length, shape.StateLength, "output gradient FinalHidden", "(directions, batch, hidden)");
        State<TCell>(output.FinalCell.Length, shape, "output gradient FinalCell");
    }

    public static void Gradients<TCell, T>(in RecurrentShape shape, in RecurrentGradients<T> gradients)
        where TCell : struct, IRecurrentCell
        where T : unmanaged
    {
        int rows = TCell.Gates * shape.HiddenSize;
        Optional<TCell>(gradients.X.Length, shape.InputLength, "gradient X", "(batch, time, input)");
        Optional<TCell>(gradients.InitialHidden.Length, shape.StateLength, "gradient InitialHidden", "(directions, batch, hidden)");
        State<TCell>(gradients.InitialCell.Length, shape, "gradient InitialCell");
        for (int d = 0; d < shape.Directions; d++)
        {
            RecurrentDirectionGradients<T> weights = gradients[d];
            string prefix = d == 0 ? "gradient Forward." : "gradient Reverse.";
            Optional<TCell>(weights.InputWeights.Length, (long)rows * shape.InputSize, "InputWeights", "(gates·hidden, input)", prefix);
            Optional<TCell>(weights.HiddenWeights.Length, (long)rows * shape.HiddenSize, "HiddenWeights", "(gates·hidden, hidden)", prefix);
            Optional<TCell>(weights.InputBias.Length, rows, "InputBias", "(gates·hidden)", prefix);
            Optional<TCell>(weights.HiddenBias.Length, rows, "HiddenBias", "(gates·hidden)", prefix);
        }
    }

    public static void Workspace<TCell>(int workspace, long expected)
        where TCell : struct, IRecurrentCell
    {
        if (workspace < expected)
            throw new ArgumentException(FormattableString.Invariant($"{TCell.Name}: workspace has {workspace} floats, at least {expected} are required; ask WorkspaceLength."), nameof(workspace));
    }

    public static void Apart<TCell>(ReadOnlySpan<float> written, ReadOnlySpan<float> read, string writtenName, string readName)
        where TCell : struct, IRecurrentCell
    {
        if (written.Overlaps(read))
            throw new ArgumentException($"{TCell.Name}: {writtenName} overlaps {readName}; give it memory of its own.", nameof(written));
    }

    // A cell state exists in an LSTM only.
    private static void State<TCell>(int got, in RecurrentShape shape, string name)
        where TCell : struct, IRecurrentCell
    {
        if (TCell.HasCell)
            Optional<TCell>(got, shape.StateLength, name, "(directions, batch, hidden)");
        else
            Exact<TCell>(got, 0, name, "empty, there is no cell state");
    }

    private static void Optional<TCell>(int got, long expected, string name, string meaning, string prefix = "")
        where TCell : struct, IRecurrentCell
    {
        if (got != 0)
            Exact<TCell>(got, expected, name, meaning, prefix);
    }

    private static void Exact<TCell>(int got, long expected, string name, string meaning, string prefix = "")
        where TCell : struct, IRecurrentCell
    {
        if (got != expected)
            throw new ArgumentException(FormattableString.Invariant($"{TCell.Name}: {prefix}{name} has {got} elements, {expected} are required: {meaning}."), name);
    }
}
