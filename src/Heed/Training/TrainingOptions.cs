using System.Text.Json.Serialization;

namespace Heed;

/// <summary>How a model is trained.</summary>
/// <remarks>The defaults are those that the results page was made with.</remarks>
public sealed record TrainingOptions
{
    /// <summary>Settings for the fine-tuning of a pretrained encoder: 4 epochs of 32 rows a step, a learning rate of 3e-5 that rises over a tenth of the steps and falls, no word dropout, no averaging.</summary>
    public static TrainingOptions FineTuning { get; } = new()
    {
        EpochCount = 4, BatchSize = 32, LearningRate = 3e-5, Schedule = "cosine", Warmup = 0.1, WordDropout = 0, AveragingDecay = 0, Patience = 2,
    };

    /// <summary>The learning rate for the same with low-rank adapters (<see cref="LoraConfig"/>), of which there are few: 3e-4.</summary>
    public const double LoraLearningRate = 3e-4;

    /// <summary>The seed of everything random in the run: first weights, order of rows, dropout.</summary>
    /// <value>Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>How often the training rows are gone through at most.</summary>
    /// <value>Default 12; at least 1.</value>
    public int EpochCount { get; init; } = 12;

    /// <summary>Rows a step.</summary>
    /// <value>Default 64; at least 1.</value>
    public int BatchSize { get; init; } = 64;

    /// <summary>Batches whose gradients are added before a step is made: as one batch of <see cref="BatchSize"/> times as many rows, in the memory of one. Gradients are those of the mean over all of its rows
    /// (of tokens, where tokens are foretold); with weights of classes the batches count by their rows.</summary>
    /// <value>Default 1; at least 1.</value>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>Whether each layer of a Transformer drops its activations and computes them again in the backward pass: less memory, one more forward pass, the same bits (Chen et al. 2016).</summary>
    /// <value>Default false.</value>
    public bool Recomputes { get; init; }

    /// <summary>What makes the steps: <c>adamw</c> (<see cref="AdamW"/>) or <c>sgd</c> (<see cref="Sgd"/>, with <see cref="Momentum"/>).</summary>
    /// <value>Default <c>adamw</c>.</value>
    public string Optimizer { get => field ?? "adamw"; init; } = "adamw";

    /// <summary>The momentum of <c>sgd</c>.</summary>
    /// <value>Default 0.9; in [0, 1).</value>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether steps of <c>sgd</c> look ahead, by Nesterov; needs a momentum.</summary>
    /// <value>Default false.</value>
    // Not written where false, so that runs from before go on from their checkpoints, which hold a hash of the options.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Nesterov { get; init; }

    /// <summary>The highest learning rate; <c>sgd</c> wants a larger one, such as 0.1.</summary>
    /// <value>Default 0.001; above 0.</value>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Decoupled weight decay, relative to the learning rate.</summary>
    /// <value>Default 0.01; at least 0.</value>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>The learning rate over time: <c>constant</c>, or <c>cosine</c> (falls to 0 at the last epoch).</summary>
    /// <value>Default <c>constant</c>.</value>
    public string Schedule { get; init; } = "constant";

    /// <summary>Share of all steps in which the learning rate rises from 0.</summary>
    /// <value>Default 0; in [0, 1).</value>
    public double Warmup { get; init; }

    /// <summary>Gradients with a larger norm over all parameters are scaled down to it; 0 switches it off.</summary>
    /// <value>Default 1.</value>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Epochs without a better dev score after which training stops.</summary>
    /// <value>Default 3; at least 1.</value>
    public int Patience { get; init; } = 3;

    /// <summary>What "better" means on the dev rows: <c>accuracy</c>, <c>macro-f1</c>, <c>loss</c>, or <c>auto</c>: macro F1 where the most frequent
    /// label has more than three times as many rows as the rarest, accuracy otherwise. Segmentation has <c>mean-iou</c> as well, detection <c>mean-ap</c>.</summary>
    /// <value>Default <c>auto</c>.</value>
    public string Monitor { get; init; } = "auto";

    /// <summary>Weights of the classes in the loss: <c>none</c>, <c>balanced</c> (rows / (classes · rows of the class)), or <c>auto</c>: balanced where the most
    /// frequent label has more than three times as many rows as the rarest, none otherwise. For sets of labels balanced lets the rows with a label count (rows without it / rows with it) times
    /// for it; auto is none, as each label has a threshold of its own.</summary>
    /// <value>Default <c>auto</c>.</value>
    public string ClassWeights { get; init; } = "auto";

    /// <summary>Share of each target that goes to all classes alike, against overconfidence.</summary>
    /// <value>Default 0; in [0, 1).</value>
    public double LabelSmoothing { get; init; }

    /// <summary>Probability that a token of a training text is read as unknown, which teaches the model to live with unknown words.</summary>
    /// <value>Default 0.1; in [0, 1).</value>
    public double WordDropout { get; init; } = 0.1;

    /// <summary>Decay β of the running average of the weights that is evaluated and kept instead of the last step's, 0 for none:
    /// w̄ ← w̄ + (1 − min(β, (1 + t)/(10 + t)))·(w − w̄) at step t.</summary>
    /// <value>Default 0.99; in [0, 1).</value>
    public double AveragingDecay { get; init; } = 0.99;

    /// <summary>Whether the model's weights become the mean of those at the end of several epochs: <c>none</c>, <c>best:K</c> (those of the K best dev scores) or <c>last:K</c>; of fewer epochs all. The mean is
    /// kept in place of the best epoch's weights, whatever it reaches (<see cref="TrainingReport.Mean"/>); with a running average it is that of the averages.</summary>
    /// <value>Default <c>none</c>; K in 2 … 100, a copy of the weights for each.</value>
    public string CheckpointAveraging { get => field ?? "none"; init; } = "none";

    /// <summary>Looks for the first NaN or infinity in every result and gradient; slower.</summary>
    /// <value>Default false.</value>
    public bool FindAnomalies { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; says which, what is allowed, and what came.</exception>
    public void Validate()
    {
        Require(EpochCount >= 1, nameof(EpochCount), "at least 1", EpochCount);
        Require(BatchSize >= 1, nameof(BatchSize), "at least 1", BatchSize);
        Require(AccumulationSteps >= 1, nameof(AccumulationSteps), "at least 1", AccumulationSteps);
        Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), "above 0", LearningRate);
        Require(WeightDecay >= 0, nameof(WeightDecay), "at least 0", WeightDecay);
        Require(Schedule is "constant" or "cosine", nameof(Schedule), "constant or cosine", Schedule);
        Require(Warmup is >= 0 and < 1, nameof(Warmup), "in [0, 1)", Warmup);
        Require(ClipNorm >= 0, nameof(ClipNorm), "at least 0", ClipNorm);
        Require(Optimizer is "adamw" or "sgd", nameof(Optimizer), "adamw or sgd", Optimizer);
        Require(Momentum is >= 0 and < 1, nameof(Momentum), "in [0, 1)", Momentum);
        if (Nesterov && (Optimizer != "sgd" || Momentum == 0))
            throw new ArgumentException(FormattableString.Invariant($"TrainingOptions: Nesterov is of sgd with momentum, got {Optimizer} with {Momentum}; leave it out, or set Optimizer = \"sgd\" and a Momentum above 0."), nameof(Nesterov));
        Require(LabelSmoothing is >= 0 and < 1, nameof(LabelSmoothing), "in [0, 1)", LabelSmoothing);
        Require(WordDropout is >= 0 and < 1, nameof(WordDropout), "in [0, 1)", WordDropout);
        Require(AveragingDecay is >= 0 and < 1, nameof(AveragingDecay), "in [0, 1)", AveragingDecay);
        Require(KeptCheckpoints.Parse(CheckpointAveraging) is not null, nameof(CheckpointAveraging), "none, best:K or last:K with K from 2 to 100", $"'{CheckpointAveraging}'");
        Require(Patience >= 1, nameof(Patience), "at least 1", Patience);
        Require(Monitor is "auto" or "accuracy" or "macro-f1" or "loss" or "mean-iou" or "mean-ap", nameof(Monitor), "auto, accuracy, macro-f1, loss, mean-iou or mean-ap", Monitor);
        Require(ClassWeights is "auto" or "none" or "balanced", nameof(ClassWeights), "auto, none or balanced", ClassWeights);
    }

    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="stepCount">Steps of the whole run.</param>
    public double LearningRateAt(long step, long stepCount)
    {
        double rise = Warmup * stepCount;
        if (step < rise)
            return LearningRate * (step + 1) / (rise + 1);
        return Schedule == "constant" ? LearningRate
            : LearningRate * 0.5 * (1 + Math.Cos(Math.PI * (step - rise) / Math.Max(1, stepCount - rise)));
    }

    private static void Require(bool holds, string name, string allowed, object value)
    {
        if (!holds)
            throw new ArgumentException(FormattableString.Invariant($"TrainingOptions: {name} must be {allowed}, got {value}."), name);
    }
}
