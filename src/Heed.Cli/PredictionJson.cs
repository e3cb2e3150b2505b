using System.Text.Json;

namespace Heed.Cli;

/// <summary>A <see cref="TextPrediction"/> as JSON.</summary>
internal static class PredictionJson
{
    /// <summary>Writes the properties of the prediction; ranges are in UTF-16 units of the text.</summary>
    public static void Write(Utf8JsonWriter json, TextPrediction prediction)
    {
        json.WriteString("label", prediction.Label);
        json.WriteNumber("probability", prediction.Probability);
        json.WriteStartObject("probabilities");
        foreach ((string label, float probability) in prediction.Probabilities)
            json.WriteNumber(label, probability);
        json.WriteEndObject();
        json.WriteString("text", prediction.Text);
        json.WriteStartArray("weights");
        foreach (TokenWeight token in prediction.Weights)
        {
            (int start, int length) = token.Range.GetOffsetAndLength(prediction.Text.Length);
            json.WriteStartObject();
            json.WriteNumber("start", start);
            json.WriteNumber("length", length);
            json.WriteString("text", prediction.Text.AsSpan(start, length));
            json.WriteNumber("weight", token.Weight);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("cutOff", prediction.CutOff);
    }
}
