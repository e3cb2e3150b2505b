namespace Heed.Kernels;

/// <summary>One kernel at one shape, for measuring.</summary>
/// <param name="Name">Kernel and shape.</param>
/// <param name="Operations">Floating-point operations of a call.</param>
/// <param name="Bytes">Bytes read at least (the limits are read bandwidths).</param>
/// <param name="WorkingSet">Bytes touched.</param>
/// <param name="Prepare">Makes the data and gives the call.</param>
internal sealed record KernelCase(string Name, double Operations, double Bytes, double WorkingSet, Func<Action> Prepare)
{
    public static IReadOnlyList<KernelCase> All { get; } =
    [
        Product(512, 512, 512), Product(1024, 1024, 1024), Product(512, 512, 64), Product(128, 128, 64), Product(32, 256, 1024), Product(1, 512, 512),
        Lstm(128, 32, 256, 256, false), Lstm(128, 32, 256, 256, true), Lstm(64, 1, 128, 128, true),
        Attention(1024, false), Attention(1024, true), AttentionBackward(1024),
        Rows("Softmax", 256, 512, 8, 1, (x, y) => SoftmaxKernel.Forward(x, 512, y)),
        Rows("LayerNorm", 256, 512, 8, 1, LayerNorm),
        Rows("Exp", 1, 1 << 17, 12, 1, (x, y) => Elementwise.Exp(x, y)),
        Rows("Tanh", 1, 1 << 17, 14, 1, (x, y) => Elementwise.Tanh(x, y)),
        Rows("Add, in L2", 1, 1 << 15, 1, 2, (x, y) => Elementwise.Add(x, y, y)),
        Rows("Add, in memory", 1, 1 << 25, 1, 2, (x, y) => Elementwise.Add(x, y, y)),
        AdamW(15_999_000),
    ];

    private static KernelCase Product(int m, int n, int k)
    {
        double bytes = 4.0 * ((m * k) + (k * n) + (m * n));
        return new(FormattableString.Invariant($"Gemm {m}×{n}×{k}"), 2.0 * m * n * k, bytes, bytes, () =>
        {
            float[] a = Filled(m * k), b = Filled(k * n), c = Filled(m * n);
            return () => Gemm.Multiply(new ReadOnlyMatrixSpan(a, m, k), new ReadOnlyMatrixSpan(b, k, n), new MatrixSpan(c, m, n));
        });
    }

    private static KernelCase Lstm(int time, int batch, int input, int hidden, bool backward)
    {
        RecurrentShape shape = new(batch, time, input, hidden, 2);
        double products = 2.0 * 2 * time * batch * 4 * hidden * (input + hidden), weights = 2.0 * 4 * hidden * (input + hidden + 2);
        double bytes = 4 * (weights + shape.InputLength + shape.OutputLength) * (backward ? 3 : 1);
        return new(FormattableString.Invariant($"LSTM T{time} B{batch} {input}/{hidden} {(backward ? "fwd + bwd" : "fwd")}"), products * (backward ? 3 : 1), bytes, bytes, () =>
        {
            float[][] w = [.. Enumerable.Range(0, 2).SelectMany(_ => new[] { Filled(4 * hidden * input), Filled(4 * hidden * hidden), Filled(4 * hidden), Filled(4 * hidden) })], g = [.. w.Select(v => new float[v.Length])];
            float[] x = Filled((int)shape.InputLength), y = new float[shape.OutputLength], dy = Filled(y.Length), dx = new float[x.Length], space = new float[backward ? LstmKernel.WorkspaceLength(shape) : 0];
            return () =>
            {
                RecurrentParameters<float> parameters = new() { Forward = Direction(w, 0), Reverse = Direction(w, 4) };
                RecurrentInput<float> data = new() { X = x };
                LstmKernel.Forward(shape, parameters, data, new RecurrentOutput<float> { Y = y }, space);
                if (backward)
                    LstmKernel.Backward(shape, parameters, data, new RecurrentOutputGradients<float> { Y = dy }, new RecurrentGradients<float> { X = dx, Forward = Gradients(g, 0), Reverse = Gradients(g, 4) }, space);
            };
        });
    }

    private static KernelCase Attention(int tokens, bool isCausal)
    {
        AttentionShape shape = new(1, 8, 8, tokens, tokens, 64);
        int length = 8 * tokens * 64;
        double operations = 4.0 * 8 * tokens * tokens * 64 * (isCausal ? 0.5 : 1), bytes = 4.0 * 4 * length;
        return new(FormattableString.Invariant($"Attention 8×{tokens}×64 {(isCausal ? "causal" : "full")}"), operations, bytes, bytes, () =>
        {
            float[] q = Filled(length), k = Filled(length), v = Filled(length), y = Filled(length);
            return isCausal ? () => FusedAttention.Forward(q, k, v, y, shape, default(PlainScore), default(Causal)) : () => FusedAttention.Forward(q, k, v, y, shape);
        });
    }

    private static KernelCase AttentionBackward(int tokens)
    {
        AttentionShape shape = new(1, 8, 8, tokens, tokens, 64);
        int length = 8 * tokens * 64;
        double bytes = 4.0 * 8 * length;
        return new(FormattableString.Invariant($"Attention 8×{tokens}×64 bwd"), 10.0 * 8 * tokens * tokens * 64, bytes, bytes, () =>
        {
            float[] q = Filled(length), k = Filled(length), v = Filled(length), y = Filled(length), dy = Filled(length), dq = Filled(length), dk = Filled(length), dv = Filled(length), log = new float[8 * tokens];
            FusedAttention.Forward(q, k, v, y, shape, new AttentionStatistics { LogSumExp = log });
            return () => FusedAttention.Backward(dy, q, k, v, y, log, new AttentionGradients(dq, dk, dv), shape);
        });
    }

    private static KernelCase Rows(string name, int rows, int columns, int operations, int reads, Action<float[], float[]> call)
    {
        double length = (double)rows * columns, arrays = 2;
        return new(rows == 1 ? name : FormattableString.Invariant($"{name} {rows}×{columns}"), operations * length, 4 * reads * length, 4 * arrays * length, () =>
        {
            float[] x = Filled(rows * columns), y = new float[x.Length];
            return () => call(x, y);
        });
    }

    private static KernelCase AdamW(int length) => new("AdamW, in memory", 14.0 * length, 4.0 * 4 * length, 4.0 * 4 * length, () =>
    {
        float[] p = Filled(length), g = Filled(length), m = new float[length], v = new float[length];
        return () => AdamWKernel.Update(p, g, m, v, new AdamWStep());
    });

    private static void LayerNorm(float[] x, float[] y)
    {
        Span<float> mean = stackalloc float[256], deviation = stackalloc float[256];
        LayerNormKernel.Forward(x, default, default, 512, 1e-5f, y, mean, deviation);
    }

    private static RecurrentDirection<float> Direction(float[][] w, int first) =>
        new() { InputWeights = w[first], HiddenWeights = w[first + 1], InputBias = w[first + 2], HiddenBias = w[first + 3] };

    private static RecurrentDirectionGradients<float> Gradients(float[][] g, int first) =>
        new() { InputWeights = g[first], HiddenWeights = g[first + 1], InputBias = g[first + 2], HiddenBias = g[first + 3] };

    // Pinned arrays are not moved while a case runs.
    private static float[] Filled(int length)
    {
        float[] data = GC.AllocateUninitializedArray<float>(length, pinned: true);
        for (int i = 0; i < length; i++)
            data[i] = (((i * 7919L) % 1000) - 500) * 2e-4f;
        return data;
    }
}
