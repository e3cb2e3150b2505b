namespace Heed.Kernels;

/// <summary>The LSTM in double precision and plain loops: what <see cref="LstmKernel"/> is checked against.</summary>
/// <remarks>Formulas, shapes and the treatment of padding as <see cref="LstmKernel"/> says; sequence by sequence, step by step.
/// Sources: Hochreiter and Schmidhuber, 1997; Gers, Schmidhuber and Cummins, 2000. Allocates a sequence's states.</remarks>
public static class ReferenceLstm
{
    /// <summary>Forward pass.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="input">x, lengths, initial states.</param>
    /// <param name="output">y, final states.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void Forward(
        in RecurrentShape shape, in RecurrentParameters<double> parameters, in RecurrentInput<double> input, in RecurrentOutput<double> output)
    {
        ReferenceRecurrent.CheckForward<LstmCell>(shape, parameters, input, output);
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int b = 0; b < shape.Batch; b++)
            {
                Trace trace = Run(shape, parameters[d], input, d, b);
                int length = trace.Gates.Length;
                for (int s = 0; s < length; s++)
                    trace.H[s + 1].CopyTo(ReferenceRecurrent.Output(shape, output.Y, d, ReferenceRecurrent.Position(shape, input, d, b, s)));
                ReferenceRecurrent.Copy(trace.H[length], ReferenceRecurrent.State(shape, output.FinalHidden, d, b));
                ReferenceRecurrent.Copy(trace.C[length], ReferenceRecurrent.State(shape, output.FinalCell, d, b));
            }
        }
    }

    /// <summary>Backward pass through all steps; the forward pass is computed anew.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="input">The input of the forward pass.</param>
    /// <param name="output">The loss's gradients by what the forward pass wrote.</param>
    /// <param name="gradients">Where the gradients go.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void Backward(
        in RecurrentShape shape, in RecurrentParameters<double> parameters, in RecurrentInput<double> input, in RecurrentOutputGradients<double> output,
        in RecurrentGradients<double> gradients)
    {
        ReferenceRecurrent.CheckBackward<LstmCell>(shape, parameters, input, output, gradients);
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int b = 0; b < shape.Batch; b++)
                Back(shape, parameters[d], input, output, gradients, gradients[d], d, b);
        }
    }

    /// <summary>One step behind the matrix products, as <see cref="LstmStepKernel.Forward"/>.</summary>
    /// <param name="sums">(rows, 4·size).</param>
    /// <param name="cellBefore">(rows, size).</param>
    /// <param name="size">Length of a state.</param>
    /// <param name="hidden">(rows, size).</param>
    /// <param name="cell">(rows, size).</param>
    public static void Step(ReadOnlySpan<double> sums, ReadOnlySpan<double> cellBefore, int size, Span<double> hidden, Span<double> cell)
    {
        for (int at = 0; at < cellBefore.Length; at++)
        {
            ReadOnlySpan<double> a = sums.Slice(at / size * 4 * size, 4 * size);
            int j = at % size;
            double i = ReferenceRecurrent.Sigmoid(a[j]), f = ReferenceRecurrent.Sigmoid(a[size + j]), g = Math.Tanh(a[(2 * size) + j]), o = ReferenceRecurrent.Sigmoid(a[(3 * size) + j]);
            cell[at] = (f * cellBefore[at]) + (i * g);
            hidden[at] = o * Math.Tanh(cell[at]);
        }
    }

    // All states and activated gates i, f, g, o of one sequence; H[s] and C[s] stand before step s.
    private static Trace Run(in RecurrentShape shape, in RecurrentDirection<double> weights, in RecurrentInput<double> input, int d, int b)
    {
        int size = shape.HiddenSize, width = shape.InputSize, length = ReferenceRecurrent.Length(shape, input, b);
        Trace trace = new(new double[length][], new double[length + 1][], new double[length + 1][]);
        ReferenceRecurrent.Copy(ReferenceRecurrent.State(shape, input.InitialHidden, d, b), trace.H[0] = new double[size]);
        ReferenceRecurrent.Copy(ReferenceRecurrent.State(shape, input.InitialCell, d, b), trace.C[0] = new double[size]);
        double[] fromHidden = new double[4 * size];
        for (int s = 0; s < length; s++)
        {
            double[] a = trace.Gates[s] = new double[4 * size], h = trace.H[s + 1] = new double[size], c = trace.C[s + 1] = new double[size];
            ReferenceRecurrent.Affine(weights.InputWeights, weights.InputBias, input.X.Slice(ReferenceRecurrent.Position(shape, input, d, b, s) * width, width), a);
            ReferenceRecurrent.Affine(weights.HiddenWeights, weights.HiddenBias, trace.H[s], fromHidden);
            for (int j = 0; j < size; j++)
            {
                double i = ReferenceRecurrent.Sigmoid(a[j] + fromHidden[j]);
                double f = ReferenceRecurrent.Sigmoid(a[size + j] + fromHidden[size + j]);
                double g = Math.Tanh(a[(2 * size) + j] + fromHidden[(2 * size) + j]);
                double o = ReferenceRecurrent.Sigmoid(a[(3 * size) + j] + fromHidden[(3 * size) + j]);
                c[j] = (f * trace.C[s][j]) + (i * g);
                h[j] = o * Math.Tanh(c[j]);
                (a[j], a[size + j], a[(2 * size) + j], a[(3 * size) + j]) = (i, f, g, o);
            }
        }
        return trace;
    }

    private static void Back(
        in RecurrentShape shape, in RecurrentDirection<double> weights, in RecurrentInput<double> input, in RecurrentOutputGradients<double> output,
        in RecurrentGradients<double> gradients, in RecurrentDirectionGradients<double> weightGradients, int d, int b)
    {
        int size = shape.HiddenSize, width = shape.InputSize;
        Trace trace = Run(shape, weights, input, d, b);
        double[] dh = new double[size], dc = new double[size], da = new double[4 * size];
        ReferenceRecurrent.Add(ReferenceRecurrent.State(shape, output.FinalHidden, d, b), dh);
        ReferenceRecurrent.Add(ReferenceRecurrent.State(shape, output.FinalCell, d, b), dc);
        for (int s = trace.Gates.Length - 1; s >= 0; s--)
        {
            int position = ReferenceRecurrent.Position(shape, input, d, b, s);
            ReferenceRecurrent.Add(ReferenceRecurrent.Output(shape, output.Y, d, position), dh);
            for (int j = 0; j < size; j++)
            {
                double[] gates = trace.Gates[s];
                double i = gates[j], f = gates[size + j], g = gates[(2 * size) + j], o = gates[(3 * size) + j], t = Math.Tanh(trace.C[s + 1][j]);
                dc[j] += dh[j] * o * (1 - (t * t));
                da[j] = dc[j] * g * i * (1 - i);
                da[size + j] = dc[j] * trace.C[s][j] * f * (1 - f);
                da[(2 * size) + j] = dc[j] * i * (1 - (g * g));
                da[(3 * size) + j] = dh[j] * t * o * (1 - o);
                dc[j] *= f;
            }
            Span<double> dx = gradients.X.IsEmpty ? default : gradients.X.Slice(position * width, width);
            ReferenceRecurrent.AffineBackward(
                weights.InputWeights, input.X.Slice(position * width, width), da, weightGradients.InputWeights, weightGradients.InputBias, dx);
            Array.Clear(dh);
            ReferenceRecurrent.AffineBackward(weights.HiddenWeights, trace.H[s], da, weightGradients.HiddenWeights, weightGradients.HiddenBias, dh);
        }
        ReferenceRecurrent.Add(dh, ReferenceRecurrent.State(shape, gradients.InitialHidden, d, b));
        ReferenceRecurrent.Add(dc, ReferenceRecurrent.State(shape, gradients.InitialCell, d, b));
    }

    private readonly record struct Trace(double[][] Gates, double[][] H, double[][] C);
}
