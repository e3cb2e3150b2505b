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
        json.WriteStartArray("scores");
        for (int i = 0; i < explanation.Scores.Count; i++)
        {
            if (explanation.GridRows > 0)
            {
                json.WriteNumberValue(explanation.Scores[i]);
                continue;
            }
            (int start, int length) = explanation.Ranges[i].GetOffsetAndLength(explanation.Source.Length);
            json.WriteStartObject();
            json.WriteNumber("start", start);
            json.WriteNumber("length", length);
            json.WriteString("text", explanation.Source.AsSpan(start, length));
            json.WriteNumber("score", explanation.Scores[i]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
