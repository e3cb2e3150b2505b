namespace Heed.Tests.Tasks;

[Collection(MemoryCollection.Name)]
public sealed class TrainingMemoryTests
{
    [Fact]
    public void Steps_of_a_real_size_allocate_under_64_KiB_once_they_run()
    {
        Allocations allocations = new();
        TextClassifier.Train(TextClassifierTests.Data(12 * 64, 1), TextClassifierTests.Data(20, 2), new TextClassifierOptions { Training = new TrainingOptions { EpochCount = 3 } }, allocations);
        allocations.OfLastEpoch.Count.ShouldBe(12);
        allocations.OfLastEpoch.Max().ShouldBeLessThan(64 * 1024);
    }

    /// <summary>What the training thread allocates in each step after an epoch's first.</summary>
    private sealed class Allocations : ITrainingObserver
    {
        private long before;

        public List<long> OfLastEpoch { get; } = [];

        public void OnStep(in TrainingProgress progress)
        {
            long now = GC.GetAllocatedBytesForCurrentThread();
            if (progress.Step == 1)
                OfLastEpoch.Clear();
            OfLastEpoch.Add(progress.Step == 1 ? 0 : now - before);
            before = GC.GetAllocatedBytesForCurrentThread();
        }
    }
}
