using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Heed;

/// <summary>JSON files of a model folder, in a form that is generated at compile time.</summary>
internal static class FolderJson
{
    /// <summary>Reads a file of the folder.</summary>
    /// <exception cref="InputException">It is not there, or damaged; says the line.</exception>
    public static T ReadJson<T>(this ModelFolder folder, string name, JsonTypeInfo<T> type)
        where T : class
    {
        using Stream stream = folder.OpenRead(name);
        return Parse(stream, folder.PathOf(name), type);
    }

    /// <summary>What the model is for, by the property <c>task</c> of its <c>config.json</c>; empty where that cannot be told. Asked first, so that a model of another kind is not taken for a damaged one.</summary>
    public static string TaskOf(this ModelFolder folder)
    {
        using Stream stream = folder.OpenRead("config.json");
        try
        {
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("task", out JsonElement task) && task.ValueKind == JsonValueKind.String ? task.GetString() ?? "" : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or a name that is no UTF-8.
            return "";
        }
    }

    /// <summary>Reads what a stream holds.</summary>
    /// <exception cref="InputException">It is damaged; says the line.</exception>
    public static T Parse<T>(Stream stream, string place, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(stream, type) ?? throw new JsonException("the file holds null.");
        }
        catch (JsonException e)
        {
            throw new InputException($"the file is damaged: {e.Message.ReplaceLineEndings(" ")}", place, e.LineNumber + 1 ?? 0, innerException: e);
        }
    }
}
