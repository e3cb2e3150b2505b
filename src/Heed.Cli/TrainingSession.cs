using System.CommandLine;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>One run of a training command, from its first look at the data to the saved model.</summary>
internal sealed class TrainingSession(TrainingRun run, ParseResult parsed, Interruption interruption) : IDisposable
{
    public string Folder { get; } = run.Folder(parsed);

    public CancellationToken Token => interruption.Token;

    /// <summary>What the command ends with when all is said.</summary>
    public int ExitCode => interruption.IsRequested ? Cli.ExitCode.Interrupted : Cli.ExitCode.Done;

    public void Dispose() => interruption.Dispose();

    /// <summary>Trains with log and progress; complaints about options are about what the user typed.</summary>
    public T Train<T>(Func<ITrainingObserver, CancellationToken, T> train)
    {
        using TrainingLog? steps = run.OpenLog(parsed);
        ITrainingObserver observer = Observers.Of(run.Progress(parsed), steps);
        return UsageException.Guard(() => train(observer, Token));
    }

    /// <summary>Saves what was trained, and says how to go on where the run was interrupted. Of a run that came to its end the checkpoint is of no use any more.</summary>
    /// <param name="record">How the model came to be.</param>
    /// <param name="save">Saves it in a folder.</param>
    /// <param name="checkpoint">The run's checkpoint; null for none.</param>
    /// <param name="stopped">How far it came, as <c>stopped in epoch 3 or before its end</c>; null for this.</param>
    /// <param name="sayNext">Says what the model can be used for; null where that is said at the end only.</param>
    /// <returns>Whether the run came to its end.</returns>
    /// <exception cref="OperationCanceledException">There is nothing to save.</exception>
    public bool Save(TrainingRecord record, Action<string> save, CheckpointOptions? checkpoint, string? stopped = null, Action? sayNext = null)
    {
        if (record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        save(Folder);
        if (!interruption.IsRequested)
        {
            CheckpointSettings.Delete(checkpoint);
            return true;
        }
        run.Say(parsed, $"{stopped ?? FormattableString.Invariant($"stopped in epoch {record.Epochs.Count + 1} or before its end")}; the best weights so far are in {Folder}");
        sayNext?.Invoke();
        if (checkpoint is not null)
            run.Say(parsed, "the same command with --resume goes on where this one stopped");
        return false;
    }

    /// <summary>Writes the result of a run as JSON.</summary>
    /// <param name="record">How the model came to be.</param>
    /// <param name="parameters">Number of trained values.</param>
    /// <param name="dev">Writes what the best epoch reached.</param>
    /// <param name="test">Writes what the test gave; null where there was none.</param>
    /// <param name="between">Writes what stands between the two; null for nothing.</param>
    /// <param name="page">The report's file; null for none.</param>
    public void WriteJson(TrainingRecord record, long parameters, Action<Utf8JsonWriter, EpochReport> dev, Action<Utf8JsonWriter>? test, Action<Utf8JsonWriter>? between = null, string? page = null) =>
        JsonText.WriteObject(run.Terminal.Out, writer =>
        {
            EpochReport best = record.Epochs[record.BestEpoch - 1];
            writer.WriteString("model", Folder);
            if (page is not null)
                writer.WriteString("report", page);
            writer.WriteNumber("parameters", parameters);
            writer.WriteNumber("seed", record.Options.Seed);
            writer.WriteNumber("epochs", record.Epochs.Count);
            writer.WriteNumber("bestEpoch", best.Epoch);
            writer.WriteStartObject("dev");
            dev(writer, best);
            writer.WriteEndObject();
            between?.Invoke(writer);
            if (test is null)
                return;
            writer.WriteStartObject("test");
            test(writer);
            writer.WriteEndObject();
        }, isIndented: true);
}
