using System.Diagnostics;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>Single convolutions, and training steps of residual networks on 128 pictures of 32 × 32, with and without squeeze-and-excitation, the block alone, of a U-Net, depthwise ones, and inference of networks for 224 × 224 and of a U-Net and a detector, as bench/peers/torch_pictures.py does them; random pictures.</summary>
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
        Depthwise(run, "depthwise 3x3 N16 C96 56x56", 16, 56, 96, 3, 1);
        Depthwise(run, "depthwise 5x5 N16 C240 28x28 stride 2", 16, 28, 240, 5, 2);
        Block(run, 32, 16);
        Block(run, 8, 64);
        Network(run, "resnet20");
        Network(run, "se-resnet20");
        foreach (string attention in (string[])["se", "cbam", "eca"])
            Pair(run, "resnet20", attention + "-resnet20");
        Segmentation(run, "unet-train 96x128 N8", 8, 96, 128);
        Inference(run, "se-resnet50", 1, 2 * 3.86e9);
        Inference(run, "se-resnet50", 8, 2 * 3.86e9);
        Inference(run, "mobilenetv3-large", 1, 2 * 0.217e9);
        Inference(run, "mobilenetv3-large", 8, 2 * 0.217e9);
        UNet unet = new(new UNetConfig { ClassCount = 11 });
        Places(run, "unet 96x128 N1", unet, 96, 128, pictures => pass => unet.Forward(pass.Input(pictures, new Shape(1, 96, 128, 3)), pass));
        Fcos fcos = new(new FcosConfig { ClassCount = 3 });
        Places(run, "fcos 240x320 N1", fcos, 240, 320, pictures => pass => fcos.Forward(pass.Input(pictures, new Shape(1, 240, 320, 3)), pass)[0].Classes);
    }

    // Memory bound: bytes are those of pictures and results, each touched once a pass.
    private static void Depthwise(BenchmarkRun run, string name, int batch, int size, int channels, int kernel, int stride)
    {
        if (!name.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        ConvolutionShape shape = new(batch, size, size, channels, channels, kernel, kernel) { Groups = channels, Stride = stride, PaddingHeight = kernel / 2, PaddingWidth = kernel / 2 };
        float[] w = Filled(kernel * kernel * channels), dw = new float[w.Length];
        Memory<float> x = Aligned(batch * size * size * channels), y = Aligned(batch * shape.OutputHeight * shape.OutputWidth * channels), dx = Aligned(x.Length);
        run.Measure(name, "fwd", 2.0 * shape.MultiplyAdds, () => ConvolutionKernel.Forward(x.Span, w, default, shape, y.Span));
        run.Measure(name, "bwd", 4.0 * shape.MultiplyAdds, () => ConvolutionKernel.Backward(y.Span, x.Span, w, shape, dx.Span, dw, default));
    }

    // Pictures of 224 × 224, batch norm folded, weights packed.
    private static void Inference(BenchmarkRun run, string name, int batch, double flops)
    {
        string title = FormattableString.Invariant($"{name} 224x224 N{batch}");
        if (!title.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        PictureNetwork network = PictureNetworkConfig.Named(name).Create();
        network.Initialize(1);
        float[] pictures = Filled(batch * 224 * 224 * 3);
        run.Measure(title, "infer", flops * batch, () => Step.Evaluate(pass => network.Forward(pass.Input(pictures, new Shape(batch, 224, 224, 3)), pass)));
    }

    // One picture through a network that looks at places, as the library makes it unless told otherwise.
    private static void Places(BenchmarkRun run, string name, Module network, int height, int width, Func<float[], Func<Pass, Tensor>> look)
    {
        if (!name.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        network.Initialize(1);
        Func<Pass, Tensor> forward = look(Filled(height * width * 3));
        run.Measure(name, "infer", 2.0 * ModuleCost.Measure(network, forward)[0].MultiplyAdds, () => Step.Evaluate(forward));
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

    // A squeeze-and-excitation block alone, forward and backward, weights and pictures, and the sum that starts the way back. Operations are bytes here: those of pictures, results and both gradients, each touched once.
    private static void Block(BenchmarkRun run, int size, int channels)
    {
        string name = FormattableString.Invariant($"se block N{Batch} C{channels} {size}x{size}");
        if (!name.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        SqueezeExcitation block = new(channels);
        block.Initialize(1);
        Shape shape = new(Batch, size, size, channels);
        Parameter pictures = new(shape, Initializer.Uniform(1));
        pictures.Initialize(new RandomStream(1, "pictures"));
        RandomStream random = new(1, "steps");
        Parameter[] parameters = [.. block.NamedParameters().Select(p => p.Parameter), pictures];
        // The sum alone, too: it is no part of the block.
        foreach (string kind in (string[])["fwdbwd", "sum"])
        {
            run.Measure(name, kind, 4.0 * sizeof(float) * shape.Length, () =>
            {
                Step.Train(random, 0, pass => (kind == "sum" ? pass.Use(pictures) : block.Forward(pass.Use(pictures), pass)).Sum());
                foreach (Parameter parameter in parameters)
                    parameter.ClearGradient();
            });
        }
    }

    // What the second network costs beyond the first: their steps in turn, so that both see the same machine; the median of the pairs' ratios.
    private static void Pair(BenchmarkRun run, string first, string second)
    {
        string name = $"pair {second} / {first}";
        if (!name.StartsWith(run.Options.Case, StringComparison.Ordinal))
            return;
        (Action one, Action other) = (Training(first), Training(second));
        foreach (int threads in run.Options.Threads)
            run.MeasurePair(name, threads, one, other);
    }

    private static void Network(BenchmarkRun run, string name)
    {
        // Whole names: resnet20 is part of se-resnet20.
        if (run.Options.Case.Length > 0 && run.Options.Case != name && !name.StartsWith(run.Options.Case, StringComparison.Ordinal))
            return;
        // 40.8 million multiply–adds a picture forward.
        Action step = Training(name);
        long number = 0;
        run.Measure(name, "train", 6 * 40.8e6 * Batch, () =>
        {
            step();
            number++;
        });
        Memory(run, name, number);
    }

    private static Action Training(string name)
    {
        string[] parts = name.Split('-');
        ResNet network = new(ResNetConfig.Named(parts[^1]) with { ClassCount = Classes, Attention = parts.Length > 1 ? parts[0] : "none" });
        network.Initialize(1);
        Sgd optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(1, "steps");
        float[] pictures = Filled(Batch * Size * Size * 3);
        int[] labels = [.. Enumerable.Range(0, Batch).Select(n => n % Classes)];
        long number = 0;
        return () =>
        {
            Step.Train(random.Fork((ulong)number), number++, pass => Tensor.CrossEntropy(network.Forward(pass.Input(pictures, new Shape(Batch, Size, Size, 3)), pass), labels));
            optimizer.Step(0.1, 1);
        };
    }

    // Training steps of a U-Net of the library's widths.
    private static void Segmentation(BenchmarkRun run, string name, int batch, int height, int width)
    {
        if (!name.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        const int Masks = 11;
        UNet network = new(new UNetConfig { ClassCount = Masks });
        network.Initialize(1);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter), 0.01);
        RandomStream random = new(1, "steps");
        float[] pictures = Filled(batch * height * width * 3);
        int[] labels = [.. Enumerable.Range(0, batch * height * width).Select(n => n % Masks)];
        long number = 0, forward = ModuleCost.Measure(network, pass => network.Forward(pass.Input(new float[height * width * 3], new Shape(1, height, width, 3)), pass))[0].MultiplyAdds;
        run.Measure(name, "train", 6.0 * forward * batch, () =>
        {
            Step.Train(random.Fork((ulong)number), number++, pass =>
                Tensor.CrossEntropy(network.Forward(pass.Input(pictures, new Shape(batch, height, width, 3)), pass).Reshape(new Shape(labels.Length, Masks)), labels));
            optimizer.Step(1e-3);
        });
        Memory(run, name, number);
    }

    // Memory of the process: with a case of its own that of the training.
    private static void Memory(BenchmarkRun run, string name, long steps) => run.ReportMemory(name, Workers.Degree, Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 20),
        FormattableString.Invariant($"at most, {Environment.WorkingSet >> 20} MiB after {steps} steps"));

    // Where a tensor of a step would lie: on a 64-byte boundary.
    private static unsafe Memory<float> Aligned(int length)
    {
        float[] values = GC.AllocateArray<float>(length + 16, pinned: true);
        Filled(values.Length).CopyTo(values, 0);
        fixed (float* first = values)
            return values.AsMemory((int)((64 - ((nint)first & 63)) & 63) / sizeof(float), length);
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
