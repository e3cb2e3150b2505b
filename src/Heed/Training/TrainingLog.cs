using System.Buffers;
using System.Text.Json;

namespace Heed;

/// <summary>Writes a training run as JSON Lines: one object for the start, each step, each epoch and the end.</summary>
/// <remarks>
/// <para>Each object has a property <c>event</c> (<c>start</c>, <c>step</c>, <c>epoch</c>, <c>end</c>); the others are named as in
/// <see cref="TrainingStart"/>, <see cref="TrainingProgress"/>, <see cref="EpochReport"/> and <see cref="TrainingReport"/>, durations in seconds.
/// A figure that is not finite is null. What was written reaches the disk at each epoch.</para>
/// </remarks>
public sealed class TrainingLog : ITrainingObserver, IDisposable
{
    private readonly Stream stream;
    private readonly ArrayBufferWriter<byte> line = new();
    private readonly Utf8JsonWriter json;

    /// <summary>Writes to a stream, which is closed with the log.</summary>
    /// <param name="stream">Where to.</param>
    public TrainingLog(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        this.stream = stream;
        json = new Utf8JsonWriter(line);
    }

    /// <summary>Makes a file; one that is there is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file system refuses.</exception>
    public static TrainingLog Create(string path) =>
        new(FileAccessFault.Guard(path, "write", () => new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read)));

    /// <inheritdoc/>
    public void OnStart(TrainingStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        Write("start", start, static (json, start) =>
        {
            json.WriteString("description", start.Description);
            json.WriteNumber("parameterCount", start.ParameterCount);
            json.WriteNumber("stepsPerEpoch", start.StepsPerEpoch);
            json.WriteNumber("seed", start.Options.Seed);
            json.WriteStartArray("notes");
            foreach (string note in start.Notes)
                json.WriteStringValue(note);
            json.WriteEndArray();
        });
    }

    /// <inheritdoc/>
    public void OnStep(in TrainingProgress progress) => Write("step", progress, static (json, progress) =>
    {
        json.WriteNumber("epoch", progress.Epoch);
        json.WriteNumber("step", progress.Step);
        Number(json, "loss", progress.Loss);
        Number(json, "learningRate", progress.LearningRate);
        Number(json, "gradientNorm", progress.GradientNorm);
        Number(json, "rowsPerSecond", progress.RowsPerSecond);
        Number(json, "dataShare", progress.DataShare);
    });

    /// <inheritdoc/>
    public void OnEpoch(EpochReport epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        Write("epoch", epoch, static (json, epoch) =>
        {
            json.WriteNumber("epoch", epoch.Epoch);
            Number(json, "trainLoss", epoch.TrainLoss);
            Number(json, "devLoss", epoch.DevLoss);
            Number(json, "accuracy", epoch.Accuracy);
            Number(json, "macroF1", epoch.MacroF1);
            if (epoch.Score is { } score)
                Number(json, "score", score);
            json.WriteBoolean("isBest", epoch.IsBest);
            Number(json, "duration", epoch.Duration.TotalSeconds);
        });
        stream.Flush();
    }

    /// <inheritdoc/>
    public void OnEnd(TrainingReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Write("end", report, static (json, report) =>
        {
            json.WriteNumber("epochs", report.Epochs.Count);
            json.WriteNumber("bestEpoch", report.BestEpoch);
            if (report.Mean is { } mean)
            {
                json.WriteStartObject("mean");
                json.WriteStartArray("epochs");
                foreach (int epoch in mean.Epochs)
                    json.WriteNumberValue(epoch);
                json.WriteEndArray();
                Number(json, "devLoss", mean.DevLoss);
                Number(json, "accuracy", mean.Accuracy);
                json.WriteEndObject();
            }
            json.WriteBoolean("wasCancelled", report.WasCancelled);
            Number(json, "duration", report.Duration.TotalSeconds);
        });
        stream.Flush();
    }

    /// <summary>Closes the stream.</summary>
    public void Dispose()
    {
        json.Dispose();
        stream.Dispose();
    }

    private void Write<T>(string name, T value, Action<Utf8JsonWriter, T> properties)
    {
        line.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteString("event", name);
        properties(json, value);
        json.WriteEndObject();
        json.Flush();
        stream.Write(line.WrittenSpan);
        stream.WriteByte((byte)'\n');
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
