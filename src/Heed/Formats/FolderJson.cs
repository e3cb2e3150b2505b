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
            throw new InputException($"the file is damaged: {e.Message}", place, e.LineNumber + 1 ?? 0, innerException: e);
        }
    }
}
