using System.Diagnostics;
using System.Text.Json;

namespace Heed;

/// <summary>Writes a run's state to a folder and reads it back: <c>state.json</c>, and safetensors for the model, the optimizer, the best weights and the
/// running average.</summary>
internal sealed class Checkpoint(CheckpointOptions options, string run)
{
    private const string StateFile = "state.json", ModelFile = "model.safetensors", ArraysFile = "arrays.safetensors";
    private long last = Stopwatch.GetTimestamp();

    public bool IsDue => Stopwatch.GetElapsedTime(last) >= options.Interval;

    /// <summary>Writes a checkpoint; the one before stays until this one is whole.</summary>
    public void Write(TrainerState state, Module model, IEnumerable<(string Name, Memory<float> Values)> arrays)
    {
        ModelFolder.Write(options.Path, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal)
        {
            [StateFile] = stream => JsonSerializer.Serialize(stream, state with { Run = run }, CheckpointJson.Default.TrainerState),
            [ModelFile] = model.SaveWeights,
            [ArraysFile] = stream => SafetensorsWriter.Write(stream, arrays.Select(a => new SafetensorsArray(a.Name, [a.Values.Length], a.Values))),
        });
        last = Stopwatch.GetTimestamp();
    }

    /// <summary>The state to go on from, model and arrays filled; null if there is none or none is wanted.</summary>
    /// <exception cref="InputException">The checkpoint is of another run, damaged or newer.</exception>
    /// <param name="model">Gets its weights.</param>
    /// <param name="arrays">What else is filled, given the state.</param>
    public TrainerState? Read(Module model, Func<TrainerState, IEnumerable<(string Name, Memory<float> Values)>> arrays)
    {
        if (!options.Resume || !Directory.Exists(options.Path))
            return null;
        ModelFolder folder = ModelFolder.Open(options.Path);
        TrainerState state = ReadState(folder);
        model.LoadWeights(folder.PathOf(ModelFile)).ThrowIfIncomplete();
        string path = folder.PathOf(ArraysFile);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach ((string name, Memory<float> values) in arrays(state))
        {
            if (!file.Entries.TryGetValue(name, out SafetensorsEntry? entry) || entry.ElementCount != values.Length)
                throw new InputException($"'{name}' is missing or has another length; the checkpoint is of another run. Delete it to start anew.", path);
            file.ReadSingle(name, values.Span);
        }
        return state;
    }

    private TrainerState ReadState(ModelFolder folder)
    {
        string path = folder.PathOf(StateFile);
        TrainerState? state;
        try
        {
            using Stream stream = folder.OpenRead(StateFile);
            state = JsonSerializer.Deserialize(stream, CheckpointJson.Default.TrainerState);
        }
        catch (JsonException e)
        {
            throw new InputException($"the checkpoint is damaged: {e.Message.ReplaceLineEndings(" ")} Delete it to start anew.", path, innerException: e);
        }
        if (state is null || state.Format != TrainerState.FormatName)
            throw new InputException("this is no checkpoint of a training run. Delete it to start anew.", path);
        if (state.Version > 1)
            throw new InputException(FormattableString.Invariant($"the checkpoint has version {state.Version}, this library reads up to 1; update it, or delete the checkpoint."), path);
        if (state.Epochs is null || state.Epochs.Any(e => e is null) || state.Epoch < 1 || state.Step < 0 || state.StepCount < 0 || state.Rows < 0)
            throw new InputException("the checkpoint is damaged: its counts or epochs make no sense. Delete it to start anew.", path);
        if (state.Run != run)
            throw new InputException("the checkpoint is of a run with other data, options or network. Repeat the command as it was, or delete the checkpoint to start anew.", path);
        return state;
    }
}
