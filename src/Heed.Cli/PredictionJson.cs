using System.Text.Json;

namespace Heed.Cli;

/// <summary>A <see cref="TextPrediction"/> as JSON.</summary>
internal static class PredictionJson
{
    /// <summary>Writes the properties of the prediction.</summary>
    /// <param name="json">The destination.</param>
    /// <param name="prediction">The answer to a text.</param>
    /// <param name="inCodePoints">Whether ranges count code points; otherwise UTF-16 units.</param>
    /// <param name="threshold">From which probability on it is sure; null to say nothing about it.</param>
    public static void Write(Utf8JsonWriter json, TextPrediction prediction, bool inCodePoints = false, double? threshold = null)
    {
        CodePointIndex? index = inCodePoints ? new CodePointIndex(prediction.Text) : null;
        json.WriteString("label", prediction.Label);
        if (float.IsNaN(prediction.Probability))
            json.WriteNull("probability");
        else
            json.WriteNumber("probability", prediction.Probability);
        if (threshold is { } least)
            json.WriteBoolean("isSure", prediction.Probability >= least);
        if (!double.IsNaN(prediction.Value))
            json.WriteNumber("value", prediction.Value);
        json.WriteStartObject("probabilities");
        foreach ((string label, float probability) in prediction.Probabilities)
            json.WriteNumber(label, probability);
        json.WriteEndObject();
        json.WriteString("text", prediction.Text);
        Write(json, prediction.Text, index, prediction.Weights);
        if (prediction.Evidence.Count > 0)
            Write(json, prediction.Text, index, prediction.Evidence);
        if (prediction.Sentences.Count > 0)
            Write(json, prediction.Text, index, prediction.Sentences);
        if (prediction.Affinity is { } affinity)
            Write(json, affinity);
        json.WriteNumber("cutOff", prediction.CutOff);
    }

    private static void Write(Utf8JsonWriter json, string text, CodePointIndex? index, IReadOnlyList<SentenceWeight> sentences)
    {
        json.WriteStartArray("sentences");
        foreach (SentenceWeight sentence in sentences)
        {
            (int start, int length) = sentence.Range.GetOffsetAndLength(text.Length);
            json.WriteStartObject();
            json.WriteNumber("start", index?[start] ?? start);
            json.WriteNumber("length", index is null ? length : index[start + length] - index[start]);
            json.WriteNumber("weight", sentence.Weight);
            Write(json, text, index, sentence.Words);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    // One array for each token of the first text, with a number for each of the second's; tokens in the order of "weights".
    private static void Write(Utf8JsonWriter json, TokenAffinity affinity)
    {
        json.WriteStartArray("affinity");
        for (int i = 0; i < affinity.Values.GetLength(0); i++)
        {
            json.WriteStartArray();
            for (int j = 0; j < affinity.Values.GetLength(1); j++)
                json.WriteNumberValue(affinity.Values[i, j]);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string text, CodePointIndex? index, IReadOnlyList<LabelEvidence> evidence)
    {
        json.WriteStartArray("labels");
        foreach (LabelEvidence label in evidence)
        {
            json.WriteStartObject();
            json.WriteString("label", label.Label);
            json.WriteNumber("probability", label.Probability);
            json.WriteNumber("threshold", label.Threshold);
            json.WriteBoolean("isChosen", label.IsChosen);
            Write(json, text, index, label.Weights);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string text, CodePointIndex? index, IReadOnlyList<TokenWeight> weights)
    {
        json.WriteStartArray("weights");
        foreach (TokenWeight token in weights)
        {
            (int start, int length) = token.Range.GetOffsetAndLength(text.Length);
            json.WriteStartObject();
            json.WriteNumber("start", index?[start] ?? start);
            json.WriteNumber("length", index is null ? length : index[start + length] - index[start]);
            json.WriteString("text", text.AsSpan(start, length));
            json.WriteNumber("weight", token.Weight);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
