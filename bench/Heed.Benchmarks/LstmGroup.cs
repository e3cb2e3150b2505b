using System.Globalization;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>One bidirectional LSTM layer on the peers' cases: forward alone, and forward with backward.</summary>
internal sealed class LstmGroup : IBenchmarkGroup
{
    public string Name => "lstm";

    public int Order => 2;

    public void Run(BenchmarkRun run)
    {
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "cases.txt")))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["lstm", var t, var b, var i, var h])
                continue;
            One(run, Number(t), Number(b), Number(i), Number(h));
        }
    }

    private static void One(BenchmarkRun run, int time, int batch, int input, int hidden)
    {
        RecurrentShape shape = new(batch, time, input, hidden, 2);
        float[] x = Filled(batch * time * input), y = new float[shape.OutputLength], dy = Filled(y.Length), dx = new float[x.Length];
        float[][] weights = [.. Enumerable.Range(0, 2).SelectMany(_ => new[] { Filled(4 * hidden * input), Filled(4 * hidden * hidden), Filled(4 * hidden), Filled(4 * hidden) })];
        float[][] gradients = [.. weights.Select(w => new float[w.Length])];
        float[] workspace = GC.AllocateUninitializedArray<float>(LstmKernel.WorkspaceLength(shape), pinned: true);
        double flops = 2.0 * 2 * time * batch * 4 * hidden * (input + hidden);
        string name = FormattableString.Invariant($"lstm T{time} B{batch} I{input} H{hidden} bi");
        void Forward(float[]? space) =>
            LstmKernel.Forward(shape, Parameters(weights), new RecurrentInput<float> { X = x }, new RecurrentOutput<float> { Y = y }, space);
        run.Measure(name, "fwd", flops, () => Forward(null));
        run.Measure(name, "fwdbwd", 3 * flops, () =>
        {
            Forward(workspace);
            RecurrentGradients<float> to = new() { Mode = GemmOutput.Overwrite, X = dx, Forward = Gradients(gradients, 0), Reverse = Gradients(gradients, 4) };
            LstmKernel.Backward(shape, Parameters(weights), new RecurrentInput<float> { X = x }, new RecurrentOutputGradients<float> { Y = dy }, to, workspace);
        });
    }

    private static RecurrentParameters<float> Parameters(float[][] w) => new() { Forward = Direction(w, 0), Reverse = Direction(w, 4) };

    private static RecurrentDirection<float> Direction(float[][] w, int first) =>
        new() { InputWeights = w[first], HiddenWeights = w[first + 1], InputBias = w[first + 2], HiddenBias = w[first + 3] };

    private static RecurrentDirectionGradients<float> Gradients(float[][] g, int first) =>
        new() { InputWeights = g[first], HiddenWeights = g[first + 1], InputBias = g[first + 2], HiddenBias = g[first + 3] };

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static float[] Filled(int length)
    {
        float[] data = GC.AllocateUninitializedArray<float>(length, pinned: true);
        for (int i = 0; i < length; i++)
            data[i] = (((i * 7919L) % 1000) - 500) * 2e-4f;
        return data;
    }
}
