namespace Heed.Kernels;

/// <summary>LSTM and GRU over unequal sequences, both directions, with initial and final states, forward and backward.</summary>
internal static class RecurrentChecks
{
    private const double Limit = 5e-6;
    private static readonly RecurrentShape Shape = new(Batch: 5, Time: 11, InputSize: 13, HiddenSize: 19, Directions: 2);
    private static readonly int[] Lengths = [11, 3, 0, 7, 1], Starts = [0, 8, 4, 2, 0];

    private delegate void Forward<T>(in RecurrentShape shape, in RecurrentParameters<T> parameters, in RecurrentInput<T> input, in RecurrentOutput<T> output)
        where T : unmanaged;

    private delegate void Backward<T>(
        in RecurrentShape shape, in RecurrentParameters<T> parameters, in RecurrentInput<T> input, in RecurrentOutputGradients<T> output, in RecurrentGradients<T> gradients)
        where T : unmanaged;

    public static void Lstm(KernelChecker check)
    {
        float[] workspace = new float[LstmKernel.WorkspaceLength(Shape, Lengths)];
        Check(
            check, 4, hasCell: true,
            (in shape, in parameters, in input, in output) => LstmKernel.Forward(shape, parameters, input, output, workspace),
            (in shape, in parameters, in input, in output, in gradients) => LstmKernel.Backward(shape, parameters, input, output, gradients, workspace),
            ReferenceLstm.Forward, ReferenceLstm.Backward);
    }

    public static void Gru(KernelChecker check)
    {
        float[] workspace = new float[GruKernel.WorkspaceLength(Shape, Lengths)];
        Check(
            check, 3, hasCell: false,
            (in shape, in parameters, in input, in output) => GruKernel.Forward(shape, parameters, input, output, workspace),
            (in shape, in parameters, in input, in output, in gradients) => GruKernel.Backward(shape, parameters, input, output, gradients, workspace),
            ReferenceGru.Forward, ReferenceGru.Backward);
    }

    public static void LstmStep(KernelChecker check)
    {
        const int Size = 19, Rows = 5;
        float[] sums = check.Draw(Rows * 4 * Size, -3, 3), before = check.Draw(Rows * Size), hidden = new float[Rows * Size], cell = new float[Rows * Size], gates = new float[sums.Length];
        LstmStepKernel.Forward(sums, before, Size, hidden, cell, gates);
        double[] Reference(double[] a, double[] c, bool isCell)
        {
            double[] h = new double[Rows * Size], next = new double[Rows * Size];
            ReferenceLstm.Step(a, c, Size, h, next);
            return isCell ? next : h;
        }
        double[] wideSums = KernelChecker.Widen(sums), wideBefore = KernelChecker.Widen(before);
        check.Compare("h", hidden, Reference(wideSums, wideBefore, false), Limit);
        check.Compare("c", cell, Reference(wideSums, wideBefore, true), Limit);
        float[] dhidden = check.Draw(hidden.Length), dcell = new float[cell.Length], dsums = new float[sums.Length];
        LstmStepKernel.Backward(dhidden, gates, before, cell, Size, dcell, dsums);
        check.CompareWithDifferences("da of h", dsums, sums, dhidden, at => Reference(at, wideBefore, false), Limit);
        check.CompareWithDifferences("dc₋₁ of h", dcell, before, dhidden, at => Reference(wideSums, at, false), Limit);
        float[] dc = check.Draw(cell.Length), before2 = [.. dc];
        LstmStepKernel.Backward(new float[hidden.Length], gates, before, cell, Size, before2, dsums);
        check.CompareWithDifferences("da of c", dsums, sums, dc, at => Reference(at, wideBefore, true), Limit);
        check.CompareWithDifferences("dc₋₁ of c", before2, before, dc, at => Reference(wideSums, at, true), Limit);
    }

    private static void Check(
        KernelChecker check, int gates, bool hasCell, Forward<float> forward, Backward<float> backward, Forward<double> wideForward, Backward<double> wideBackward)
    {
        int rows = gates * Shape.HiddenSize, state = (int)Shape.StateLength;
        int[] sizes = [rows * Shape.InputSize, rows * Shape.HiddenSize, rows, rows, rows * Shape.InputSize, rows * Shape.HiddenSize, rows, rows];
        float[][] inputs = [.. sizes.Select(n => check.Draw(n, -0.3f, 0.3f)), check.Draw((int)Shape.InputLength), check.Draw(state), check.Draw(hasCell ? state : 0)];
        float[][] gradientsOut = [check.Draw((int)Shape.OutputLength), check.Draw(state), check.Draw(hasCell ? state : 0)];
        (float[][] outputs, float[][] gradients) = Run(inputs, gradientsOut, forward, backward);
        (double[][] wideOutputs, double[][] wideGradients) = Run(Widen(inputs), Widen(gradientsOut), wideForward, wideBackward);
        string[] outputNames = ["y", "final hidden state", "final cell state"];
        string[] names = ["dW_ih", "dW_hh", "db_ih", "db_hh", "dW_ih reverse", "dW_hh reverse", "db_ih reverse", "db_hh reverse", "dx", "dh₀", "dc₀"];
        for (int i = 0; i < outputs.Length; i++)
            check.Compare(outputNames[i], outputs[i], wideOutputs[i], Limit);
        for (int i = 0; i < gradients.Length; i++)
            check.Compare(names[i], gradients[i], wideGradients[i], Limit);
    }

    // Inputs: eight weights, x, initial states. Output gradients: of y and of the final states.
    private static (T[][] Outputs, T[][] Gradients) Run<T>(T[][] inputs, T[][] gradientsOut, Forward<T> forward, Backward<T> backward)
        where T : unmanaged
    {
        T[][] outputs = [.. gradientsOut.Select(g => new T[g.Length])], gradients = [.. inputs.Select(i => new T[i.Length])];
        RecurrentParameters<T> parameters = new() { Forward = Direction(inputs, 0), Reverse = Direction(inputs, 4) };
        RecurrentInput<T> input = new() { X = inputs[8], Lengths = Lengths, Starts = Starts, InitialHidden = inputs[9], InitialCell = inputs[10] };
        forward(Shape, parameters, input, new RecurrentOutput<T> { Y = outputs[0], FinalHidden = outputs[1], FinalCell = outputs[2] });
        backward(
            Shape, parameters, input, new RecurrentOutputGradients<T> { Y = gradientsOut[0], FinalHidden = gradientsOut[1], FinalCell = gradientsOut[2] },
            new RecurrentGradients<T> { Mode = GemmOutput.Accumulate, Forward = Gradients(gradients, 0), Reverse = Gradients(gradients, 4), X = gradients[8], InitialHidden = gradients[9], InitialCell = gradients[10] });
        return (outputs, gradients);
    }

    private static RecurrentDirection<T> Direction<T>(T[][] w, int first)
        where T : unmanaged => new() { InputWeights = w[first], HiddenWeights = w[first + 1], InputBias = w[first + 2], HiddenBias = w[first + 3] };

    private static RecurrentDirectionGradients<T> Gradients<T>(T[][] g, int first)
        where T : unmanaged => new() { InputWeights = g[first], HiddenWeights = g[first + 1], InputBias = g[first + 2], HiddenBias = g[first + 3] };

    private static double[][] Widen(float[][] values) => [.. values.Select(v => KernelChecker.Widen(v))];
}
