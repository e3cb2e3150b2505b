using System.Text.Json;

namespace Heed.Cli;

/// <summary>A <see cref="FaithfulnessReport"/> as JSON.</summary>
internal static class FaithfulnessJson
{
    public static void Write(Utf8JsonWriter json, FaithfulnessReport report)
    {
        json.WriteString("model", report.Model);
        json.WriteNumber("inputs", report.Count);
        json.WriteString("removal", report.Removal);
        json.WriteString("rule", FaithfulnessReport.Rule);
        Write(json, "shares", report.Shares);
        json.WriteStartArray("methods");
        foreach (MethodFaithfulness method in report.Methods.Append(report.Random))
            Write(json, method, hasGap: method != report.Random);
        json.WriteEndArray();
        json.WriteStartArray("agreement");
        for (int a = 0; a < report.Methods.Count; a++)
        {
            for (int b = 0; b < a; b++)
            {
                json.WriteStartObject();
                json.WriteString("first", report.Methods[b].Method);
                json.WriteString("second", report.Methods[a].Method);
                Write(json, "rankCorrelation", report.Agreement[a, b]);
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, MethodFaithfulness method, bool hasGap)
    {
        json.WriteStartObject();
        json.WriteString("method", method.Method);
        Write(json, "comprehensiveness", method.Comprehensiveness);
        Write(json, "sufficiency", method.Sufficiency);
        Write(json, "deletionArea", method.DeletionArea);
        Write(json, "insertionArea", method.InsertionArea);
        if (hasGap)
        {
            Write(json, "comprehensivenessGap", method.ComprehensivenessGap);
            Write(json, "sufficiencyGap", method.SufficiencyGap);
            Write(json, "deletionGap", method.DeletionGap);
            Write(json, "insertionGap", method.InsertionGap);
            json.WriteFinite("stability", method.Stability);
            json.WriteString("verdict", FaithfulnessReport.Name(method.Verdict));
        }
        Write(json, "comprehensivenessByShare", method.ComprehensivenessByShare);
        Write(json, "sufficiencyByShare", method.SufficiencyByShare);
        Write(json, "deletion", method.Deletion);
        Write(json, "insertion", method.Insertion);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, string name, Interval interval)
    {
        json.WriteStartObject(name);
        json.WriteFinite("value", interval.Value);
        json.WriteFinite("low", interval.Low);
        json.WriteFinite("high", interval.High);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<double> values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
