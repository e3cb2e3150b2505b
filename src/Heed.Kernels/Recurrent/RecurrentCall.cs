namespace Heed.Kernels;

/// <summary>The public entries, written once for all cells: check everything, then run.</summary>
internal static class RecurrentCall<TCell>
    where TCell : struct, IRecurrentCell
{
    public static RecurrentWeights Pack(in RecurrentShape shape, in RecurrentParameters<float> parameters)
    {
        RecurrentCheck.Shape<TCell>(shape with { Batch = 0, Time = 0 });
        RecurrentWeights weights = RecurrentWeights.Create<TCell>(shape);
        weights.Fill<TCell>(parameters);
        return weights;
    }

    public static int WorkspaceLength(in RecurrentShape shape, ReadOnlySpan<int> lengths)
    {
        RecurrentCheck.Shape<TCell>(shape);
        RecurrentCheck.Sequences<TCell>(shape, lengths, []);
        long rows = lengths.IsEmpty ? (long)shape.Batch * shape.Time : 0, active = lengths.IsEmpty && shape.Time > 0 ? shape.Batch : 0;
        foreach (int length in lengths)
        {
            rows += length;
            active += length > 0 ? 1 : 0;
        }
        long needed = RecurrentPass<TCell>.WorkspaceLength(shape, rows, active);
        return needed <= int.MaxValue ? (int)needed
            : throw new ArgumentException(FormattableString.Invariant($"{TCell.Name}: the workspace of {shape} needs {needed} floats, beyond 2³¹ − 1; use smaller batches."), nameof(shape));
    }

    public static void Forward(
        in RecurrentShape shape, in RecurrentParameters<float> parameters, in RecurrentInput<float> input, in RecurrentOutput<float> output, Span<float> workspace)
    {
        RecurrentCheck.Shape<TCell>(shape);
        RecurrentCheck.Parameters<TCell, float>(shape, parameters);
        RecurrentCheck.Input<TCell, float>(shape, input);
        RecurrentCheck.Output<TCell, float>(shape, output);
        RecurrentCheck.Apart<TCell>(output.Y, input.X, "Y", "X");
        RecurrentWeights weights = RecurrentWeightsPool<TCell>.Rent(shape);
        weights.Fill<TCell>(parameters);
        RecurrentPass<TCell>.Forward(shape, weights, input, output, workspace);
        RecurrentWeightsPool<TCell>.Return(weights);
    }

    public static void Forward(
        in RecurrentShape shape, RecurrentWeights weights, in RecurrentInput<float> input, in RecurrentOutput<float> output, Span<float> workspace)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RecurrentCheck.Shape<TCell>(shape);
        if (!string.Equals(weights.Cell, TCell.Name, StringComparison.Ordinal) || (weights.InputSize, weights.HiddenSize, weights.Directions) != (shape.InputSize, shape.HiddenSize, shape.Directions))
            throw new ArgumentException(FormattableString.Invariant($"{TCell.Name}: weights are packed for {weights.Cell} with (input, hidden, directions) = ({weights.InputSize}, {weights.HiddenSize}, {weights.Directions}), the shape is {shape}."), nameof(weights));
        RecurrentCheck.Input<TCell, float>(shape, input);
        RecurrentCheck.Output<TCell, float>(shape, output);
        RecurrentCheck.Apart<TCell>(output.Y, input.X, "Y", "X");
        RecurrentPass<TCell>.Forward(shape, weights, input, output, workspace);
    }

    public static void Backward(
        in RecurrentShape shape, in RecurrentParameters<float> parameters, in RecurrentInput<float> input, in RecurrentOutputGradients<float> output,
        in RecurrentGradients<float> gradients, ReadOnlySpan<float> workspace)
    {
        RecurrentCheck.Shape<TCell>(shape);
        RecurrentCheck.Parameters<TCell, float>(shape, parameters);
        RecurrentCheck.Input<TCell, float>(shape, input);
        RecurrentCheck.OutputGradients<TCell, float>(shape, output);
        RecurrentCheck.Gradients<TCell, float>(shape, gradients);
        RecurrentCheck.Apart<TCell>(gradients.X, output.Y, "gradient X", "output gradient Y");
        RecurrentCheck.Apart<TCell>(gradients.X, input.X, "gradient X", "X");
        RecurrentPass<TCell>.Backward(shape, parameters, input, output, gradients, workspace);
    }
}
