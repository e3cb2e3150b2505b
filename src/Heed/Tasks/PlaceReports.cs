using System.Globalization;

namespace Heed;

/// <summary>The reports of segmenters and detectors: their training, their figures on pictures, and pictures with what is there and what was said drawn over them.</summary>
internal static class PlaceReports
{
    // Boxes below this score are left out of drawings, and a box of the right class that overlaps a true one so much has found it.
    private const double LeastScore = 0.3, Overlap = 0.5;

    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static (HtmlReport Page, SegmentationReport? Measured) Of(Segmenter model, MaskData? data, ReportOptions options)
    {
        HtmlReport report = Begin(model.Record, "mean IoU", model.Network.ParameterCount, model.Labels.Count, data, options);
        if (data is null)
            return (report, null);
        SegmenterTask.Tally tally = new(model.Labels);
        double[] right = new double[data.Count];
        for (int i = 0; i < data.Count; i++)
        {
            PictureSample sample = data.Read(i);
            float[] logits = model.Logits(sample.Picture);
            int[] mask = Segmenter.MaskOf(sample, data.VoidLabel);
            tally.Add(logits, mask, 1);
            int known = mask.Count(label => label >= 0), classes = model.Labels.Count;
            right[i] = known == 0 ? 1 : Enumerable.Range(0, mask.Length).Count(p => mask[p] >= 0 && Largest.IndexOf(logits.AsSpan(p * classes, classes)) == mask[p]) / (double)known;
        }
        SegmentationReport measured = tally.Report();
        if (data.Count == 0)
            return (report, measured);
        report.Add(EvaluationSections.Figures([("pictures", measured.PictureCount.ToString("N0", culture)), ("pixels", measured.PixelCount.ToString("N0", culture)), ("mean IoU", Figure(measured.MeanIou)),
            ("pixel accuracy", Figure(measured.PixelAccuracy)), ("loss", Figure(measured.Loss))]));
        foreach (ReportSection section in EvaluationSections.Of(measured))
            report.Add(section);
        Add(report, options, data, right, worst: Math.Min(measured.PixelAccuracy, Math.BitDecrement(1)), FormattableString.Invariant($"a wrong pixel, and no higher pixel accuracy than all pictures together, {measured.PixelAccuracy:F4}"), i =>
        {
            PictureSample sample = data.Read(i);
            SegmentationPrediction seen = model.Predict(sample.Picture);
            (Picture small, Func<Picture, Picture> resize, _) = DrawnPicture.Of(sample.Picture);
            Picture truth = resize(sample.Mask!), said = resize(seen.Mask);
            return new PictureView(small, data.NameOf(i), [])
            {
                Facts = [("pixel accuracy", Figure(right[i]))],
                Drawings = [("true", Draw(small, truth, model.Labels, data.VoidLabel)), ("predicted", Draw(small, said, model.Labels, null))],
            };
        });
        return (report, measured);
    }

    public static (HtmlReport Page, DetectionReport? Measured) Of(Detector model, BoxData? data, ReportOptions options)
    {
        HtmlReport report = Begin(model.Record, "mAP@0.5", model.Network.ParameterCount, model.Labels.Count, data, options);
        if (data is null)
            return (report, null);
        IReadOnlyList<ScoredBox>[] found = [.. Enumerable.Range(0, data.Count).Select(i => model.Predict(data.Read(i).Picture, DetectorTask.LeastScore).Boxes)];
        DetectionReport measured = new(model.Labels, [.. Enumerable.Range(0, data.Count).Select(data.Boxes)], found);
        if (data.Count == 0)
            return (report, measured);
        report.Add(EvaluationSections.Figures([("pictures", measured.PictureCount.ToString("N0", culture)), ("boxes", measured.Classes.Sum(c => c.BoxCount).ToString("N0", culture)), ("mAP@0.5 (VOC)", Figure(measured.VocPrecision)),
            ("mAP@0.5:0.95 (COCO)", Figure(measured.CocoPrecision)), ("mAP@0.5 (COCO)", Figure(measured.CocoHalf)), ("mAP@0.75 (COCO)", Figure(measured.CocoThreeQuarters))]));
        foreach (ReportSection section in EvaluationSections.Of(measured))
            report.Add(section);
        (int Missed, int Wrong)[] errors = [.. found.Select((boxes, i) => Errors(data.Boxes(i), [.. boxes.Where(b => b.Confidence >= LeastScore)]))];
        Add(report, options, data, [.. errors.Select(e => -(double)(e.Missed + e.Wrong))], worst: -1, FormattableString.Invariant($"a missed or a wrong box (of boxes from a score of {LeastScore} on, at an overlap of {Overlap})"), i =>
        {
            ScoredBox[] said = [.. found[i].Where(b => b.Confidence >= LeastScore)];
            (Picture small, _, double scale) = DrawnPicture.Of(data.Read(i).Picture);
            PictureBox Scaled(PictureBox box) => box with { Left = (float)(box.Left * scale), Top = (float)(box.Top * scale), Right = (float)(box.Right * scale), Bottom = (float)(box.Bottom * scale) };
            PictureCanvas canvas = new(small);
            foreach (PictureBox box in data.Boxes(i).Select(Scaled))
                canvas.Box(box.Left, box.Top, box.Right, box.Bottom, PictureColour.OfClass(box.Label), model.Labels[box.Label]);
            return new PictureView(small, data.NameOf(i), [])
            {
                Facts = [("boxes", data.Boxes(i).Count(b => b.Kind == BoxKind.Thing).ToString(culture)), ("found", said.Length.ToString(culture)), ("missed", errors[i].Missed.ToString(culture)), ("wrong", errors[i].Wrong.ToString(culture))],
                Drawings = [("true", canvas.ToPicture()), ("found", new DetectionPrediction(model.Labels, [.. said.Select(b => b with { Box = Scaled(b.Box) })]).Draw(small))],
            };
        });
        return (report, measured);
    }

    private static HtmlReport Begin(TrainingRecord record, string score, long parameters, int classes, IPictureData? data, ReportOptions options)
    {
        options.Validate();
        HtmlReport report = new(options.Title)
        {
            Introduction = string.Create(culture, $"{parameters:N0} parameters, {classes} classes.{(data is null ? "" : $" Measured on {data.Count:N0} pictures.")} ")
                + (data is null || options.Content == ReportContent.None ? "This file holds no pictures of the data." : "This file holds pictures of the data, made small: treat it as you treat them."),
        };
        foreach (ReportSection section in EvaluationSections.OfTraining(record.Epochs, score))
            report.Add(section);
        return report;
    }

    // Pictures by how right they are, the least right first; those up to some figure count as wrong.
    private static void Add(HtmlReport report, ReportOptions options, IPictureData data, double[] right, double worst, string what, Func<int, PictureView> view)
    {
        if (options.Content == ReportContent.None)
            return;
        int[] order = [.. Enumerable.Range(0, data.Count).OrderBy(i => right[i])], wrong = [.. order.Where(i => right[i] <= worst)];
        int[] chosen = options.Content == ReportContent.All ? order : wrong;
        int most = Math.Min(options.MaximumRows, ReportLimits.Drawn);
        report.Add(new ReportPictures("Pictures, the worst first", [.. chosen.Take(most).Select(view)])
        {
            Note = string.Create(culture, $"{wrong.Length:N0} of {data.Count:N0} pictures have {what}. {Math.Min(most, chosen.Length):N0} {(options.Content == ReportContent.All ? "of all" : "of them")} are here{(chosen.Length > most ? "; this file holds no more" : "")}."),
        });
    }

    private static Picture Draw(Picture picture, Picture mask, IReadOnlyList<string> labels, int? none)
    {
        PictureCanvas canvas = new(picture);
        canvas.Mask(mask, 0.5);
        int[] there = [.. mask.Samples.ToArray().Distinct().Order().Select(c => (int)c)];
        return PictureLegend.Below(canvas.ToPicture(), [.. there.Where(c => c != none && c < labels.Count).Select(c => (labels[c], PictureColour.OfClass(c)))]);
    }

    // The surest boxes choose first; who finds a difficult thing or lies in a crowd is not wrong.
    private static (int Missed, int Wrong) Errors(IReadOnlyList<PictureBox> truth, IReadOnlyList<ScoredBox> found)
    {
        List<PictureBox> left = [.. truth.Where(b => b.Kind == BoxKind.Thing)];
        PictureBox[] ignored = [.. truth.Where(b => b.Kind != BoxKind.Thing)];
        int wrong = 0;
        foreach (ScoredBox box in found.OrderByDescending(b => b.Confidence))
        {
            int best = left.Count == 0 ? -1 : Enumerable.Range(0, left.Count).MaxBy(t => left[t].Label == box.Box.Label ? left[t].Overlap(box.Box) : -1);
            if (best >= 0 && left[best].Label == box.Box.Label && left[best].Overlap(box.Box) >= Overlap)
                left.RemoveAt(best);
            else if (!Array.Exists(ignored, b => b.Label == box.Box.Label && box.Box.Agreement(b) >= Overlap))
                wrong++;
        }
        return (left.Count, wrong);
    }

    private static string Figure(double value) => double.IsNaN(value) ? "" : value.ToString("F4", culture);
}
