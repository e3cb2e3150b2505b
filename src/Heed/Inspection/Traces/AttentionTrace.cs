using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Heed;

/// <summary>A part of a trace: some rows and keys of a head at a level.</summary>
/// <param name="Layer">The layer's place in <see cref="AttentionTrace.Layers"/>.</param>
/// <param name="Head">The head, as the model counts it.</param>
/// <param name="Level">0 for the weights themselves; each further level halves rows and keys.</param>
/// <param name="Row">The first row, in cells of the level.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="Key">The first key, in cells of the level.</param>
/// <param name="KeyCount">Keys.</param>
/// <param name="Pooling">What a cell of a coarser level is.</param>
public readonly record struct TraceTile(int Layer, int Head, int Level, int Row, int RowCount, int Key, int KeyCount, TracePooling Pooling = TracePooling.Mean);

/// <summary>What a forward pass attended to, as a folder: layers × heads × rows × keys, with coarser levels, so that a long sequence is seen at once and any part of it exactly.</summary>
/// <remarks>
/// <para>A folder of <c>trace.json</c> and one safetensors file a layer; docs/traces.md is the format. Written layer by layer and in parts of rows, so memory is that of a part; reading touches what is asked for alone.</para>
/// <para>Thread safety: all members may be called from several threads until <see cref="Dispose"/>.</para>
/// <example><code>
/// AttentionTrace.Write("trace/", model.Network, pass => model.Network.Forward(ids, ranges, pass), new() { Tokens = tokens });
/// using AttentionTrace trace = AttentionTrace.Open("trace/");
/// float[] whole = trace.Read(layer: 3, head: 0, level: trace.Layers[3].LevelCount - 1);     // at most 64 × 64
/// float[] part = trace.Read(new TraceTile(3, 0, Level: 0, Row: 100, RowCount: 50, Key: 0, KeyCount: 50));
/// </code></example>
/// </remarks>
public sealed class AttentionTrace : IDisposable
{
    private readonly TraceIndex index;
    private readonly SafetensorsFile[] files;

    private AttentionTrace(string path, TraceIndex index, SafetensorsFile[] files) => (Path, this.index, this.files) = (path, index, files);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The layers, in the model's order.</summary>
    public IReadOnlyList<TraceLayer> Layers => index.Layers;

    /// <summary>How weights are stored.</summary>
    public TraceType Type => index.Type;

    /// <summary>The text that was read; null if it is not stored.</summary>
    public string? Text => index.Text;

    /// <summary>The tokens; may be fewer than keys.</summary>
    public IReadOnlyList<string> Tokens => index.Tokens;

    /// <summary>What layers attend with and to beside the tokens, by name: <see cref="TraceLayer.RowTokens"/> and <see cref="TraceLayer.KeyTokens"/> say which.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Sequences => index.Sequences;

    /// <summary>Where the tokens stand in the text; none if that is not stored.</summary>
    public IReadOnlyList<Range> Ranges => index.Ranges;

    /// <summary>Which queries the rows are; null for all from the first.</summary>
    public IReadOnlyList<int>? Rows => index.Rows;

    /// <summary>SHA-256 over names, shapes and values of the model's parameters; hex.</summary>
    public string ModelHash => index.ModelHash;

    /// <summary>Runs a forward pass and writes what it attends to.</summary>
    /// <param name="path">The folder; a trace in it is replaced when the new one is whole.</param>
    /// <param name="model">The model that runs, or the part of it that is traced.</param>
    /// <param name="forward">The pass, over one sequence.</param>
    /// <param name="options">What is stored and how; all of it as float16 if null.</param>
    /// <typeparam name="T">What the pass gives.</typeparam>
    /// <returns>What the pass gave.</returns>
    /// <remarks>Cost: the pass, and the weights of the asked rows on top. Memory beside the model's: <see cref="AttentionTraceOptions.PartSize"/> weights, and for each head about six rows.</remarks>
    /// <exception cref="ArgumentException">An option is out of range, the model has no such layer or head, or the pass reads several sequences.</exception>
    /// <exception cref="InputException">The folder holds something else, or cannot be written.</exception>
    public static T Write<T>(string path, Module model, Func<Pass, T> forward, AttentionTraceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(forward);
        options ??= new AttentionTraceOptions();
        options.Validate();
        using AttentionTraceWriter writer = new(path, model, options);
        T result = Step.Evaluate(forward, request: writer.Capture);
        writer.Finish();
        return result;
    }

    /// <summary>Opens a trace: reads its index and the headers of its files.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">It is missing, no trace, or damaged.</exception>
    public static AttentionTrace Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!IsIn(path))
            throw new InputException($"there is no trace, no {TraceIndex.FileName}. Is the path right?", path);
        TraceIndex read = TraceIndex.Read(System.IO.Path.Combine(path, TraceIndex.FileName));
        List<SafetensorsFile> opened = [];
        try
        {
            foreach (TraceLayer layer in read.Layers)
            {
                opened.Add(SafetensorsFile.Open(System.IO.Path.Combine(path, layer.File)));
                CheckShapes(opened[^1], layer, read.Type);
            }
            return new AttentionTrace(path, read, [.. opened]);
        }
        catch
        {
            opened.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Whether a folder holds a trace.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsIn(string path) => File.Exists(System.IO.Path.Combine(path, TraceIndex.FileName));

    /// <summary>A whole level of a head.</summary>
    /// <param name="layer">The layer's place in <see cref="Layers"/>.</param>
    /// <param name="head">The head, as the model counts it.</param>
    /// <param name="level">0 for the weights themselves; each further level halves rows and keys.</param>
    /// <param name="pooling">What a cell of a coarser level is.</param>
    /// <returns>(rows, keys) of the level, row-major.</returns>
    /// <exception cref="InputException">There is no such layer, head or level.</exception>
    public float[] Read(int layer, int head, int level = 0, TracePooling pooling = TracePooling.Mean)
    {
        (int rows, int keys) = SizeOf(layer, level);
        return Read(new TraceTile(layer, head, level, 0, rows, 0, keys, pooling));
    }

    /// <summary>A part of a level of a head; nothing else is read.</summary>
    /// <param name="tile">Which part.</param>
    /// <returns>(rows, keys) of the part, row-major.</returns>
    /// <exception cref="InputException">There is no such layer, head, level or part, or the file cannot be read.</exception>
    public float[] Read(in TraceTile tile)
    {
        (int rows, int keys) = SizeOf(tile.Layer, tile.Level);
        TraceLayer layer = Layers[tile.Layer];
        int head = -1;
        for (int h = 0; h < layer.Heads.Count; h++)
            head = layer.Heads[h] == tile.Head ? h : head;
        if (head < 0)
            throw new InputException(FormattableString.Invariant($"the layer '{layer.Name}' of this trace has heads {string.Join(", ", layer.Heads)}, not {tile.Head}."), Path);
        if (tile.Row < 0 || tile.RowCount < 0 || tile.Row > rows - tile.RowCount || tile.Key < 0 || tile.KeyCount < 0 || tile.Key > keys - tile.KeyCount)
            throw new InputException(FormattableString.Invariant($"level {tile.Level} of '{layer.Name}' has (rows, keys) = ({rows}, {keys}); the part from ({tile.Row}, {tile.Key}) of ({tile.RowCount}, {tile.KeyCount}) is not within."), Path);
        float[] values = new float[checked(tile.RowCount * tile.KeyCount)];
        string name = TraceLayerFile.NameOf(tile.Level, tile.Pooling);
        SafetensorsFile file = files[tile.Layer];
        int size = TraceCode.Size(Type);
        byte[] bytes = new byte[tile.KeyCount * size], scales = new byte[Type == TraceType.U8 ? tile.RowCount * sizeof(float) : 0];
        long first = ((long)head * rows) + tile.Row;
        if (Type == TraceType.U8)
            file.ReadBytes(name + ".scale", first * sizeof(float), scales);
        for (int row = 0; row < tile.RowCount; row++)
        {
            file.ReadBytes(name, (((first + row) * keys) + tile.Key) * size, bytes);
            float scale = scales.Length == 0 ? 0 : BinaryPrimitives.ReadSingleLittleEndian(scales.AsSpan(row * sizeof(float)));
            TraceCode.Decode(Type, bytes, scale, values.AsSpan(row * tile.KeyCount, tile.KeyCount));
        }
        return values;
    }

    /// <summary>Rows and keys of a level.</summary>
    /// <param name="layer">The layer's place in <see cref="Layers"/>.</param>
    /// <param name="level">0 for the weights themselves.</param>
    /// <exception cref="InputException">There is no such layer or level.</exception>
    public (int Rows, int Keys) SizeOf(int layer, int level)
    {
        if (layer < 0 || layer >= Layers.Count)
            throw new InputException(FormattableString.Invariant($"this trace has layers 0 to {Layers.Count - 1}, not {layer}."), Path);
        if (level < 0 || level >= Layers[layer].LevelCount)
            throw new InputException(FormattableString.Invariant($"'{Layers[layer].Name}' has levels 0 to {Layers[layer].LevelCount - 1}, not {level}."), Path);
        return (TracePyramid.Side(Layers[layer].Rows, level), TracePyramid.Side(Layers[layer].Keys, level));
    }

    /// <summary>Checks that the trace is of a model.</summary>
    /// <param name="model">The same part of the model that was traced.</param>
    /// <exception cref="InputException">It is of another one.</exception>
    public void Check(Module model)
    {
        string hash = HashOf(model);
        if (hash != ModelHash)
            throw new InputException($"this trace is of a model with the hash {ModelHash[..Math.Min(12, ModelHash.Length)]}…, not of this one ({hash[..12]}…); make it again with this model.", Path);
    }

    /// <summary>SHA-256 over names, shapes and values of a model's parameters.</summary>
    /// <param name="model">The model.</param>
    /// <returns>Hex, 64 digits.</returns>
    public static string HashOf(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {parameter.Shape}\n"));
            ReadOnlySpan<float> values = parameter.Values;
            for (; values.Length > 0; values = values[Math.Min(values.Length, 1 << 20)..])
                hash.AppendData(MemoryMarshal.AsBytes(values[..Math.Min(values.Length, 1 << 20)]));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in files)
            file.Dispose();
    }

    private static void CheckShapes(SafetensorsFile file, TraceLayer layer, TraceType type)
    {
        for (int level = 0; level < layer.LevelCount; level++)
        {
            foreach (TracePooling pooling in level == 0 ? [TracePooling.Mean] : Enum.GetValues<TracePooling>())
            {
                string name = TraceLayerFile.NameOf(level, pooling);
                long[] shape = [layer.Heads.Count, TracePyramid.Side(layer.Rows, level), TracePyramid.Side(layer.Keys, level)];
                if (!Has(file, name, TraceCode.Stored(type), shape) || (type == TraceType.U8 && !Has(file, name + ".scale", SafetensorsType.F32, shape[..2])))
                    throw new InputException(FormattableString.Invariant($"'{name}' should be {TraceCode.Stored(type)} ({string.Join(", ", shape)}) as trace.json says; the files of this trace do not belong together. Make it again."), file.Path);
            }
        }
    }

    private static bool Has(SafetensorsFile file, string name, SafetensorsType type, long[] shape) =>
        file.Entries.TryGetValue(name, out SafetensorsEntry? entry) && entry.Type == type && entry.Shape.SequenceEqual(shape);
}
