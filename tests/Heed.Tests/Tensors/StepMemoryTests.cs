namespace Heed.Tests.Tensors;

[Collection(MemoryCollection.Name)]
public sealed class StepMemoryTests
{
    [Fact]
    public void Memory_is_flat_over_two_thousand_steps_and_nobody_disposes()
    {
        Linear layer = new(37, 41);
        AdamW optimizer = new(layer.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(1, "steps");
        void Run(int count)
        {
            for (int i = 0; i < count; i++)
            {
                // Batches of changing lengths, as text has them.
                int rows = 1 + (i * 7919 % 113);
                Step.Train(random.Fork((ulong)i), i, pass => layer.Forward(pass.Input(new float[rows * 37], new Shape(rows, 37)), pass).Tanh().Sum());
                optimizer.Step(1e-3, 1);
            }
        }
        Run(200);
        GC.Collect();
        long pool = TensorPool.AllocatedBytes, heap = GC.GetTotalMemory(forceFullCollection: true);
        Run(2000);
        (TensorPool.AllocatedBytes - pool).ShouldBe(0, "the pool must not grow");
        // No step leaves anything. What is seen at times is up to two allocation contexts of 8 KiB, which threads of the process hold; an object of the smallest size (24 bytes) a step would be 48,000 bytes.
        (GC.GetTotalMemory(forceFullCollection: true) - heap).ShouldBeLessThan(32 << 10);
    }

    [Fact]
    public void Gradients_of_results_are_given_back_on_the_way()
    {
        const int Layers = 14, Size = 4096;
        Parameter p = new(new Shape(Size), Initializer.Zeros);
        p.Assign([.. Enumerable.Range(0, Size).Select(i => i / (float)Size)]);
        p.Gradient.Length.ShouldBe(0);
        TensorPool.ResetPeak();
        long before = TensorPool.UsedBytes;
        Step.Train(new RandomStream(1, "test"), 0, pass =>
        {
            Tensor x = pass.Use(p).Scale(1);
            for (int i = 0; i < Layers; i++)
                x += x.Reshape(new Shape(2, Size / 2)).Scale(0.5f).Reshape(new Shape(Size));
            return x.Sum();
        });
        TensorPool.UsedBytes.ShouldBe(before);
        // Two results a layer, and one before; of their gradients, of which there are four a layer, a few at once. A block may be twice as long as what was asked for.
        (TensorPool.PeakBytes - before).ShouldBeLessThan(2 * 4L * Size * ((2 * Layers) + 1 + 6));
        p.Gradient.ToArray().ShouldAllBe(g => g == (float)Math.Pow(1.5, Layers));
    }
}
