using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>Single convolutions, and training steps of residual networks on 128 pictures of 32 × 32, with and without squeeze-and-excitation, as bench/peers/torch_pictures.py does them; random pictures.</summary>
internal sealed class PicturesGroup : IBenchmarkGroup
{
    private const int Batch = 128, Size = 32, Classes = 10;

    public string Name => "pictures";

    public int Order => 5;

    public void Run(BenchmarkRun run)
    {
        Convolution(run, "conv 3x3 N64 C16 32x32", 64, 32, 16);
        Convolution(run, "conv 3x3 N32 C64 32x32", 32, 32, 64);
        Convolution(run, "conv 3x3 N64 C128 8x8", 64, 8, 128);
        Network(run, "resnet20");
        Network(run, "se-resnet20");
    }

    private static void Convolution(BenchmarkRun run, string name, int batch, int size, int channels)
    {
        if (!name.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        ConvolutionShape shape = new(batch, size, size, channels, channels, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 };
        float[] x = Filled(batch * size * size * channels), w = Filled(9 * channels * channels), y = new float[x.Length], dx = new float[x.Length], dw = new float[w.Length];
        run.Measure(name, "fwdbwd", 6.0 * shape.MultiplyAdds, () =>
        {
            ConvolutionKernel.Forward(x, w, default, shape, y);
            ConvolutionKernel.Backward(y, x, w, shape, dx, dw, default);
        });
    }

    private static void Network(BenchmarkRun run, string name)
    {
        // Whole names: resnet20 is part of se-resnet20.
        if (run.Options.Case.Length > 0 && run.Options.Case != name && !name.StartsWith(run.Options.Case, StringComparison.Ordinal))
            return;
        ResNet network = new(ResNetConfig.Named(name) with { ClassCount = Classes });
        network.Initialize(1);
        Sgd optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(1, "steps");
        float[] pictures = Filled(Batch * Size * Size * 3);
        int[] labels = [.. Enumerable.Range(0, Batch).Select(n => n % Classes)];
        long number = 0;
        // 40.8 million multiply–adds a picture forward.
        run.Measure(name, "train", 6 * 40.8e6 * Batch, () =>
        {
            Step.Train(random.Fork((ulong)number), number++, pass => Tensor.CrossEntropy(network.Forward(pass.Input(pictures, new Shape(Batch, Size, Size, 3)), pass), labels));
            optimizer.Step(0.1, 1);
        });
    }

    private static float[] Filled(int length)
    {
        RandomStream random = new(1, "pictures");
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
            values[i] = (float)random.NextDouble() - 0.5f;
        return values;
    }
}
