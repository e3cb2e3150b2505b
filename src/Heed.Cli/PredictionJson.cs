using System.Text.Json;

namespace Heed.Cli;

/// <summary>A <see cref="TextPrediction"/> as JSON.</summary>
internal static class PredictionJson
{
    /// <summary>Writes the properties of the prediction.</summary>
    /// <param name="json">The destination.</param>
    /// <param name="prediction">The answer to a text.</param>
    /// <param name="inCodePoints">Whether ranges count code points; otherwise UTF-16 units.</param>
    public static void Write(Utf8JsonWriter json, TextPrediction prediction, bool inCodePoints = false)
    {
        CodePointIndex? index = inCodePoints ? new CodePointIndex(prediction.Text) : null;
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
            json.WriteNumber("start", index?[start] ?? start);
            json.WriteNumber("length", index is null ? length : index[start + length] - index[start]);
            json.WriteString("text", prediction.Text.AsSpan(start, length));
            json.WriteNumber("weight", token.Weight);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("cutOff", prediction.CutOff);
    }
}
