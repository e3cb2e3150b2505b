using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of the training loop, which every training command has.</summary>
internal sealed class TrainerSettings
{
    private readonly Option<string> optimizer, schedule, monitor;
    private readonly Option<int> epochs, batch, accumulate, patience;
    private readonly Option<double> learningRate, weightDecay, warmup, clip, momentum, labelSmoothing, wordDropout, averaging;
    private readonly Option<bool> findAnomalies, recompute;
    private readonly Option<ulong> seed = CommonOptions.Seed();

    /// <summary>Makes the options.</summary>
    /// <param name="defaults">What they are unless given.</param>
    /// <param name="rows">What a batch counts, as <c>Rows</c>.</param>
    /// <param name="text">What is read, as <c>text</c>.</param>
    /// <param name="classes">What a target is one of, as <c>classes</c>.</param>
    /// <param name="scores">What there is to monitor.</param>
    public TrainerSettings(TrainingOptions defaults, string rows, string text, string classes, string scores)
    {
        wordDropout = Options.AddNumber("--word-dropout", $"Probability that a token of a training {text} is read as unknown.", defaults.WordDropout);
        optimizer = Options.Add("--optimizer", "What makes the steps: adamw or sgd.", defaults.Optimizer, "name");
        momentum = Options.AddNumber("--momentum", "Momentum of sgd.", defaults.Momentum);
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
    public bool SaysLabelSmoothing(ParseResult parsed) => parsed.GetResult(labelSmoothing) is { Implicit: false };

    /// <summary>The options.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="usual">What a model takes where nothing was given, of epochs, learning rate with its course, patience and averaging; null: the defaults that the help tells.</param>
    public TrainingOptions Read(ParseResult parsed, TrainingOptions? usual = null)
    {
        TrainingOptions read = Read(parsed);
        return usual is null ? read : read with
        {
            EpochCount = OptionList.Given(parsed, epochs, usual.EpochCount),
            LearningRate = OptionList.Given(parsed, learningRate, usual.LearningRate),
            Schedule = OptionList.Given(parsed, schedule, usual.Schedule),
            Warmup = OptionList.Given(parsed, warmup, usual.Warmup),
            Patience = OptionList.Given(parsed, patience, usual.Patience),
            AveragingDecay = OptionList.Given(parsed, averaging, usual.AveragingDecay),
        };
    }

    private TrainingOptions Read(ParseResult parsed) => new()
    {
        Seed = parsed.GetValue(seed),
        EpochCount = parsed.GetValue(epochs),
        BatchSize = parsed.GetValue(batch),
        AccumulationSteps = parsed.GetValue(accumulate),
        Recomputes = parsed.GetValue(recompute),
        LearningRate = parsed.GetValue(learningRate),
        WeightDecay = parsed.GetValue(weightDecay),
        Schedule = parsed.GetValue(schedule)!,
        Warmup = parsed.GetValue(warmup),
        ClipNorm = parsed.GetValue(clip),
        Patience = parsed.GetValue(patience),
        Monitor = parsed.GetValue(monitor)!,
        Optimizer = parsed.GetValue(optimizer)!,
        Momentum = parsed.GetValue(momentum),
        LabelSmoothing = parsed.GetValue(labelSmoothing),
        WordDropout = parsed.GetValue(wordDropout),
        AveragingDecay = parsed.GetValue(averaging),
        FindAnomalies = parsed.GetValue(findAnomalies),
    };
}
