namespace Heed.Kernels.Tests;

public class AllocationTests
{
    private readonly float[] a = Rows.Numbers(40_000, 170), b = Rows.Numbers(40_000, 171), c = new float[40_000], d = new float[40_000];
    private readonly float[] row = new float[100], mean = new float[400], deviation = new float[400], pooled = new float[1000];
    private readonly int[] ids = [.. Enumerable.Range(0, 400)], lengths = [40, 39, 0, 1, 40, 40, 7, 40, 40, 40], positions = new int[1000];
    private readonly bool[] touched = new bool[400];

    [Fact]
    public void Kernels_allocate_nothing_on_the_collected_heap()
    {
        // Other tests run beside this one and may start workers or empty the scratch pool: one clean run of several is the proof.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 6 && least != 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            RunAll();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        least.ShouldBe(0);
    }

    private void RunAll()
    {
        Elementwise.Tanh(a, c);
        Elementwise.AddRow(a, row, c);
        Elementwise.TanhBackward(a, b, c);
        _ = Reduction.Sum(a) + Reduction.SumOfSquares(a);
        Reduction.AddColumnSums(a, row);
        Transposition.Run(a, 400, 100, c);
        DropoutKernel.Forward(a, 0.5f, 1, 2, c);
        SoftmaxKernel.Forward(a, 100, c);
        SoftmaxKernel.Backward(a, c, 100, d);
        LogSoftmaxKernel.Forward(a, 100, c);
        _ = CrossEntropyKernel.Forward(a, positions.AsSpan(0, 400), 100, c);
        CrossEntropyKernel.Backward(c, positions.AsSpan(0, 400), 100, 1, d);
        LayerNormKernel.Forward(a, row, row, 100, 1e-5f, c, mean, deviation);
        LayerNormKernel.Backward(b, a, row, mean, deviation, 100, c, pooled.AsSpan(0, 100), pooled.AsSpan(100, 100));
        EmbeddingKernel.Gather(a, 100, ids, c);
        EmbeddingKernel.ScatterAdd(a, 100, ids, c, 0, touched);
        Sequences sequences = new(40, lengths);
        SequenceSoftmaxKernel.Forward(a, 100, sequences, c);
        SequenceSoftmaxKernel.Backward(a, c, 100, sequences, d);
        SequencePoolingKernel.MaxOverTime(a, 100, sequences, pooled, positions);
        SequencePoolingKernel.MeanOverTime(a, 100, sequences, pooled);
        SequencePoolingKernel.WeightedSum(b.AsSpan(0, 400), a, 100, 1, sequences, pooled);
        positions.AsSpan().Clear();
        AdamWKernel.Update(a, b, c, d, new());
        AdamWKernel.UpdateRows(a, b, 100, touched, c, d, new());
        SgdKernel.Update(a, b, c, new() { Momentum = 0.9 });
    }
}
