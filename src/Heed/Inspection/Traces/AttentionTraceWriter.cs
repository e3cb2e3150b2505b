using System.Globalization;

namespace Heed;

/// <summary>Writes a trace while a forward pass runs: a new folder beside the target, which takes the target's name when it is whole.</summary>
internal sealed class AttentionTraceWriter : IDisposable
{
    private readonly string target;
    private readonly string folder;
    private readonly AttentionTraceOptions options;
    private readonly Module model;
    private readonly SortedDictionary<int, (TraceLayer Layer, TraceLayerFile File)> layers = [];

    public AttentionTraceWriter(string path, Module model, AttentionTraceOptions options)
    {
        (target, this.model, this.options) = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), model, options);
        folder = target + AtomicFile.Suffix;
        Check(target);
        FileAccessFault.Guard(target, "write", () =>
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
        });
        Capture = new AttentionCapture(model, hasPoolings: true) { Layers = options.Layers, Heads = options.Heads, Rows = options.Rows, PartSize = options.PartSize, Receiver = Receive };
        foreach (int layer in options.Layers ?? [])
        {
            if (layer < 0 || layer >= Capture.Names.Count)
                throw new ArgumentException(FormattableString.Invariant($"AttentionTrace: the model has attention layers 0 to {Capture.Names.Count - 1}, not {layer}."));
        }
    }

    /// <summary>The request of the forward pass.</summary>
    public AttentionCapture Capture { get; }

    /// <summary>Throws when a trace could not be written there without harm to something else.</summary>
    /// <exception cref="InputException">It is a file, or a folder that is no trace.</exception>
    public static void Check(string target)
    {
        if (File.Exists(target))
            throw new InputException("is a file; a trace is a folder. Choose another name.", target);
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any(entry => !IsOurs(Path.GetFileName(entry))))
            throw new InputException("holds something that is no part of a trace, so it is not replaced. Choose another name.", target);
    }

    /// <summary>Makes the folder whole and gives it its name.</summary>
    public void Finish()
    {
        if (layers.Count == 0)
            throw new ArgumentException("AttentionTrace: the forward pass ran no attention layer of the model that was asked for.");
        foreach ((TraceLayer layer, TraceLayerFile file) in layers.Values)
        {
            if (!file.IsWhole)
                throw new InvalidOperationException($"AttentionTrace: '{layer.Name}' did not give all of its rows.");
            file.Dispose();
        }
        TraceIndex index = new(typeof(AttentionTrace).Assembly.GetName().Version?.ToString(3) ?? "0.0.0", AttentionTrace.HashOf(model), options.Type, options.Text, options.Tokens, options.Ranges, options.Rows, options.Sequences, [.. layers.Values.Select(l => l.Layer)]);
        AtomicFile.Write(Path.Combine(folder, TraceIndex.FileName), index.Write);
        FileAccessFault.Guard(target, "write", () =>
        {
            if (Directory.Exists(target))
                Directory.Delete(target, recursive: true);
            Directory.Move(folder, target);
        });
    }

    public void Dispose()
    {
        foreach ((_, TraceLayerFile file) in layers.Values)
            file.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private static bool IsOurs(string name) => name == TraceIndex.FileName || (name.StartsWith("layer", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal));

    private void Receive(CapturedAttention part)
    {
        if (part.Batch != 1)
            throw new ArgumentException(FormattableString.Invariant($"AttentionTrace: the forward pass read {part.Batch} sequences; a trace is of one."));
        if (!layers.TryGetValue(part.Layer, out (TraceLayer Layer, TraceLayerFile File) open))
        {
            TraceLayer layer = new(part.Name, string.Create(CultureInfo.InvariantCulture, $"layer{part.Layer:00}.safetensors"), part.Heads, part.AllRowCount, part.KeyCount) { RowTokens = options.SequencesOf?.Invoke(part.Name).Rows, KeyTokens = options.SequencesOf?.Invoke(part.Name).Keys };
            string path = Path.Combine(folder, layer.File);
            open = (layer, FileAccessFault.Guard(path, "write", () => new TraceLayerFile(path, options.Type, layer.Heads.Count, layer.Rows, layer.Keys)));
            layers.Add(part.Layer, open);
        }
        FileAccessFault.Guard(target, "write", () => open.File.Add(part));
    }
}
