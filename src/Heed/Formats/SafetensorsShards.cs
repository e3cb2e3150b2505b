using System.Text.Json;

namespace Heed;

/// <summary>The weights of a checkpoint as one set of named arrays: a safetensors file, or several that an index joins.</summary>
/// <remarks>
/// <para>A folder is looked through for <c>model.safetensors</c>, then for <c>model.safetensors.index.json</c>, whose <c>weight_map</c> says which file of the same folder holds each array (the layout of
/// Hugging Face folders). Headers alone are read on opening. Files of pickled weights are refused with the way to convert them: reading such a file may run any code in it.</para>
/// <para>Thread safety: as <see cref="SafetensorsFile"/>.</para>
/// </remarks>
public sealed class SafetensorsShards : IDisposable
{
    internal const string SingleFile = "model.safetensors";
    private const string IndexFile = SingleFile + ".index.json";
    private const long LargestIndex = 64 << 20;

    private readonly SafetensorsFile[] files;
    private readonly Dictionary<string, SafetensorsFile> homes = new(StringComparer.Ordinal);

    private SafetensorsShards(string path, SafetensorsFile[] files)
    {
        (Path, this.files) = (path, files);
        foreach (SafetensorsFile file in files)
        {
            foreach (string name in file.Entries.Keys)
            {
                if (!homes.TryAdd(name, file))
                    throw new InputException($"the array '{name}' is in {System.IO.Path.GetFileName(homes[name].Path)}, too; copy the whole folder again.", file.Path);
            }
        }
    }

    /// <summary>The file, or the folder of several.</summary>
    public string Path { get; }

    /// <summary>The names of all arrays.</summary>
    public IReadOnlyCollection<string> Names => homes.Keys;

    /// <summary>Number of files.</summary>
    public int FileCount => files.Length;

    /// <summary>Bytes of all arrays as they are stored.</summary>
    public long ByteCount => files.Sum(f => f.Entries.Values.Sum(e => e.ByteCount));

    /// <summary>How the numbers are stored, each form once, in the order of the enumeration.</summary>
    public IReadOnlyList<SafetensorsType> Types => [.. files.SelectMany(f => f.Entries.Values).Select(e => e.Type).Distinct().Order()];

    /// <summary>Opens a file, or all files of a folder.</summary>
    /// <param name="path">A safetensors file or a folder.</param>
    /// <exception cref="InputException">There are no such weights, or a file is damaged; says which.</exception>
    public static SafetensorsShards Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!Directory.Exists(path))
        {
            PickledWeights.RefuseNamed(path);
            return Join(path, [path]);
        }
        string single = System.IO.Path.Combine(path, SingleFile), index = System.IO.Path.Combine(path, IndexFile);
        if (File.Exists(single))
            return Join(single, [single]);
        if (File.Exists(index))
            return OpenIndexed(path, index);
        foreach (string file in FileAccessFault.Guard(path, "read", () => Directory.GetFiles(path).Order(StringComparer.Ordinal).ToArray()))
            PickledWeights.RefuseNamed(file);
        throw new InputException($"there is neither {SingleFile} nor {IndexFile}. Is it the folder of a checkpoint?", path);
    }

    /// <summary>What is said about an array; null if there is none of this name.</summary>
    /// <param name="name">The array.</param>
    public SafetensorsEntry? Find(string name) => homes.TryGetValue(name, out SafetensorsFile? file) ? file.Entries[name] : null;

    /// <inheritdoc cref="SafetensorsFile.ReadSingle"/>
    public void ReadSingle(string name, Span<float> destination) => HomeOf(name).ReadSingle(name, destination);

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in files)
            file.Dispose();
    }

    /// <summary>Brings all files into the system's cache, in the background; null where that is of no use.</summary>
    internal Thread? ReadAhead() => FileReadAhead.Start([.. files.Select(f => f.Path!)]);

    internal bool TryMap(string name, out Memory<float> values) => HomeOf(name).TryMap(name, out values);

    private SafetensorsFile HomeOf(string name) => homes.TryGetValue(name, out SafetensorsFile? file) ? file
        : throw new InputException(FormattableString.Invariant($"there is no array '{name}' among the {homes.Count} of these weights."), Path);

    private static SafetensorsShards OpenIndexed(string folder, string index)
    {
        Dictionary<string, string> map = JsonFile.Read(index, "index of weights", LargestIndex, 4, ReadMap, "copy the whole folder again");
        string[] names = [.. map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            if (!File.Exists(System.IO.Path.Combine(folder, name)))
                throw new InputException($"'{NearestName.Shown(name)}' is missing; copy the whole folder again.", index);
        }
        SafetensorsShards shards = Join(folder, [.. names.Select(name => System.IO.Path.Combine(folder, name))]);
        foreach ((string array, string file) in map)
        {
            if (shards.homes.TryGetValue(array, out SafetensorsFile? home) && System.IO.Path.GetFileName(home.Path) == file)
                continue;
            shards.Dispose();
            throw new InputException($"'{NearestName.Shown(array)}' is not in {file}; copy the whole folder again.", index);
        }
        return shards;
    }

    private static Dictionary<string, string> ReadMap(JsonElement root)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        if (!root.TryGetProperty("weight_map", out JsonElement entries) || entries.ValueKind != JsonValueKind.Object)
            throw new FormatException("'weight_map' must be an object");
        foreach (JsonProperty entry in entries.EnumerateObject())
        {
            string file = entry.Value.GetString() ?? throw new FormatException($"'{NearestName.Shown(entry.Name)}' names no file");
            // A name, no path: an index must not make a reader look at other files.
            if (file.Length is 0 or > 255 || file is "." or ".." || file.AsSpan().ContainsAny("/\\:\0") || !file.EndsWith(".safetensors", StringComparison.Ordinal))
                throw new FormatException($"'{NearestName.Shown(file)}' is no safetensors file of this folder");
            map[entry.Name] = file;
        }
        return map.Count > 0 ? map : throw new FormatException("'weight_map' is empty");
    }

    private static SafetensorsShards Join(string path, string[] paths)
    {
        List<SafetensorsFile> opened = [];
        try
        {
            foreach (string file in paths)
                opened.Add(SafetensorsFile.Open(file));
            return new SafetensorsShards(path, [.. opened]);
        }
        catch
        {
            opened.ForEach(f => f.Dispose());
            throw;
        }
    }
}
