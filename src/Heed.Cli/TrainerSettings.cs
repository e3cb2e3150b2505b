using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of the training loop, which every training command has.</summary>
internal sealed class TrainerSettings
{
    private readonly Option<string> optimizer, schedule, monitor;
    private readonly Option<int> epochs, batch, accumulate, patience;
    private readonly Option<double> learningRate, weightDecay, warmup, clip, momentum, labelSmoothing, wordDropout, averaging;
    private readonly Option<bool> findAnomalies, recompute, nesterov;
    private readonly Option<ulong> seed = CommonOptions.Seed();
    private readonly TrainingOptions defaults;

    /// <summary>Makes the options.</summary>
    /// <param name="defaults">What they are unless given.</param>
    /// <param name="rows">What a batch counts, as <c>Rows</c>.</param>
    /// <param name="text">What is read, as <c>text</c>.</param>
    /// <param name="classes">What a target is one of, as <c>classes</c>.</param>
    /// <param name="scores">What there is to monitor.</param>
    public TrainerSettings(TrainingOptions defaults, string rows, string text, string classes, string scores)
    {
        this.defaults = defaults;
        wordDropout = Options.AddNumber("--word-dropout", $"Probability that a token of a training {text} is read as unknown.", defaults.WordDropout);
        optimizer = Options.Add("--optimizer", "What makes the steps: adamw or sgd.", defaults.Optimizer, "name");
        momentum = Options.AddNumber("--momentum", "Momentum of sgd.", defaults.Momentum);
        nesterov = Options.Flag("--nesterov", "Steps of sgd look ahead.");
        labelSmoothing = Options.AddNumber("--label-smoothing", $"Share of each target that goes to all {classes} alike.", defaults.LabelSmoothing);
        averaging = Options.AddNumber("--averaging", "Decay of a running average of the weights, such as 0.999; 0 for none.", defaults.AveragingDecay);
        epochs = Options.Add("--epochs", "Epochs at most.", defaults.EpochCount);
        batch = Options.Add("--batch", $"{rows} a step.", defaults.BatchSize);
        accumulate = Options.Add("--accumulate", "Batches whose gradients make one step together.", defaults.AccumulationSteps);
        recompute = Options.Flag("--recompute", "Layers of Transformers compute their activations again in the backward pass: less memory, slower, the same results.");
        learningRate = Options.AddNumber("--learning-rate", "Highest learning rate.", defaults.LearningRate);
        weightDecay = Options.AddNumber("--weight-decay", "Weight decay, relative to the learning rate.", defaults.WeightDecay);
        schedule = Options.Add("--schedule", "Learning rate over time: constant or cosine.", defaults.Schedule, "name");
        warmup = Options.AddNumber("--warmup", "Share of all steps in which the learning rate rises.", defaults.Warmup);
        clip = Options.AddNumber("--clip", "Largest norm of the gradients; 0 for no limit.", defaults.ClipNorm);
        patience = Options.Add("--patience", "Epochs without a better dev score before training stops.", defaults.Patience);
        monitor = Options.Add("--monitor", $"The dev score that decides: {scores}.", defaults.Monitor, "name");
        findAnomalies = Options.Flag("--find-anomalies", "Name the operation where the first NaN or infinity arises; slower.");
        Options.AddRange([seed]);
    }

    public OptionList Options { get; } = new();

    public ulong Seed(ParseResult parsed) => parsed.GetValue(seed);

    /// <summary>Whether a label smoothing was given.</summary>
    public bool SaysLabelSmoothing(ParseResult parsed) => labelSmoothing.IsGiven(parsed);

    /// <summary>The options.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="usual">What they are unless given, where that is not what the help says; null for that.</param>
    public TrainingOptions Read(ParseResult parsed, TrainingOptions? usual = null)
    {
        usual ??= defaults;
        return new TrainingOptions
        {
            Seed = parsed.GetValue(seed),
            EpochCount = epochs.Or(parsed, usual.EpochCount),
            BatchSize = batch.Or(parsed, usual.BatchSize),
            AccumulationSteps = accumulate.Or(parsed, usual.AccumulationSteps),
            Recomputes = parsed.GetValue(recompute),
            LearningRate = learningRate.Or(parsed, usual.LearningRate),
            WeightDecay = weightDecay.Or(parsed, usual.WeightDecay),
            Schedule = schedule.Or(parsed, usual.Schedule),
            Warmup = warmup.Or(parsed, usual.Warmup),
            ClipNorm = clip.Or(parsed, usual.ClipNorm),
            Patience = patience.Or(parsed, usual.Patience),
            Monitor = monitor.Or(parsed, usual.Monitor),
            Optimizer = optimizer.Or(parsed, usual.Optimizer),
            Momentum = momentum.Or(parsed, usual.Momentum),
            Nesterov = parsed.GetValue(nesterov),
            LabelSmoothing = labelSmoothing.Or(parsed, usual.LabelSmoothing),
            WordDropout = wordDropout.Or(parsed, usual.WordDropout),
            AveragingDecay = averaging.Or(parsed, usual.AveragingDecay),
            FindAnomalies = parsed.GetValue(findAnomalies),
        };
    }
}
