using System.Text.Json;

namespace Heed.Cli;

/// <summary>A <see cref="ClassificationReport"/> as JSON.</summary>
internal static class ReportJson
{
    /// <summary>Writes the properties of the report.</summary>
    public static void Write(Utf8JsonWriter json, ClassificationReport report)
    {
        json.WriteNumber("rows", report.RowCount);
        Write(json, "accuracy", report.Accuracy);
        Write(json, "macroF1", report.MacroF1);
        json.WriteFinite("loss", report.Loss);
        json.WriteStartArray("classes");
        foreach (ClassScore score in report.Classes)
        {
            json.WriteStartObject();
            json.WriteString("label", score.Label);
            json.WriteFinite("precision", score.Precision);
            json.WriteFinite("recall", score.Recall);
            json.WriteFinite("f1", score.F1);
            json.WriteNumber("rows", score.Support);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("confusion");
        for (int target = 0; target < report.Labels.Count; target++)
        {
            json.WriteStartArray();
            for (int prediction = 0; prediction < report.Labels.Count; prediction++)
                json.WriteNumberValue(report.Confusion(target, prediction));
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteStartArray("baselines");
        foreach ((string name, double accuracy, double macroF1) in report.Baselines)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteFinite("accuracy", accuracy);
            json.WriteFinite("macroF1", macroF1);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, Interval interval)
    {
        json.WriteStartObject(name);
        json.WriteFinite("value", interval.Value);
        json.WriteFinite("low", interval.Low);
        json.WriteFinite("high", interval.High);
        json.WriteEndObject();
    }
}
