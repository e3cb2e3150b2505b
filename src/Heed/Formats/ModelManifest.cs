using System.Buffers;
using System.Text.Json;

namespace Heed;

/// <summary>One file of a model folder.</summary>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Sha256">The SHA-256 of its content, 64 lower-case hexadecimal digits.</param>
public sealed record ModelFile(long Length, string Sha256);

/// <summary>The text of <c>manifest.json</c>: which files a model folder has, how long they are, and their hashes.</summary>
internal sealed record ModelManifest(string LibraryVersion, IReadOnlyDictionary<string, ModelFile> Files)
{
    public const string FileName = "manifest.json";

    /// <summary>The newest version of the folder's form that this library reads, and the one that it writes.</summary>
    public const int FormatVersion = 1;

    private const string FormatName = "heed-model";
    private const int MaximumLength = 1 << 20;
    private const int MaximumNameLength = 100;
    private const int HashDigits = 64;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>A name is a plain file name, the same on every system: no separators, no parent folder, no hidden file.</summary>
    public static bool IsFileName(string name) =>
        name.Length is > 0 and <= MaximumNameLength && name[0] != '.' && name[^1] != '.'
        && !name.AsSpan().ContainsAnyExcept(NameCharacters) && !name.Equals(FileName, StringComparison.OrdinalIgnoreCase);

    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("format", FormatName);
            json.WriteNumber("version", FormatVersion);
            json.WriteString("library", LibraryVersion);
            json.WriteStartObject("files");
            foreach ((string name, ModelFile file) in Files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject(name);
                json.WriteNumber("length", file.Length);
                json.WriteString("sha256", file.Sha256);
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads the manifest of a folder and checks everything that does not need the other files.</summary>
    public static ModelManifest Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new InputException($"not a Heed model: it has no {FileName}. Was it written completely, and is it the right folder?", folder);
        byte[] bytes = FileAccessFault.Guard(path, "read", () =>
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaximumLength)
                throw new InputException(FormattableString.Invariant($"{stream.Length} bytes are more than the {MaximumLength} that a manifest may have."), path);
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        });
        return Parse(bytes, path);
    }

    public static ModelManifest Parse(ReadOnlyMemory<byte> json, string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            JsonElement root = document.RootElement;
            // The version comes first: a newer form may change everything else.
            int version = root.GetProperty("version").GetInt32();
            if (root.GetProperty("format").GetString() != FormatName)
                throw new InputException($"not the manifest of a Heed model: 'format' is not '{FormatName}'.", path);
            if (version is < 1 or > FormatVersion)
            {
                throw new InputException(FormattableString.Invariant(
                    $"version {version} of the model folder is unknown; this library reads up to {FormatVersion}. Update Heed."), path);
            }
            var files = new Dictionary<string, ModelFile>(StringComparer.OrdinalIgnoreCase);
            foreach (JsonProperty file in root.GetProperty("files").EnumerateObject())
                AddFile(files, file, path);
            return new ModelManifest(root.GetProperty("library").GetString() ?? "", files);
        }
        // What JsonDocument throws for text that is no JSON, for a missing property, and for a value of another kind or range.
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InputException("not a valid manifest of a Heed model: " + e.Message, path, innerException: e);
        }
    }

    private static void AddFile(Dictionary<string, ModelFile> files, JsonProperty property, string path)
    {
        if (!IsFileName(property.Name))
            throw new InputException($"'{property.Name}' is not a plain file name; a model folder has no other folders.", path);
        long length = property.Value.GetProperty("length").GetInt64();
        string hash = property.Value.GetProperty("sha256").GetString() ?? "";
        if (length < 0 || hash.Length != HashDigits || !hash.All(char.IsAsciiHexDigitLower))
            throw new InputException($"'{property.Name}' needs a length from 0 and {HashDigits} lower-case hexadecimal digits.", path);
        if (!files.TryAdd(property.Name, new ModelFile(length, hash)))
            throw new InputException($"'{property.Name}' is listed twice (names that differ only in case are the same).", path);
    }
}
