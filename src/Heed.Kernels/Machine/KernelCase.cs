namespace Heed.Kernels;

/// <summary>One kernel at one shape, for measuring.</summary>
/// <param name="Name">Kernel and shape.</param>
/// <param name="Operations">Floating-point operations of a call.</param>
/// <param name="Bytes">Bytes read at least (the limits are read bandwidths).</param>
/// <param name="WorkingSet">Bytes touched.</param>
/// <param name="Prepare">Makes the data and gives the call.</param>
internal sealed partial record KernelCase(string Name, double Operations, double Bytes, double WorkingSet, Func<Action> Prepare)
{
    public static IReadOnlyList<KernelCase> All { get; } =
    [
        Product(512, 512, 512), Product(1024, 1024, 1024), Product(512, 512, 64), Product(128, 128, 64), Product(32, 256, 1024), Product(1, 512, 512),
        Recurrent(false, 128, 32, 256, 256, false), Recurrent(false, 128, 32, 256, 256, true), Recurrent(false, 64, 1, 128, 128, true),
        Recurrent(true, 128, 32, 256, 256, false), Recurrent(true, 128, 32, 256, 256, true),
        Attention(8, 1024, "full"), Attention(8, 1024, "causal"), Attention(2, 1024, "causal"), Attention(8, 4096, "window"), AttentionBackward(1024),
        Decoding(KeyValueFormat.Float32), Decoding(KeyValueFormat.BFloat16),
        Convolution("3×3", new(8, 32, 32, 64, 64, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }), Convolution("3×3/2", new(8, 32, 32, 64, 128, 3, 3) { PaddingHeight = 1, PaddingWidth = 1, Stride = 2 }),
        Convolution("1×1", new(8, 32, 32, 64, 128, 1, 1)), Convolution("3×3 depthwise", new(8, 32, 32, 64, 64, 3, 3) { PaddingHeight = 1, PaddingWidth = 1, Groups = 64 }),
        Rows("Softmax", 256, 512, 8, 1, (x, y) => SoftmaxKernel.Forward(x, 512, y)),
        Rows("LayerNorm", 256, 512, 8, 1, LayerNorm), LayerNormBackward(256, 512),
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

    // Both directions; the gates of an LSTM are four, those of a GRU three.
    private static KernelCase Recurrent(bool isGru, int time, int batch, int input, int hidden, bool backward)
    {
        RecurrentShape shape = new(batch, time, input, hidden, 2);
        int gates = isGru ? 3 : 4;
        double products = 2.0 * 2 * time * batch * gates * hidden * (input + hidden), weights = 2.0 * gates * hidden * (input + hidden + 2);
        double bytes = 4 * (weights + shape.InputLength + shape.OutputLength) * (backward ? 3 : 1);
        return new(FormattableString.Invariant($"{(isGru ? "GRU" : "LSTM")} T{time} B{batch} {input}/{hidden} {(backward ? "fwd + bwd" : "fwd")}"), products * (backward ? 3 : 1), bytes, bytes, () =>
        {
            float[][] w = [.. Enumerable.Range(0, 2).SelectMany(_ => new[] { Filled(gates * hidden * input), Filled(gates * hidden * hidden), Filled(gates * hidden), Filled(gates * hidden) })], g = [.. w.Select(v => new float[v.Length])];
            float[] x = Filled((int)shape.InputLength), y = new float[shape.OutputLength], dy = Filled(y.Length), dx = new float[x.Length];
            float[] space = new float[!backward ? 0 : isGru ? GruKernel.WorkspaceLength(shape) : LstmKernel.WorkspaceLength(shape)];
            return () =>
            {
                RecurrentParameters<float> parameters = new() { Forward = Direction(w, 0), Reverse = Direction(w, 4) };
                RecurrentInput<float> data = new() { X = x };
                RecurrentOutput<float> result = new() { Y = y };
                RecurrentOutputGradients<float> slopes = new() { Y = dy };
                RecurrentGradients<float> gradients = new() { X = dx, Forward = Gradients(g, 0), Reverse = Gradients(g, 4) };
                if (isGru)
                    GruKernel.Forward(shape, parameters, data, result, space);
                else
                    LstmKernel.Forward(shape, parameters, data, result, space);
                if (backward && isGru)
                    GruKernel.Backward(shape, parameters, data, slopes, gradients, space);
                else if (backward)
                    LstmKernel.Backward(shape, parameters, data, slopes, gradients, space);
            };
        });
    }

    // Operations are those that the kernel does: Winograd's filtering multiplies 16 times where nine taps of four pixels are 36.
    private static KernelCase Convolution(string kernel, ConvolutionShape shape)
    {
        double operations = 2.0 * shape.MultiplyAdds * (shape.IsWinograd ? 16.0 / 36 : 1), weights = (double)shape.Filters * shape.Depth;
        double read = 4 * (shape.InputLength + weights), bytes = read + (4 * shape.OutputLength);
        return new(FormattableString.Invariant($"Convolution {shape.Batch}×{shape.Height}×{shape.Width} {shape.Channels}→{shape.Filters} {kernel}"), operations, read, bytes, () =>
        {
            float[] x = Filled((int)shape.InputLength), w = Filled((int)weights), bias = Filled(shape.Filters), y = new float[shape.OutputLength];
            return () => ConvolutionKernel.Forward(x, w, bias, shape, y);
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

    private static KernelCase LayerNormBackward(int rows, int columns)
    {
        double bytes = 4.0 * 3 * rows * columns;
        return new(FormattableString.Invariant($"LayerNorm {rows}×{columns} bwd"), 14.0 * rows * columns, bytes, bytes, () =>
        {
            float[] x = Filled(rows * columns), y = new float[x.Length], dy = Filled(x.Length), dx = new float[x.Length], mean = new float[rows], deviation = new float[rows], gamma = Filled(columns), dgamma = new float[columns], dbeta = new float[columns];
            LayerNormKernel.Forward(x, gamma, default, columns, 1e-5f, y, mean, deviation);
            return () => LayerNormKernel.Backward(dy, x, gamma, mean, deviation, columns, dx, dgamma, dbeta);
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
