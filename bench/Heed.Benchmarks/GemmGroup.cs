using System.Globalization;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>Matrix products: the peers' cases, and the shapes that training and prediction of a bidirectional LSTM live on.</summary>
internal sealed class GemmGroup : IBenchmarkGroup
{
    // P: B packed before. A: A stored by columns, as in a weight gradient.
    private const string Own = """
        sgemm 1024 1024 1024 P
        sgemm 512 512 64 P
        sgemm 32 256 1024 T
        sgemm 64 128 512 T
        sgemm 32 1024 256 T
        sgemm 64 512 128 T
        sgemm 1216 512 200 T
        sgemm 512 200 1216 A
        sgemm 1024 256 4096 A
        sgemm 1 512 128 P
        sgemm 2 512 128 P
        sgemm 4 512 128 P
        sgemm 8 512 128 P
        sgemm 200 200 200 N
        sgemm 64 64 64 N
        sgemm 16 16 16 N
        """;

    public string Name => "gemm";

    public int Order => 1;

    public void Run(BenchmarkRun run)
    {
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "cases.txt")).Concat(Own.Split('\n')))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["sgemm", var m, var n, var k, var kind])
                continue;
            One(run, Number(m), Number(n), Number(k), kind.Trim());
        }
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static void One(BenchmarkRun run, int m, int n, int k, string kind)
    {
        Memory<float> left = Operand.Filled(m * k), right = Operand.Filled(k * n), product = Operand.Filled(m * n);
        PackedMatrix packed = PackedMatrix.Pack(new(right.Span, k, n));
        string suffix = kind switch { "T" => " Bt", "A" => " At", "P" => " packed", _ => "" };
        run.Measure($"sgemm {m}x{n}x{k}{suffix}", "fwd", 2.0 * m * n * k, kind switch
        {
            "T" => () => Gemm.Multiply(new(left.Span, m, k), new ReadOnlyMatrixSpan(right.Span, n, k).Transposed, new(product.Span, m, n)),
            "A" => () => Gemm.Multiply(new ReadOnlyMatrixSpan(left.Span, k, m).Transposed, new ReadOnlyMatrixSpan(right.Span, k, n), new(product.Span, m, n)),
            "P" => () => Gemm.Multiply(new(left.Span, m, k), packed, new(product.Span, m, n)),
            _ => () => Gemm.Multiply(new(left.Span, m, k), new ReadOnlyMatrixSpan(right.Span, k, n), new(product.Span, m, n)),
        });
    }
}
