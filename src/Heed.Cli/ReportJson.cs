using System.Text.Json;

namespace Heed.Cli;

/// <summary>A <see cref="ClassificationReport"/> as JSON.</summary>
internal static class ReportJson
{
    /// <summary>Writes which epochs' mean was kept; nothing where none was.</summary>
    public static void WriteMean(Utf8JsonWriter writer, TrainingRecord record)
    {
        if (record.Mean is null)
            return;
        writer.WriteStartArray("meanOf");
        foreach (int epoch in record.Mean.Epochs)
            writer.WriteNumberValue(epoch);
        writer.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter json, ImageReport report)
    {
        json.WriteNumber("pictures", report.Count);
        json.WriteFinite("accuracy", report.Accuracy);
        if (report.PlainAccuracy is { } plain)
            json.WriteFinite("accuracyPlain", plain);
        json.WriteFinite("topFive", report.TopFive);
        json.WriteFinite("macroF1", report.MacroF1);
        json.WriteFinite("loss", report.Loss);
    }

    public static void Write(Utf8JsonWriter json, SegmentationReport report)
    {
        json.WriteNumber("pictures", report.PictureCount);
        json.WriteNumber("pixels", report.PixelCount);
        json.WriteFinite("meanIou", report.MeanIou);
        json.WriteFinite("accuracy", report.PixelAccuracy);
        json.WriteFinite("loss", report.Loss);
        json.WriteStartArray("classes");
        foreach (PixelClassScore score in report.Classes)
        {
            json.WriteStartObject();
            json.WriteString("label", score.Label);
            json.WriteFinite("iou", score.Iou);
            json.WriteNumber("pixels", score.Pixels);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter json, DetectionReport report)
    {
        json.WriteNumber("pictures", report.PictureCount);
        json.WriteNumber("found", report.FoundCount);
        json.WriteFinite("vocPrecision", report.VocPrecision);
        json.WriteFinite("cocoPrecision", report.CocoPrecision);
        json.WriteFinite("cocoHalf", report.CocoHalf);
        json.WriteFinite("cocoThreeQuarters", report.CocoThreeQuarters);
        json.WriteStartArray("classes");
        foreach (BoxClassScore score in report.Classes)
        {
            json.WriteStartObject();
            json.WriteString("label", score.Label);
            json.WriteFinite("vocPrecision", score.VocPrecision);
            json.WriteFinite("cocoPrecision", score.CocoPrecision);
            json.WriteNumber("boxes", score.BoxCount);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes the properties of a report of any kind.</summary>
    public static void Write(Utf8JsonWriter json, EvaluationReport report)
    {
        json.WriteNumber("rows", report.RowCount);
        switch (report)
        {
            case ClassificationReport classes:
                Write(json, classes);
                break;
            case LabelSetReport sets:
                Write(json, sets);
                break;
            case RegressionReport numbers:
                Write(json, numbers);
                break;
            case TranslationReport translations:
                Write(json, translations);
                break;
        }
    }

    private static void Write(Utf8JsonWriter json, TranslationReport report)
    {
        foreach ((string name, BleuScore bleu) in new[] { ("bleu", report.Bleu), ("bleuLowerCase", report.LowerCaseBleu) })
        {
            json.WriteStartObject(name);
            json.WriteFinite("score", bleu.Score);
            json.WriteStartArray("precisions");
            foreach (double precision in bleu.Precisions)
                json.WriteNumberValue(precision);
            json.WriteEndArray();
            json.WriteFinite("brevityPenalty", bleu.BrevityPenalty);
            json.WriteString("signature", bleu.Signature);
            json.WriteEndObject();
        }
        json.WriteStartObject("chrf2");
        json.WriteFinite("score", report.Chrf);
        json.WriteString("signature", ChrfScore.Signature);
        json.WriteEndObject();
        foreach ((string name, RepetitionScore repetition) in new[] { ("repetition", report.Repetition), ("referenceRepetition", report.ReferenceRepetition) })
        {
            json.WriteStartObject(name);
            json.WriteStartArray("shares");
            foreach (double share in repetition.Shares)
                json.WriteNumberValue(share);
            json.WriteEndArray();
            json.WriteNumber("stammering", repetition.StammeringCount);
            json.WriteEndObject();
        }
        json.WriteFinite("exact", report.ExactShare);
        json.WriteFinite("loss", report.Loss);
        json.WriteNumber("unmeasured", report.UnmeasuredCount);
        json.WriteNumber("cutSources", report.CutSourceCount);
    }

    private static void Write(Utf8JsonWriter json, LabelSetReport report)
    {
        Write(json, "microF1", report.MicroF1);
        json.WriteFinite("macroF1", report.MacroF1);
        Write(json, "exactMatch", report.ExactMatch);
        json.WriteFinite("loss", report.Loss);
        Write(json, "labels", report.Labels);
        if (report.Baseline is not { } baseline)
            return;
        (double p, Interval difference) = report.Against(baseline);
        json.WriteStartObject("baseline");
        json.WriteString("name", report.BaselineName);
        Write(json, "microF1", baseline.MicroF1);
        json.WriteFinite("macroF1", baseline.MacroF1);
        Write(json, "microF1Difference", difference);
        json.WriteFinite("exactMatchPValue", p);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RegressionReport report)
    {
        Write(json, "meanAbsoluteError", report.MeanAbsoluteError);
        Write(json, "rootMeanSquaredError", report.RootMeanSquaredError);
        Write(json, "rSquared", report.RSquared);
        json.WriteFinite("constantError", report.ConstantError);
        if (report.BaselineError is { } baseline)
            Write(json, "baselineError", baseline);
        if (report.Difference is { } difference)
            Write(json, "difference", difference);
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<ClassScore> scores)
    {
        json.WriteStartArray(name);
        foreach (ClassScore score in scores)
        {
            json.WriteStartObject();
            json.WriteString("label", score.Label);
            json.WriteFinite("precision", score.Precision);
            json.WriteFinite("recall", score.Recall);
            json.WriteFinite("f1", score.F1);
            json.WriteFinite("averagePrecision", score.AveragePrecision);
            json.WriteNumber("rows", score.Support);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ClassificationReport report)
    {
        Write(json, "accuracy", report.Accuracy);
        Write(json, "macroF1", report.MacroF1);
        json.WriteFinite("loss", report.Loss);
        Write(json, "classes", report.Classes);
        if (report.IsOrdered)
        {
            json.WriteFinite("meanAbsoluteError", report.MeanAbsoluteError);
            json.WriteFinite("quadraticKappa", report.QuadraticKappa);
        }
        json.WriteStartArray("confusion");
        for (int target = 0; target < report.Labels.Count; target++)
        {
            json.WriteStartArray();
            for (int prediction = 0; prediction < report.Labels.Count; prediction++)
                json.WriteNumberValue(report.Confusion(target, prediction));
            json.WriteEndArray();
        }
        json.WriteEndArray();
        if (report.Calibration is { } calibration)
            Write(json, calibration);
        json.WriteStartArray("baselines");
        foreach (BaselineScore baseline in report.Baselines)
        {
            json.WriteStartObject();
            json.WriteString("name", baseline.Name);
            Write(json, "accuracy", baseline.Accuracy);
            Write(json, "macroF1", baseline.MacroF1);
            if (baseline.Test is { } test)
                Write(json, "test", test);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes a paired test as an object.</summary>
    public static void Write(Utf8JsonWriter json, string name, PairedTest test)
    {
        json.WriteStartObject(name);
        json.WriteString("name", "McNemar, exact");
        json.WriteFinite("pValue", test.PValue);
        json.WriteNumber("onlyFirst", test.OnlyFirst);
        json.WriteNumber("onlySecond", test.OnlySecond);
        json.WriteFinite("accuracyDifference", test.AccuracyDifference);
        Write(json, "macroF1Difference", test.MacroF1Difference);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Calibration calibration)
    {
        json.WriteFinite("calibrationError", calibration.ExpectedError);
        json.WriteStartArray("coverage");
        foreach (CoveragePoint point in calibration.Curve)
        {
            json.WriteStartObject();
            json.WriteNumber("threshold", point.Threshold);
            json.WriteFinite("coverage", point.Coverage);
            json.WriteFinite("accuracy", point.Accuracy);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes a figure with its interval as an object.</summary>
    public static void Write(Utf8JsonWriter json, string name, Interval interval)
    {
        json.WriteStartObject(name);
        json.WriteFinite("value", interval.Value);
        json.WriteFinite("low", interval.Low);
        json.WriteFinite("high", interval.High);
        json.WriteEndObject();
    }
}
