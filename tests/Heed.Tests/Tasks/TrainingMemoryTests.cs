namespace Heed.Tests.Tasks;

[Collection(MemoryCollection.Name)]
public sealed class TrainingMemoryTests
{
    [Fact]
    public void Steps_of_a_real_size_allocate_under_64_KiB_once_they_run()
    {
        const int Steps = 40, Epochs = 3;
        Allocations allocations = new();
        TextClassifier.Train(TextClassifierTests.Data(Steps * 64, 1), TextClassifierTests.Data(20, 2), new TextClassifierOptions { Training = new TrainingOptions { EpochCount = Epochs } }, allocations);
        allocations.Steps.ShouldBe((Epochs - 1) * (Steps - 1 - Allocations.Ahead));
        (allocations.Bytes / allocations.Steps).ShouldBeLessThan(64 * 1024);
    }

    [Theory]
    [InlineData("se-resnet20")]
    [InlineData("unet")]
    [InlineData("fcos")]
    public void Steps_of_picture_networks_take_memory_once_and_give_it_back(string name)
    {
        const int Batch = 4, Size = 32;
        UNet unet = new(new UNetConfig { Widths = [8, 16], Attention = "scse" });
        Fcos fcos = new(new FcosConfig { Width = 16, Backbone = new ResNetConfig { Depths = [1, 1], Widths = [8, 16] } });
        PictureNetwork residual = PictureNetworkConfig.Named("se-resnet20").Create();
        Module network = name == "unet" ? unet : name == "fcos" ? fcos : residual;
        network.Initialize(1);
        Sgd optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        float[] pictures = new float[Batch * Size * Size * 3];
        RandomStream random = new(1, "steps");
        long number = 0;
        void Once()
        {
            Step.Train(random, number++, pass =>
            {
                Tensor x = pass.Input(pictures, new Shape(Batch, Size, Size, 3));
                Tensor y = name == "unet" ? unet.Forward(x, pass) : name == "fcos" ? fcos.Forward(x, pass)[0].Classes : residual.Forward(x, pass);
                return y.Tanh().Sum();
            });
            optimizer.Step(1e-4);
        }
        for (int n = 0; n < 8; n++)
            Once();
        long held = GC.GetTotalMemory(forceFullCollection: true), allocated = GC.GetTotalAllocatedBytes(precise: true);
        const int Steps = 24;
        for (int n = 0; n < Steps; n++)
            Once();
        ((GC.GetTotalAllocatedBytes(precise: true) - allocated) / Steps).ShouldBeLessThan(512 * 1024);
        (GC.GetTotalMemory(forceFullCollection: true) - held).ShouldBeLessThan(256 * 1024);
    }

    /// <summary>What the whole process allocates in the steps after the first epoch: the thread that trains, the workers, and the reader that prepares the next rows.</summary>
    private sealed class Allocations : ITrainingObserver
    {
        /// <summary>The reader is done some steps before the last one; these would count for too little.</summary>
        public const int Ahead = 8;

        private long before;

        public int Steps { get; private set; }

        public long Bytes { get; private set; }

        public void OnStep(in TrainingProgress progress)
        {
            // What an epoch begins and ends with (the evaluation, the best weights) is no step's.
            if (progress.Epoch > 1 && progress.Step > 1 && progress.Step <= progress.StepsPerEpoch - Ahead)
            {
                Bytes += GC.GetTotalAllocatedBytes(precise: true) - before;
                Steps++;
            }
            before = GC.GetTotalAllocatedBytes(precise: true);
        }
    }
}
