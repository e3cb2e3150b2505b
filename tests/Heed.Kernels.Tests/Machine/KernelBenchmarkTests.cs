using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests.Machine;

[Collection(WorkerTests.Name)]
public class KernelBenchmarkTests
{
    // Operations and bytes counted here from the shapes: 2 a multiply–add, 4 bytes a float.
    [Theory]
    [InlineData("Decode 32/8×8192×128 float32", 2.0 * 2 * 32 * 8192 * 128, 4.0 * 2 * 8 * 8192 * 128)]
    [InlineData("Decode 32/8×8192×128 bfloat16", 2.0 * 2 * 32 * 8192 * 128, 2.0 * 2 * 8 * 8192 * 128)]
    [InlineData("Attention 8/2×1024×64 causal", 2.0 * 2 * 8 * 64 * 1024 * 1024 / 2, 4.0 * 64 * 1024 * (8 + 8 + 2 + 2))]
    [InlineData("Attention 8×4096×64 window", 2.0 * 2 * 8 * 64 * ((256 * 257 / 2) + (3840 * 256)), 4.0 * 64 * 4096 * 8 * 4)]
    [InlineData("GRU T128 B32 256/256 fwd", 2.0 * 2 * 128 * 32 * 3 * 256 * 512, 4.0 * ((2 * 3 * 256 * 514) + (128 * 32 * 256 * 3)))]
    [InlineData("Convolution 8×32×32 64→64 3×3", 2.0 * 8 * 16 * 16 * 16 * 64 * 64, 4.0 * ((8 * 32 * 32 * 64) + (9 * 64 * 64)))]
    [InlineData("Convolution 8×32×32 64→128 3×3/2", 2.0 * 8 * 16 * 16 * 9 * 64 * 128, 4.0 * ((8 * 32 * 32 * 64) + (9 * 64 * 128)))]
    [InlineData("Convolution 8×32×32 64→64 3×3 depthwise", 2.0 * 8 * 32 * 32 * 9 * 64, 4.0 * ((8 * 32 * 32 * 64) + (9 * 64)))]
    [InlineData("LayerNorm 256×512 bwd", 14.0 * 256 * 512, 4.0 * 3 * 256 * 512)]
    public void A_case_runs_and_counts_what_its_shape_says(string name, double operations, double bytes)
    {
        KernelFigure figure = KernelBenchmarks.Measure(1, TimeSpan.FromMilliseconds(1), name).First(f => f.Kernel == name);
        figure.Milliseconds.ShouldBeGreaterThan(0);
        figure.Operations.ShouldBe(operations, operations * 1e-9);
        figure.Bytes.ShouldBe(bytes, bytes * 1e-9);
        figure.WorkingSet.ShouldBeGreaterThanOrEqualTo(figure.Bytes);
    }
}
