using System.Text.Json;

namespace Heed;

/// <summary>Reads a JSON file: bounded, and with one kind of error.</summary>
internal static class JsonFile
{
    private const string Fix = "save the model again or copy the whole folder";

    /// <summary>Reads a file and makes something of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What messages call it, as "tokenizer file".</param>
    /// <param name="largest">The most bytes that are read.</param>
    /// <param name="maximumDepth">How deeply values may be nested.</param>
    /// <param name="read">Reads the root; may throw what a wrong or missing property throws.</param>
    /// <param name="fix">What the user can do; by default what helps with our own files.</param>
    /// <exception cref="InputException">The file is missing, too large, no JSON, or <paramref name="read"/> found it wrong.</exception>
    public static T Read<T>(string path, string what, long largest, int maximumDepth, Func<JsonElement, T> read, string fix = Fix)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Parse(() => Content(path, largest), path, what, maximumDepth, read, fix);
    }

    /// <summary>The same for what is in memory already.</summary>
    public static T Parse<T>(Func<byte[]> content, string path, string what, int maximumDepth, Func<JsonElement, T> read, string fix = Fix)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content(), new JsonDocumentOptions { MaxDepth = maximumDepth });
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or KeyNotFoundException
            or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InputException($"this {what} cannot be read ({e.Message.Split('\n')[0].TrimEnd('.')}); {fix}.", path, innerException: e);
        }
    }

    /// <summary>Checks the properties <c>format</c> and <c>version</c>.</summary>
    public static int CheckFormat(JsonElement root, string path, string format, int newest)
    {
        if (root.GetProperty("format").GetString() != format)
            throw new FormatException($"its format is not {format}");
        int version = root.GetProperty("version").GetInt32();
        return version <= newest ? version : throw new InputException(FormattableString.Invariant(
            $"the file has version {version}, this program reads up to {newest}; use a newer Heed."), path);
    }

    private static byte[] Content(string path, long largest)
    {
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > largest)
            throw new FormatException(FormattableString.Invariant($"it has {stream.Length} bytes, more than {largest}"));
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
