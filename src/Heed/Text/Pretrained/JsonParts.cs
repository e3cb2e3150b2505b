using System.Text.Json;

namespace Heed;

/// <summary>Properties of JSON objects that may be missing or null.</summary>
internal static class JsonParts
{
    /// <summary>The property, unless it is missing or null.</summary>
    public static JsonElement? Part(this JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object)
            throw new FormatException($"there is no object around '{name}'");
        return parent.TryGetProperty(name, out JsonElement part) && part.ValueKind != JsonValueKind.Null ? part : null;
    }

    /// <summary>The property, which must be there.</summary>
    public static JsonElement Needed(this JsonElement parent, string name) => parent.Part(name) ?? throw new FormatException($"'{name}' is missing");

    public static bool Flag(this JsonElement parent, string name, bool value) => parent.Part(name)?.GetBoolean() ?? value;

    public static string? Text(this JsonElement parent, string name) => parent.Part(name)?.GetString();

    public static int? Number(this JsonElement parent, string name) => parent.Part(name)?.GetInt32();

    /// <summary>An entry of an array, which must be there.</summary>
    public static JsonElement Entry(this JsonElement array, int index) =>
        array.ValueKind == JsonValueKind.Array && index < array.GetArrayLength() ? array[index] : throw new FormatException("a list is too short");

    /// <summary>The one character of a property.</summary>
    public static char Sign(this JsonElement parent, string name, char value) => parent.Text(name) is not { } text ? value
        : text.Length == 1 ? text[0] : throw new FormatException($"'{name}' is '{TokenIds.Shown(text)}' instead of one character");

    /// <summary>A short text, as prefixes and suffixes are.</summary>
    public static string Affix(this JsonElement parent, string name, string value = "")
    {
        string text = parent.Text(name) ?? value;
        return text.Length <= 32 ? text : throw new FormatException($"'{name}' is longer than 32 characters");
    }

    /// <summary>The kind of a component.</summary>
    public static string Kind(this JsonElement component) => component.Text("type") ?? throw new FormatException("a component has no 'type'");
}
