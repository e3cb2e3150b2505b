namespace Heed.Kernels;

/// <summary>The GRU in double precision and plain loops: what <see cref="GruKernel"/> is checked against.</summary>
/// <remarks>Formulas, shapes and the treatment of padding as <see cref="GruKernel"/> says; sequence by sequence, step by step.
/// Source: Cho et al., 2014, in PyTorch's form. Allocates a sequence's states.</remarks>
public static class ReferenceGru
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
        ReferenceRecurrent.CheckForward<GruCell>(shape, parameters, input, output);
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int b = 0; b < shape.Batch; b++)
            {
                Trace trace = Run(shape, parameters[d], input, d, b);
                int length = trace.Gates.Length;
                for (int s = 0; s < length; s++)
                    trace.H[s + 1].CopyTo(ReferenceRecurrent.Output(shape, output.Y, d, ReferenceRecurrent.Position(shape, input, d, b, s)));
                ReferenceRecurrent.Copy(trace.H[length], ReferenceRecurrent.State(shape, output.FinalHidden, d, b));
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
        ReferenceRecurrent.CheckBackward<GruCell>(shape, parameters, input, output, gradients);
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int b = 0; b < shape.Batch; b++)
                Back(shape, parameters[d], input, output, gradients, gradients[d], d, b);
        }
    }

    // All states, activated gates r, z, n and hidden shares W_hn·h + b_hn of one sequence; H[s] stands before step s.
    private static Trace Run(in RecurrentShape shape, in RecurrentDirection<double> weights, in RecurrentInput<double> input, int d, int b)
    {
        int size = shape.HiddenSize, width = shape.InputSize, length = ReferenceRecurrent.Length(shape, input, b);
        Trace trace = new(new double[length][], new double[length][], new double[length + 1][]);
        ReferenceRecurrent.Copy(ReferenceRecurrent.State(shape, input.InitialHidden, d, b), trace.H[0] = new double[size]);
        for (int s = 0; s < length; s++)
        {
            double[] a = trace.Gates[s] = new double[3 * size], fromHidden = trace.FromHidden[s] = new double[3 * size], h = trace.H[s + 1] = new double[size];
            ReferenceRecurrent.Affine(weights.InputWeights, weights.InputBias, input.X.Slice(ReferenceRecurrent.Position(shape, input, d, b, s) * width, width), a);
            ReferenceRecurrent.Affine(weights.HiddenWeights, weights.HiddenBias, trace.H[s], fromHidden);
            for (int j = 0; j < size; j++)
            {
                double r = ReferenceRecurrent.Sigmoid(a[j] + fromHidden[j]);
                double z = ReferenceRecurrent.Sigmoid(a[size + j] + fromHidden[size + j]);
                double n = Math.Tanh(a[(2 * size) + j] + (r * fromHidden[(2 * size) + j]));
                h[j] = ((1 - z) * n) + (z * trace.H[s][j]);
                (a[j], a[size + j], a[(2 * size) + j]) = (r, z, n);
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
        // The gradients of W_ih·x + b_ih and of W_hh·h + b_hh differ in the share of n, which r multiplies.
        double[] dh = new double[size], fromInput = new double[3 * size], fromHidden = new double[3 * size];
        ReferenceRecurrent.Add(ReferenceRecurrent.State(shape, output.FinalHidden, d, b), dh);
        for (int s = trace.Gates.Length - 1; s >= 0; s--)
        {
            int position = ReferenceRecurrent.Position(shape, input, d, b, s);
            ReferenceRecurrent.Add(ReferenceRecurrent.Output(shape, output.Y, d, position), dh);
            for (int j = 0; j < size; j++)
            {
                double r = trace.Gates[s][j], z = trace.Gates[s][size + j], n = trace.Gates[s][(2 * size) + j];
                double da = dh[j] * (1 - z) * (1 - (n * n));
                fromInput[j] = fromHidden[j] = da * trace.FromHidden[s][(2 * size) + j] * r * (1 - r);
                fromInput[size + j] = fromHidden[size + j] = dh[j] * (trace.H[s][j] - n) * z * (1 - z);
                fromInput[(2 * size) + j] = da;
                fromHidden[(2 * size) + j] = da * r;
                dh[j] *= z;
            }
            Span<double> dx = gradients.X.IsEmpty ? default : gradients.X.Slice(position * width, width);
            ReferenceRecurrent.AffineBackward(
                weights.InputWeights, input.X.Slice(position * width, width), fromInput, weightGradients.InputWeights, weightGradients.InputBias, dx);
            ReferenceRecurrent.AffineBackward(weights.HiddenWeights, trace.H[s], fromHidden, weightGradients.HiddenWeights, weightGradients.HiddenBias, dh);
        }
        ReferenceRecurrent.Add(dh, ReferenceRecurrent.State(shape, gradients.InitialHidden, d, b));
    }

    private readonly record struct Trace(double[][] Gates, double[][] FromHidden, double[][] H);
}
