namespace Heed.Tests.Tensors;

[Collection(MemoryCollection.Name)]
public sealed class StepMemoryTests
{
    [Fact]
    public void Memory_is_flat_over_a_thousand_steps_and_nobody_disposes()
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
        Run(1000);
        (TensorPool.AllocatedBytes - pool).ShouldBe(0, "the pool must not grow");
        (GC.GetTotalMemory(forceFullCollection: true) - heap).ShouldBeLessThan(4 << 20);
    }
}
