using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>Writes JSON to standard output: one object a line, or one indented object as a command's whole result.</summary>
internal static class JsonText
{
    /// <summary>Writes one object and a line end.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="properties">Writes what is between the braces.</param>
    /// <param name="isIndented">Whether it takes several lines.</param>
    public static void WriteObject(TextWriter writer, Action<Utf8JsonWriter> properties, bool isIndented = false)
    {
        ArrayBufferWriter<byte> buffer = new();
        JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = isIndented, NewLine = "\n" };
        using (Utf8JsonWriter json = new(buffer, options))
        {
            json.WriteStartObject();
            properties(json);
            json.WriteEndObject();
        }
        writer.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        writer.Write('\n');
    }

    /// <summary>Writes a number, or null where JSON has none.</summary>
    public static void WriteFinite(this Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
