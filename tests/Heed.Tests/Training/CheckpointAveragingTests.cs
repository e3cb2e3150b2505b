using Heed.Testing;

namespace Heed.Tests.Training;

/// <summary>The mean of the weights of several epochs: which ones, their mean, and that a run in parts has the same.</summary>
public sealed class CheckpointAveragingTests
{
    private static readonly double[] losses = [5, 3, 4, 1, 3, 2];

    [Theory]
    [InlineData("best:2", new[] { 4, 6 })]
    [InlineData("best:3", new[] { 2, 4, 6 })] // epochs 2 and 5 are equal: the earlier stays
    [InlineData("last:3", new[] { 4, 5, 6 })]
    [InlineData("last:50", new[] { 1, 2, 3, 4, 5, 6 })]
    public void The_weights_are_the_mean_of_those_at_the_end_of_the_epochs(string asked, int[] epochs)
    {
        Scripted task = new();
        TrainingReport report = new Trainer(task.Model, Options(asked), []).Run(task, CancellationToken.None);
        report.Mean!.Epochs.ShouldBe(epochs);
        report.BestEpoch.ShouldBe(4);
        for (int i = 0; i < 2; i++)
            task.Model.P.Values[i].ShouldBe((float)(epochs.Sum(e => (double)task.Seen[e - 1][i]) / epochs.Length));
        // Looked at once more, with the mean in place.
        task.Seen.Count.ShouldBe(losses.Length + 1);
        task.Seen[^1].ShouldBe(task.Model.P.Values.ToArray());
        report.Mean.DevLoss.ShouldBe(Scripted.LossOfMean);
    }

    [Fact]
    public void With_a_running_average_it_is_the_mean_of_the_averages_and_without_either_the_best_epoch_stays()
    {
        Scripted task = new();
        new Trainer(task.Model, Options("last:2") with { AveragingDecay = 0.5 }, []).Run(task, CancellationToken.None);
        task.Model.P.Values[0].ShouldBe((float)(((double)task.Seen[4][0] + task.Seen[5][0]) / 2));
        Scripted plain = new();
        TrainingReport report = new Trainer(plain.Model, Options("none"), []).Run(plain, CancellationToken.None);
        report.Mean.ShouldBeNull();
        plain.Model.P.Values.ToArray().ShouldBe(plain.Seen[3]);
        plain.Seen.Count.ShouldBe(losses.Length);
        plain.Seen[4].ShouldNotBe(task.Seen[4]);
    }

    [Theory]
    [InlineData("best:2")]
    [InlineData("last:3")]
    public void A_run_in_parts_has_the_bits_of_one_in_one_go(string asked)
    {
        Scripted whole = new();
        TrainingReport expected = new Trainer(whole.Model, Options(asked), []).Run(whole, CancellationToken.None);
        using TemporaryFolder folder = new();
        CheckpointOptions where = new() { Path = folder["checkpoint"], Resume = true };
        TrainingReport report;
        Scripted part;
        int runs = 0;
        do
        {
            using CancellationTokenSource source = new();
            part = new Scripted();
            report = new Trainer(part.Model, Options(asked), [new CancelAfter(source, 3)], new Checkpoint(where, "run")).Run(part, source.Token);
            runs++;
        }
        while (report.WasCancelled && runs < 20);
        runs.ShouldBeGreaterThan(3);
        part.Model.P.Values.ToArray().ShouldBe(whole.Model.P.Values.ToArray());
        report.Mean!.Epochs.ShouldBe(expected.Mean!.Epochs);
    }

    [Fact]
    public void What_cannot_be_read_is_refused_and_the_record_tells_of_the_mean()
    {
        foreach (string wrong in new[] { "best", "best:1", "last:101", "worst:3", "best:-2", "best:2:3", "best: 2", "" })
            Should.Throw<ArgumentException>(() => new TrainingOptions { CheckpointAveraging = wrong }.Validate()).Message.ShouldContain($"CheckpointAveraging must be none, best:K or last:K with K from 2 to 100, got '{wrong}'");
        string text = string.Concat(Enumerable.Range(0, 100).Select(i => $"line {i * 7919 % 1000} of the text\n"));
        LanguageModel model = LanguageModel.Train(text, new LanguageModelOptions
        {
            Network = new TransformerConfig { Size = 8, HeadCount = 2, LayerCount = 1, MaximumLength = 16, Position = "rope", Dropout = 0 }, StepCount = 6, EvaluationInterval = 2,
            Training = new LanguageModelOptions().Training with { BatchSize = 2, CheckpointAveraging = "last:2" },
        });
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        CheckpointMean mean = LanguageModel.Load(folder["model"]).Record.Mean!;
        mean.Epochs.ShouldBe([2, 3]);
        mean.DevLoss.ShouldBe(model.Record.Mean!.DevLoss);
        mean.DevLoss.ShouldNotBe(model.Record.Epochs[^1].DevLoss);
    }

    private static TrainingOptions Options(string asked) => new()
    {
        EpochCount = losses.Length, Patience = 9, Optimizer = "sgd", LearningRate = 0.1, WeightDecay = 0, ClipNorm = 0, AveragingDecay = 0, Monitor = "loss", CheckpointAveraging = asked,
    };

    private sealed class Pair : Module
    {
        public Pair()
        {
            P = Register("p", new Parameter(new Shape(2), Initializer.Zeros));
            P.Assign([1, -1]);
        }

        public Parameter P { get; }
    }

    /// <summary>Two steps an epoch, no two weights alike, and dev losses as written above.</summary>
    private sealed class Scripted : ITrainingTask<float>
    {
        public const double LossOfMean = 0.5;
        private int epoch, last;

        public Pair Model { get; } = new();

        public List<float[]> Seen { get; } = [];

        public string Description => "";

        public IReadOnlyList<string> Notes => [];

        public int StepsPerEpoch => 2;

        public IEnumerable<float> Batches(int number, int first, CancellationToken cancellation)
        {
            epoch = number;
            return new[] { number + 0.25f, number - 0.125f }.Skip(first);
        }

        public int RowsOf(float batch) => 1;

        public Tensor Loss(float batch, in Pass pass) => (pass.Use(Model.P).Tanh() * pass.Input([batch, 1 / batch], new Shape(2))).Sum();

        public DevScore Evaluate(CancellationToken cancellation)
        {
            Seen.Add(Model.P.Values.ToArray());
            // The same epoch again: the mean is looked at.
            bool isMean = epoch == last;
            last = epoch;
            return new DevScore(isMean ? LossOfMean : losses[epoch - 1], 0, 0);
        }
    }

    private sealed class CancelAfter(CancellationTokenSource source, int steps) : ITrainingObserver
    {
        private int made;

        public void OnStep(in TrainingProgress progress)
        {
            if (++made == steps)
                source.Cancel();
        }
    }
}
