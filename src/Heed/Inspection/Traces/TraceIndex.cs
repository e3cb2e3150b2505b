using System.Text.Json;

namespace Heed;

/// <summary>One layer of a trace.</summary>
/// <param name="Name">Its full name, as <c>layer0.attention</c>.</param>
/// <param name="File">Its file in the trace's folder.</param>
/// <param name="Heads">Which heads are in it.</param>
/// <param name="Rows">Queries.</param>
/// <param name="Keys">Keys.</param>
public sealed record TraceLayer(string Name, string File, IReadOnlyList<int> Heads, int Rows, int Keys)
{
    /// <summary>Which of <see cref="AttentionTrace.Sequences"/> the rows are; null for the tokens.</summary>
    public string? RowTokens { get; init; }

    /// <summary>Which of <see cref="AttentionTrace.Sequences"/> the keys are; null for the tokens.</summary>
    public string? KeyTokens { get; init; }

    /// <summary>Levels, with that of the weights themselves.</summary>
    public int LevelCount => TracePyramid.CountOf(Rows, Keys) + 1;
}

/// <summary>A trace's <c>trace.json</c>: what is in its other files.</summary>
internal sealed record TraceIndex(string LibraryVersion, string ModelHash, TraceType Type, string? Text, IReadOnlyList<string> Tokens, IReadOnlyList<Range> Ranges, IReadOnlyList<int>? Rows,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Sequences, IReadOnlyList<TraceLayer> Layers)
{
    public const string FileName = "trace.json";

    private const string FormatName = "heed-trace", Fix = "make the trace again";
    private const int LatestVersion = 1;
    private const long LargestFile = 256L << 20;

    public void Write(Stream stream)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = false });
        json.WriteStartObject();
        json.WriteString("format", FormatName);
        json.WriteNumber("version", LatestVersion);
        json.WriteString("library", LibraryVersion);
        json.WriteString("model", ModelHash);
        json.WriteString("type", Type switch { TraceType.F32 => "f32", TraceType.F16 => "f16", _ => "u8" });
        if (Text is not null)
            json.WriteString("text", Text);
        json.WriteStartArray("tokens");
        foreach (string token in Tokens)
            json.WriteStringValue(token);
        json.WriteEndArray();
        int length = Text?.Length ?? 0;
        Numbers(json, "starts", Ranges.Select(r => r.GetOffsetAndLength(length).Offset));
        Numbers(json, "lengths", Ranges.Select(r => r.GetOffsetAndLength(length).Length));
        if (Rows is not null)
            Numbers(json, "rows", Rows);
        if (Sequences.Count > 0)
        {
            json.WriteStartObject("sequences");
            foreach ((string name, IReadOnlyList<string> sequence) in Sequences)
            {
                json.WriteStartArray(name);
                foreach (string token in sequence)
                    json.WriteStringValue(token);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteStartArray("layers");
        foreach (TraceLayer layer in Layers)
        {
            json.WriteStartObject();
            json.WriteString("name", layer.Name);
            json.WriteString("file", layer.File);
            Numbers(json, "heads", layer.Heads);
            json.WriteNumber("rows", layer.Rows);
            json.WriteNumber("keys", layer.Keys);
            if (layer.RowTokens is not null)
                json.WriteString("rowTokens", layer.RowTokens);
            if (layer.KeyTokens is not null)
                json.WriteString("keyTokens", layer.KeyTokens);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static TraceIndex Read(string path) => JsonFile.Read(path, "trace", LargestFile, maximumDepth: 8, root => Parse(root, path), Fix);

    private static TraceIndex Parse(JsonElement root, string path)
    {
        JsonFile.CheckFormat(root, path, FormatName, LatestVersion);
        TraceType type = root.GetProperty("type").GetString() switch
        {
            "f32" => TraceType.F32,
            "f16" => TraceType.F16,
            "u8" => TraceType.U8,
            var other => throw new FormatException($"its type is '{other}', not f32, f16 or u8"),
        };
        string? text = root.TryGetProperty("text", out JsonElement given) ? given.GetString() : null;
        int[] starts = Numbers(root, "starts"), lengths = Numbers(root, "lengths");
        if (starts.Length != lengths.Length || starts.Zip(lengths).Any(r => r.First < 0 || r.Second < 0 || r.First > (text?.Length ?? 0) - r.Second))
            throw new FormatException("its tokens do not lie in its text");
        TraceLayer[] layers = [.. root.GetProperty("layers").EnumerateArray().Select(Layer)];
        Dictionary<string, IReadOnlyList<string>> sequences = new(StringComparer.Ordinal);
        if (root.TryGetProperty("sequences", out JsonElement others))
        {
            foreach (JsonProperty other in others.EnumerateObject())
                sequences[other.Name] = [.. other.Value.EnumerateArray().Select(t => t.GetString() ?? "")];
        }
        if (layers.SelectMany(l => new[] { l.RowTokens, l.KeyTokens }).FirstOrDefault(name => name is not null && !sequences.ContainsKey(name)) is { } missing)
            throw new FormatException($"a layer names the sequence '{missing}', which is not there");
        return new TraceIndex(root.GetProperty("library").GetString() ?? "", root.GetProperty("model").GetString() ?? "", type, text,
            [.. root.GetProperty("tokens").EnumerateArray().Select(t => t.GetString() ?? "")], [.. starts.Zip(lengths, (s, l) => s..(s + l))], root.TryGetProperty("rows", out _) ? Numbers(root, "rows") : null, sequences, layers);
    }

    private static TraceLayer Layer(JsonElement layer)
    {
        TraceLayer read = new(layer.GetProperty("name").GetString() ?? "", layer.GetProperty("file").GetString() ?? "", Numbers(layer, "heads"), layer.GetProperty("rows").GetInt32(), layer.GetProperty("keys").GetInt32())
        {
            RowTokens = layer.TryGetProperty("rowTokens", out JsonElement rows) ? rows.GetString() : null,
            KeyTokens = layer.TryGetProperty("keyTokens", out JsonElement keys) ? keys.GetString() : null,
        };
        if (read.Rows < 0 || read.Keys < 0 || read.File != Path.GetFileName(read.File) || !read.File.EndsWith(".safetensors", StringComparison.Ordinal))
            throw new FormatException($"its layer '{read.Name}' has sizes below 0, or a file that is not in its folder");
        return read;
    }

    private static int[] Numbers(JsonElement root, string name) => [.. root.GetProperty(name).EnumerateArray().Select(n => n.GetInt32())];

    private static void Numbers(Utf8JsonWriter json, string name, IEnumerable<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (int number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
