namespace Heed.Kernels;

/// <summary>What the references of the recurrent layers share: where a step's rows are, matrix times vector, and its gradient.</summary>
internal static class ReferenceRecurrent
{
    /// <summary>Steps of sequence b.</summary>
    public static int Length(in RecurrentShape shape, in RecurrentInput<double> input, int b) =>
        input.Lengths.IsEmpty ? shape.Time : input.Lengths[b];

    /// <summary>Row of (batch, time) at a step of sequence b.</summary>
    public static int Position(in RecurrentShape shape, in RecurrentInput<double> input, int direction, int b, int step) =>
        (b * shape.Time) + (input.Starts.IsEmpty ? 0 : input.Starts[b])
            + (direction == 0 ? step : Length(shape, input, b) - 1 - step);

    /// <summary>The row of a state that belongs to a direction and a sequence; empty if the state is.</summary>
    public static Span<double> State(in RecurrentShape shape, Span<double> state, int direction, int b) =>
        state.IsEmpty ? state : state.Slice(((direction * shape.Batch) + b) * shape.HiddenSize, shape.HiddenSize);

    /// <inheritdoc cref="State(in RecurrentShape, Span{double}, int, int)"/>
    public static ReadOnlySpan<double> State(in RecurrentShape shape, ReadOnlySpan<double> state, int direction, int b) =>
        state.IsEmpty ? state : state.Slice(((direction * shape.Batch) + b) * shape.HiddenSize, shape.HiddenSize);

    /// <summary>The half of an output row that belongs to a direction; empty if the output is.</summary>
    public static Span<double> Output(in RecurrentShape shape, Span<double> output, int direction, int position) =>
        output.IsEmpty ? output : output.Slice(((position * shape.Directions) + direction) * shape.HiddenSize, shape.HiddenSize);

    /// <inheritdoc cref="Output(in RecurrentShape, Span{double}, int, int)"/>
    public static ReadOnlySpan<double> Output(in RecurrentShape shape, ReadOnlySpan<double> output, int direction, int position) =>
        output.IsEmpty ? output : output.Slice(((position * shape.Directions) + direction) * shape.HiddenSize, shape.HiddenSize);

    /// <summary>a = W·v + b, with W (a.Length, v.Length); an empty b is zero.</summary>
    public static void Affine(ReadOnlySpan<double> weights, ReadOnlySpan<double> bias, ReadOnlySpan<double> v, Span<double> a)
    {
        for (int i = 0; i < a.Length; i++)
        {
            double sum = bias.IsEmpty ? 0 : bias[i];
            for (int j = 0; j < v.Length; j++)
                sum += weights[(i * v.Length) + j] * v[j];
            a[i] = sum;
        }
    }

    /// <summary>The gradient of <see cref="Affine"/>: dW += da·vᵀ, db += da, dv += Wᵀ·da; what is empty is not wanted.</summary>
    public static void AffineBackward(
        ReadOnlySpan<double> weights, ReadOnlySpan<double> v, ReadOnlySpan<double> da, Span<double> weightGradient, Span<double> biasGradient, Span<double> dv)
    {
        for (int i = 0; i < da.Length; i++)
        {
            for (int j = 0; j < v.Length && !weightGradient.IsEmpty; j++)
                weightGradient[(i * v.Length) + j] += da[i] * v[j];
            for (int j = 0; j < v.Length && !dv.IsEmpty; j++)
                dv[j] += weights[(i * v.Length) + j] * da[i];
            if (!biasGradient.IsEmpty)
                biasGradient[i] += da[i];
        }
    }

    /// <summary>Adds what is there.</summary>
    public static void Add(ReadOnlySpan<double> values, Span<double> sum)
    {
        for (int j = 0; j < values.Length && !sum.IsEmpty; j++)
            sum[j] += values[j];
    }

    /// <summary>Copies what is there to where it is wanted; an empty source is zero.</summary>
    public static void Copy(ReadOnlySpan<double> source, Span<double> destination)
    {
        if (source.IsEmpty)
            destination.Clear();
        else if (!destination.IsEmpty)
            source.CopyTo(destination);
    }

    /// <summary>1/(1 + e⁻ˣ).</summary>
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>The checks of a reference's forward pass; then the padding is zero.</summary>
    public static void CheckForward<TCell>(
        in RecurrentShape shape, in RecurrentParameters<double> parameters, in RecurrentInput<double> input, in RecurrentOutput<double> output)
        where TCell : struct, IRecurrentCell
    {
        RecurrentCheck.Shape<TCell>(shape);
        RecurrentCheck.Parameters<TCell, double>(shape, parameters);
        RecurrentCheck.Input<TCell, double>(shape, input);
        RecurrentCheck.Output<TCell, double>(shape, output);
        output.Y.Clear();
    }

    /// <summary>The checks of a reference's backward pass; then gradients that are to be overwritten are zero.</summary>
    public static void CheckBackward<TCell>(
        in RecurrentShape shape, in RecurrentParameters<double> parameters, in RecurrentInput<double> input, in RecurrentOutputGradients<double> output,
        in RecurrentGradients<double> gradients)
        where TCell : struct, IRecurrentCell
    {
        RecurrentCheck.Shape<TCell>(shape);
        RecurrentCheck.Parameters<TCell, double>(shape, parameters);
        RecurrentCheck.Input<TCell, double>(shape, input);
        RecurrentCheck.OutputGradients<TCell, double>(shape, output);
        RecurrentCheck.Gradients<TCell, double>(shape, gradients);
        if (gradients.Mode == GemmOutput.Accumulate)
            return;
        gradients.X.Clear();
        gradients.InitialHidden.Clear();
        gradients.InitialCell.Clear();
        for (int d = 0; d < shape.Directions; d++)
        {
            gradients[d].InputWeights.Clear();
            gradients[d].HiddenWeights.Clear();
            gradients[d].InputBias.Clear();
            gradients[d].HiddenBias.Clear();
        }
    }
}
