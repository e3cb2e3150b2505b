using System.Text.Json.Serialization;

namespace Heed;

/// <summary>Where a training run stands between two steps, but for its arrays.</summary>
internal sealed record TrainerState
{
    public const string FormatName = "heed-checkpoint";

    public string Format { get; init; } = FormatName;

    public int Version { get; init; } = 1;

    /// <summary>What data, options and network the run has, as a hash; another run must not go on from here.</summary>
    public string Run { get; init; } = "";

    /// <summary>The current epoch, from 1.</summary>
    public int Epoch { get; init; } = 1;

    /// <summary>Batches of it that are done.</summary>
    public int Step { get; init; }

    /// <summary>Steps of the run that are made.</summary>
    public long StepCount { get; init; }

    /// <summary>Sum of the epoch's losses, each times its rows.</summary>
    public double LossSum { get; init; }

    /// <summary>Rows of the epoch so far.</summary>
    public long Rows { get; init; }

    public int BestEpoch { get; init; }

    /// <summary>The epochs whose weights are kept for their mean.</summary>
    public IReadOnlyList<int> KeptEpochs { get => field ?? []; init; } = [];

    public IReadOnlyList<EpochReport> Epochs { get; init; } = [];
}

/// <summary>The JSON of a checkpoint, generated at compile time: safe to trim.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainerState))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
