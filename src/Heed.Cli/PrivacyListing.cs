using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>What a model folder holds of its training data, for people and as JSON.</summary>
internal static class PrivacyListing
{
    public static void Write(Terminal terminal, IReadOnlyList<PrivacyItem> items)
    {
        foreach (PrivacyItem item in items)
        {
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{item.File}: {item.Count:N0} {item.What}"));
            if (item.Examples.Count > 0)
                terminal.Out.WriteLine($"    {string.Join(' ', item.Examples.Select(OneLine.Of))}{(item.Count > item.Examples.Count ? " …" : "")}");
        }
    }

    public static void Write(Utf8JsonWriter json, IReadOnlyList<PrivacyItem> items)
    {
        json.WriteStartArray("holds");
        foreach (PrivacyItem item in items)
        {
            json.WriteStartObject();
            json.WriteString("file", item.File);
            json.WriteString("what", item.What);
            json.WriteNumber("count", item.Count);
            json.WriteStartArray("examples");
            foreach (string example in item.Examples)
                json.WriteStringValue(example);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
