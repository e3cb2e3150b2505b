namespace Heed.Tests.Training;

public sealed class AccumulationTests
{
    [Fact]
    public void Batches_count_by_what_their_losses_are_means_of_and_the_last_step_of_an_epoch_takes_what_is_left()
    {
        // Losses are means of p·row: gradients of a step are the mean over all of its rows, whatever batch they came in.
        float[][] batches = [[1, 2, 3], [10], [4, 4], [6], [8, 0]];
        Line model = new();
        TrainingOptions options = new() { EpochCount = 1, AccumulationSteps = 2, Optimizer = "sgd", Momentum = 0, WeightDecay = 0, ClipNorm = 0, LearningRate = 1, AveragingDecay = 0 };
        List<TrainingProgress> steps = [];
        TrainingReport report = new Trainer(model, options, [new Listener(steps)]).Run(new Means(model, batches), CancellationToken.None);
        // p = 0, then −(1 + 2 + 3 + 10)/4 = −4, then −(4 + 4 + 6)/3 more, then −(8 + 0)/2 more.
        model.P.Values[0].ShouldBe(-4 - (14 / 3f) - 4, 1e-5f);
        steps.Select(s => (s.Step, s.StepsPerEpoch)).ShouldBe([(1, 3), (2, 3), (3, 3)]);
        // Mean loss of the rows: 0·16, −4·14, (−4 − 14/3)·8 over 9 rows.
        report.Epochs[0].TrainLoss.ShouldBe(((-4 * 14) + ((-4 - (14 / 3.0)) * 8)) / 9, 1e-4);
    }

    [Fact]
    public void A_language_model_reads_the_same_windows_in_parts_and_learns_the_same()
    {
        string text = string.Concat(Enumerable.Range(0, 200).Select(i => $"line {i * 7919 % 1000} of the text\n"));
        LanguageModelOptions whole = new()
        {
            Network = new TransformerConfig { Size = 16, HeadCount = 2, LayerCount = 1, MaximumLength = 16, Position = "rope", Dropout = 0 }, StepCount = 4, EvaluationInterval = 4,
            Training = new LanguageModelOptions().Training with { BatchSize = 6, Optimizer = "sgd", LearningRate = 0.1, Warmup = 0, Schedule = "constant" },
        };
        float[] Weights(TrainingOptions training) => [.. LanguageModel.Train(text, whole with { Training = training }).Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray())];
        float[] once = Weights(whole.Training), parts = Weights(whole.Training with { BatchSize = 2, AccumulationSteps = 3 }), recomputed = Weights(whole.Training with { Recomputes = true });
        parts.ShouldBe(once, 1e-5);
        parts.ShouldNotBe(once);
        recomputed.ShouldBe(once);
    }

    private sealed class Line : Module
    {
        public Line() => P = Register("p", new Parameter(new Shape(1), Initializer.Zeros));

        public Parameter P { get; }
    }

    private sealed class Means(Line model, float[][] batches) : ITrainingTask<float[]>
    {
        public string Description => "";

        public IReadOnlyList<string> Notes => [];

        public int StepsPerEpoch => batches.Length;

        public IEnumerable<float[]> Batches(int epoch, int first, CancellationToken cancellation) => batches.Skip(first);

        public int RowsOf(float[] batch) => batch.Length;

        public Tensor Loss(float[] batch, in Pass pass) => pass.Use(model.P).Scale(batch.Average());

        public DevScore Evaluate(CancellationToken cancellation) => default;
    }

    private sealed class Listener(List<TrainingProgress> steps) : ITrainingObserver
    {
        public void OnStep(in TrainingProgress progress) => steps.Add(progress);
    }
}
