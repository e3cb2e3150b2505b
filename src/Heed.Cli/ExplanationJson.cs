using System.Text.Json;

namespace Heed.Cli;

/// <summary>An <see cref="Explanation"/> as JSON.</summary>
internal static class ExplanationJson
{
    /// <summary>Writes the gates of a picture.</summary>
    public static void Write(Utf8JsonWriter json, string picture, IReadOnlyList<LayerGates> layers)
    {
        json.WriteString("picture", picture);
        Write(json, layers);
    }

    /// <summary>Writes gates layer by layer.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<LayerGates> layers)
    {
        json.WriteStartArray("layers");
        foreach (LayerGates layer in layers)
        {
            json.WriteStartObject();
            json.WriteString("layer", layer.Layer);
            json.WriteStartArray("gates");
            foreach (float value in layer.Values)
                json.WriteNumberValue(value);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes its properties.</summary>
    public static void Write(Utf8JsonWriter json, Explanation explanation)
    {
        json.WriteString("model", explanation.Model);
        json.WriteString("method", explanation.Method);
        json.WriteString("target", explanation.Target);
        json.WriteFinite("value", explanation.Value);
        json.WriteBoolean("isSigned", explanation.IsSigned);
        if (double.IsFinite(explanation.CompletenessGap))
            json.WriteNumber("completenessGap", explanation.CompletenessGap);
        json.WriteStartArray("notes");
        foreach (string note in explanation.Notes)
            json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteString(explanation.GridRows > 0 ? "picture" : "text", explanation.Source);
        if (explanation.GridRows > 0)
        {
            json.WriteNumber("rows", explanation.GridRows);
            json.WriteNumber("columns", explanation.GridColumns);
        }
        WriteUnits(json, ("scores", "score"), explanation.Source, explanation.Ranges, explanation.Scores);
    }

    /// <summary>Writes a number for each unit, of a text with its place; <paramref name="ranges"/> is empty for a picture.</summary>
    public static void WriteUnits(Utf8JsonWriter json, (string Array, string Number) names, string source, IReadOnlyList<Range> ranges, IReadOnlyList<float> values)
    {
        json.WriteStartArray(names.Array);
        for (int i = 0; i < values.Count; i++)
        {
            if (ranges.Count == 0)
            {
                json.WriteNumberValue(values[i]);
                continue;
            }
            (int start, int length) = ranges[i].GetOffsetAndLength(source.Length);
            json.WriteStartObject();
            json.WriteNumber("start", start);
            json.WriteNumber("length", length);
            json.WriteString("text", source.AsSpan(start, length));
            json.WriteNumber(names.Number, values[i]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
