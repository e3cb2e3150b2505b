using System.Text.Json.Serialization;

namespace Heed;

/// <summary>Watches a training run. All members have a default that does nothing.</summary>
/// <remarks>Called on the thread that trains, in this order: start, steps, epoch end, … , end.</remarks>
public interface ITrainingObserver
{
    /// <summary>Before the first step.</summary>
    /// <param name="start">What will be trained.</param>
    void OnStart(TrainingStart start)
    {
    }

    /// <summary>After each step.</summary>
    /// <param name="progress">Where the run stands.</param>
    void OnStep(in TrainingProgress progress)
    {
    }

    /// <summary>After each epoch and its evaluation.</summary>
    /// <param name="epoch">What it reached.</param>
    void OnEpoch(EpochReport epoch)
    {
    }

    /// <summary>After the last step, the best weights restored.</summary>
    /// <param name="report">The run.</param>
    void OnEnd(TrainingReport report)
    {
    }
}

/// <summary>What a run starts with.</summary>
/// <param name="Description">One line on model and data.</param>
/// <param name="ParameterCount">Number of trained values.</param>
/// <param name="Options">The options.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
public sealed record TrainingStart(string Description, long ParameterCount, TrainingOptions Options, int StepsPerEpoch)
{
    /// <summary>What was decided for the user, and why; a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The name of the task's own score (<see cref="EpochReport.Score"/>), such as <c>mean IoU</c>; null where it has none.</summary>
    public string? ScoreName { get; init; }
}

/// <summary>Where a run stands after a step.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="EpochCount">Epochs at most.</param>
/// <param name="Step">Step of the epoch, from 1.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Loss">Mean loss of the epoch so far.</param>
/// <param name="LearningRate">The step's learning rate.</param>
/// <param name="GradientNorm">Norm of the gradients before clipping.</param>
/// <param name="RowsPerSecond">Training rows a second in this epoch.</param>
/// <param name="Remaining">Time to the end of the last epoch at this rate; early stopping may end the run sooner.</param>
public readonly record struct TrainingProgress(
    int Epoch, int EpochCount, int Step, int StepsPerEpoch, double Loss, double LearningRate, double GradientNorm, double RowsPerSecond, TimeSpan Remaining)
{
    /// <summary>Share of this epoch's time in which the steps waited for their rows to be read and prepared; from 0 to 1.</summary>
    public double DataShare { get; init; }
}

/// <summary>What an epoch reached.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainLoss">Mean loss over its steps.</param>
/// <param name="DevLoss">Mean loss on the dev rows.</param>
/// <param name="Accuracy">Share of dev rows that are right (all labels of a set); NaN for numbers.</param>
/// <param name="MacroF1">Mean F1 of the classes on the dev rows; NaN for numbers.</param>
/// <param name="IsBest">Whether the monitored score is the best so far.</param>
/// <param name="Duration">Training time of the epoch, without evaluation.</param>
public sealed record EpochReport(int Epoch, double TrainLoss, double DevLoss, double Accuracy, double MacroF1, bool IsBest, TimeSpan Duration)
{
    /// <summary>The task's own score on the dev rows: mean intersection over union, mean average precision; null where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Score { get; init; }

    internal DevScore Dev => new(DevLoss, Accuracy, MacroF1, Score);
}

/// <summary>What a run reached.</summary>
/// <param name="Epochs">All epochs that ended.</param>
/// <param name="BestEpoch">The epoch with the best dev score, whose weights the model has now unless it has a mean; 0 if none ended.</param>
/// <param name="WasCancelled">Whether the run was stopped from outside.</param>
/// <param name="Duration">The whole time.</param>
public sealed record TrainingReport(IReadOnlyList<EpochReport> Epochs, int BestEpoch, bool WasCancelled, TimeSpan Duration)
{
    /// <summary>The mean whose weights the model has in place of the best epoch's; null unless <see cref="TrainingOptions.CheckpointAveraging"/> asks for one.</summary>
    public CheckpointMean? Mean { get; init; }
}

/// <summary>The mean of the weights of several epochs, and what it reaches on the dev rows.</summary>
/// <param name="Epochs">Which, from 1, first one first.</param>
/// <param name="DevLoss">As in <see cref="EpochReport"/>.</param>
/// <param name="Accuracy">As there.</param>
/// <param name="MacroF1">As there.</param>
public sealed record CheckpointMean(IReadOnlyList<int> Epochs, double DevLoss, double Accuracy, double MacroF1)
{
    internal CheckpointMean(IReadOnlyList<int> epochs, DevScore score)
        : this(epochs, score.Loss, score.Accuracy, score.MacroF1) => Score = score.Score;

    /// <summary>As in <see cref="EpochReport"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Score { get; init; }
}
