using Heed.Testing;

namespace Heed.Tests.Training;

/// <summary>Optimizers, averaging, smoothing, word dropout, checkpoints: what each changes, and what it must not change.</summary>
public sealed class TrainingPracticeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sgd_with_momentum_makes_the_steps_of_its_formula(bool nesterov)
    {
        Parameter p = new(new Shape(2), Initializer.Zeros);
        p.Assign([1, -2]);
        Sgd sgd = new([p], momentum: 0.5, weightDecay: 0.1, nesterov);
        double[] expected = [1, -2], velocity = [0, 0];
        for (int step = 0; step < 3; step++)
        {
            Step.Train(new RandomStream(1, "x"), step, pass => pass.Use(p).Sum());
            sgd.Step(0.1);
            for (int i = 0; i < 2; i++)
            {
                double gradient = 1 + (0.1 * expected[i]);
                velocity[i] = (0.5 * velocity[i]) + gradient;
                expected[i] -= 0.1 * (nesterov ? gradient + (0.5 * velocity[i]) : velocity[i]);
            }
        }
        p.Values.ToArray().Select(v => (double)v).ShouldBe(expected, 1e-6);
        sgd.StepCount.ShouldBe(3);
        p.HasGradient.ShouldBeFalse();
    }

    [Fact]
    public void The_average_is_that_of_its_formula_and_exchanges_back()
    {
        Linear layer = new(1, 1, hasBias: false);
        layer.Weight.Assign([4]);
        WeightAverage average = new(layer, 0.9);
        double expected = 4;
        for (int step = 0; step < 5; step++)
        {
            layer.Weight.Assign([step]);
            average.Update(step);
            expected += (1 - Math.Min(0.9, (1.0 + step) / (10 + step))) * (step - expected);
        }
        average.Exchange();
        layer.Weight.Values[0].ShouldBe((float)expected, 1e-5f);
        average.Exchange();
        layer.Weight.Values[0].ShouldBe(4);
    }

    [Theory]
    [InlineData("sgd", 0, 0.5, 40)]
    [InlineData("adamw", 0.95, 5e-3, 8)]
    public void Other_ways_to_train_learn_too(string optimizer, double averaging, double learningRate, int epochs)
    {
        TextClassifier model = Train(new TrainingOptions { Optimizer = optimizer, AveragingDecay = averaging, LearningRate = learningRate, WeightDecay = optimizer == "sgd" ? 1e-4 : 1e-2, LabelSmoothing = 0.05, WordDropout = 0.05, EpochCount = epochs, Patience = epochs });
        model.Evaluate(Tasks.TextClassifierTests.Data(200, 9)).Accuracy.Value.ShouldBeGreaterThan(0.9);
    }

    [Fact]
    public void Each_setting_changes_the_run_and_none_its_repetition()
    {
        TrainingOptions plain = new() { EpochCount = 1 };
        TrainingOptions[] all = [plain, plain with { WordDropout = 0.2 }, plain with { LabelSmoothing = 0.1 }, plain with { AveragingDecay = 0.5 }, plain with { Optimizer = "sgd" }, plain with { Optimizer = "sgd", Nesterov = true }];
        float[][] first = [.. all.Select(o => Weights(Train(o)))], again = [.. all.Select(o => Weights(Train(o)))];
        for (int i = 0; i < all.Length; i++)
        {
            again[i].ShouldBe(first[i]);
            for (int j = 0; j < i; j++)
                first[i].ShouldNotBe(first[j]);
        }
        Weights(Train(plain, variational: true)).ShouldNotBe(first[0]);
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void A_run_that_is_cancelled_and_resumed_any_number_of_times_has_the_bits_of_one_in_one_go(string optimizer)
    {
        TrainingOptions options = new() { EpochCount = 4, Optimizer = optimizer, AveragingDecay = 0.9, WordDropout = 0.1, Patience = 4 };
        TextClassifier whole = Train(options);
        using TemporaryFolder folder = new();
        CheckpointOptions checkpoint = new() { Path = folder["checkpoint"], Resume = true };
        TextClassifier resumed;
        int runs = 0;
        do
        {
            using CancellationTokenSource source = new();
            resumed = Train(options, checkpoint: checkpoint, observer: new CancelAfter(source, 7), cancellation: source.Token);
            runs++;
        }
        while (resumed.Record.WasCancelled && runs < 50);
        runs.ShouldBeGreaterThan(5);
        Weights(resumed).ShouldBe(Weights(whole));
        resumed.Record.BestEpoch.ShouldBe(whole.Record.BestEpoch);
        resumed.Record.Epochs.Select(e => (e.TrainLoss, e.DevLoss, e.Accuracy)).ShouldBe(whole.Record.Epochs.Select(e => (e.TrainLoss, e.DevLoss, e.Accuracy)));
        resumed.Temperature.ShouldBe(whole.Temperature);
    }

    [Fact]
    public void A_running_average_has_statistics_of_norms_too()
    {
        BatchNorm norm = new(2);
        norm.Initialize(1);
        WeightAverage average = new(norm, decay: 0.75);
        StateBuffer mean = norm.NamedBuffers().Single(b => b.Name == "running_mean").Buffer;
        float[] start = mean.Values.ToArray();
        new float[] { 4, 8 }.CopyTo(mean.Values);
        // After so many steps β is 3/4 as asked for.
        average.Update(1000);
        average.Exchange();
        mean.Values.ToArray().ShouldBe([(0.75f * start[0]) + 1, (0.75f * start[1]) + 2]);
        average.Exchange();
        mean.Values.ToArray().ShouldBe([4, 8]);
        average.State().Select(a => a.Name).ShouldBe(["weight", "bias", "running_mean", "running_var"], ignoreOrder: true);
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused()
    {
        using TemporaryFolder folder = new();
        CheckpointOptions checkpoint = new() { Path = folder["checkpoint"], Interval = TimeSpan.Zero, Resume = true };
        TrainingOptions options = new() { EpochCount = 1 };
        Train(options, checkpoint: checkpoint);
        Should.Throw<InputException>(() => Train(options with { LearningRate = 0.5 }, checkpoint: checkpoint)).Message.ShouldContain("other data, options or network");
        File.WriteAllText(Path.Combine(folder["checkpoint"], "state.json"), "{}");
        Should.Throw<InputException>(() => Train(options, checkpoint: checkpoint)).Message.ShouldContain("state.json");
        Train(options, checkpoint: checkpoint with { Resume = false }).Record.Epochs.Count.ShouldBe(1);
    }

    [Fact]
    public void A_search_tries_the_given_settings_first_and_none_twice()
    {
        TextClassifierOptions[] all = TextSearch.Settings(new TextClassifierOptions(), TargetKind.Single, 96);
        (all[0].Training, all[0].Network).ShouldBe((new TrainingOptions(), null));
        all.Skip(1).Select(o => (o.Training, o.Network)).Distinct().Count().ShouldBe(95);
        Should.Throw<ArgumentOutOfRangeException>(() => TextSearch.Settings(new TextClassifierOptions(), TargetKind.Single, 97));
        List<TextTrial> told = [];
        TextClassifier best = TextSearch.Run(Tasks.TextClassifierTests.Data(100, 1), Tasks.TextClassifierTests.Data(60, 2), Options(new TrainingOptions { EpochCount = 2 }), 3, told.Add);
        told.Count.ShouldBe(3);
        EpochReport winner = told.Last(t => t.IsBest).Best;
        winner.Accuracy.ShouldBe(told.Max(t => t.Best.Accuracy));
        best.Record.Epochs[best.Record.BestEpoch - 1].DevLoss.ShouldBe(winner.DevLoss);
        best.Baseline.ShouldNotBeNull();
    }

    [Fact]
    public void A_layer_of_labels_reads_each_vector_alone()
    {
        LabelwiseLinear layer = new(2, 3);
        layer.NamedParameters().Single(p => p.Name == "weight").Parameter.Assign([1, 2, 3, -1, 0, 1]);
        layer.NamedParameters().Single(p => p.Name == "bias").Parameter.Assign([0.5f, -0.5f]);
        float[] y = Step.Evaluate(pass => layer.Forward(pass.Input([1, 1, 1, 2, 5, 7], new Shape(1, 2, 3)), pass).ToArray());
        y.ShouldBe([6.5f, 4.5f], 1e-5);
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => layer.Forward(pass.Input([1, 1, 1], new Shape(1, 1, 3)), pass).ToArray()));
    }

    private static float[] Weights(TextClassifier model) => [.. model.Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray())];

    private static TextClassifierOptions Options(TrainingOptions training, bool variational = false) => new()
    {
        Network = new BlstmConfig { EmbeddingSize = 10, HiddenSize = 8, AttentionSize = 8, Dropout = 0.2, VariationalDropout = variational },
        Training = training with { BatchSize = 16 },
    };

    private static TextClassifier Train(
        TrainingOptions training, bool variational = false, CheckpointOptions? checkpoint = null, ITrainingObserver? observer = null, CancellationToken cancellation = default) =>
        TextClassifier.Train(Tasks.TextClassifierTests.Data(240, 1), Tasks.TextClassifierTests.Data(80, 2), Options(training, variational) with { Checkpoint = checkpoint }, observer, cancellation);

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
