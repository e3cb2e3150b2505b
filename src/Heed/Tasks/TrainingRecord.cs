using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Heed;

/// <summary>How a model came to be: written beside its weights as <c>training.json</c>.</summary>
/// <param name="LibraryVersion">Version of Heed.</param>
/// <param name="Options">The training options, the seed among them.</param>
/// <param name="TrainHash">SHA-256 over labels and texts of the training rows; hex.</param>
/// <param name="DevHash">The same of the dev rows.</param>
/// <param name="BestEpoch">The epoch with the best dev score, whose weights were kept unless there is a mean.</param>
/// <param name="WasCancelled">Whether the run was stopped before its end.</param>
/// <param name="Epochs">What each epoch reached.</param>
public sealed record TrainingRecord(
    string LibraryVersion, TrainingOptions Options, string TrainHash, string DevHash, int BestEpoch, bool WasCancelled, IReadOnlyList<EpochReport> Epochs)
{
    /// <summary>The mean that was kept in place of the best epoch's weights; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CheckpointMean? Mean { get; init; }

    internal static TrainingRecord Untrained { get; } = new(Version, new TrainingOptions(), "", "", 0, false, []);

    private static string Version => typeof(TrainingRecord).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    internal static TrainingRecord Create(TrainingOptions options, TrainingReport report, TextData train, TextData dev) =>
        new(Version, options, Hash(train), Hash(dev), report.BestEpoch, report.WasCancelled, report.Epochs) { Mean = report.Mean };

    internal static TrainingRecord Create(TrainingOptions options, TrainingReport report, PairData train, PairData dev) =>
        new(Version, options, Hash(train), Hash(dev), report.BestEpoch, report.WasCancelled, report.Epochs) { Mean = report.Mean };

    internal static TrainingRecord Create(TrainingOptions options, TrainingReport report, string trainHash, string devHash) =>
        new(Version, options, trainHash, devHash, report.BestEpoch, report.WasCancelled, report.Epochs) { Mean = report.Mean };

    /// <summary>Of rows whose labels are not read.</summary>
    internal static string Hash(IEnumerable<TextRow> rows)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TextRow row in rows)
            hash.AppendData(Encoding.UTF8.GetBytes($"{row.Text}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Hash(PairData data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (PairExample row in data)
            hash.AppendData(Encoding.UTF8.GetBytes($"{row.Source}\t{row.Target}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Hash(TextData data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TextExample row in data)
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{data.TargetText(row)}\t{row.Text}\n")));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
