using System.Text.Encodings.Web;
using System.Text.Json;

namespace Heed;

/// <summary>The file <c>features.json</c>: <c>{"format":"heed-features","version":1,"categories":[{"name":"country","values":[…]}],
/// "numbers":[{"name":"price","mean":1.5,"deviation":2,"missing":0}]}</c>.</summary>
internal static class FeatureFile
{
    private const string FormatName = "heed-features";
    private const int Version = 1;
    private const long LargestFile = 64L << 20;

    public static void Save(FeatureEncoder encoder, Stream stream)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("format", FormatName);
        writer.WriteNumber("version", Version);
        writer.WriteStartArray("categories");
        foreach (CategoryFeature column in encoder.Categories)
        {
            writer.WriteStartObject();
            writer.WriteString("name", column.Name);
            writer.WriteStartArray("values");
            foreach (string value in column.Values)
                writer.WriteStringValue(value);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("numbers");
        foreach (NumberFeature column in encoder.Numbers)
        {
            writer.WriteStartObject();
            writer.WriteString("name", column.Name);
            writer.WriteNumber("mean", column.Mean);
            writer.WriteNumber("deviation", column.Deviation);
            writer.WriteNumber("missing", column.Missing);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static FeatureEncoder Load(string path) => JsonFile.Read(path, "file of further columns", LargestFile, maximumDepth: 6, root =>
    {
        JsonFile.CheckFormat(root, path, FormatName, Version);
        return new FeatureEncoder(
            root.GetProperty("categories").EnumerateArray().Select(c => new CategoryFeature(Text(c.GetProperty("name")), c.GetProperty("values").EnumerateArray().Select(Text))),
            root.GetProperty("numbers").EnumerateArray().Select(Number));
    });

    private static string Text(JsonElement element) => element.GetString() ?? throw new FormatException("a name or a value is null");

    private static NumberFeature Number(JsonElement column)
    {
        double mean = column.GetProperty("mean").GetDouble(), deviation = column.GetProperty("deviation").GetDouble();
        if (!double.IsFinite(mean) || !double.IsFinite(deviation) || deviation <= 0)
            throw new FormatException("a mean or a deviation is out of its range");
        return new NumberFeature(Text(column.GetProperty("name")), mean, deviation, column.GetProperty("missing").GetInt32());
    }
}
