using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>How well the boxes of a class are found.</summary>
/// <param name="Label">The class.</param>
/// <param name="VocPrecision">Average precision as Pascal VOC defines it since 2010, at an overlap of 0.5; NaN where the class has no boxes.</param>
/// <param name="CocoPrecision">Average precision as COCO defines it, the mean over overlaps from 0.5 to 0.95.</param>
/// <param name="BoxCount">Boxes of the class, each one thing.</param>
public sealed record BoxClassScore(string Label, double VocPrecision, double CocoPrecision, int BoxCount)
{
    /// <summary>Precision over recall as VOC has them at an overlap of 0.5: a point for each box that was found right, the surest first; precision is the highest of any recall from there on. <see cref="VocPrecision"/> is the area below.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<RecallPoint> Curve { get; init; } = [];
}

/// <summary>How precise boxes are down to a score.</summary>
/// <param name="Recall">Share of the true boxes that are found.</param>
/// <param name="Precision">Share of what is found that is right; the highest of any recall from there on.</param>
/// <param name="Score">The score down to which boxes count.</param>
public sealed record RecallPoint(double Recall, double Precision, double Score);

/// <summary>How well things are found: average precision of each class, as Pascal VOC and as COCO define it.</summary>
/// <remarks>
/// <para>Boxes of a class are looked at from the surest on, over all pictures. VOC: a box is right if the true box of the class that it overlaps most overlaps it by at least 0.5 and was not found before; the average precision is the whole
/// area under the curve of precision over recall, where precision is the highest of any recall from there on (Everingham et al., "The Pascal visual object classes challenge", development kit of 2010). COCO: a box is right if one of the
/// true boxes that are still free overlaps it enough, the most overlapped one is then taken; the precision is read at the 101 recalls 0, 0.01, … 1, and averaged over overlaps 0.5, 0.55, … 0.95; of each picture the surest 100 boxes of a
/// class count (Lin et al., "Microsoft COCO", 2014, and its evaluation code).</para>
/// <para>Edges are real numbers; VOC's own kit counts whole pixels, whose boxes are one wider. Boxes of another <see cref="BoxKind"/> than things are never missed, and what is found at one of them counts neither as right nor as
/// wrong. As VOC has it, that is so where the true box that is overlapped most is such a one; as COCO has it, where no free thing is overlapped enough, a difficult box takes one and a crowd any number. What lies in a crowd is measured by its share that does. Means are over the classes that have boxes.</para>
/// </remarks>
public sealed class DetectionReport
{
    /// <summary>Makes a report.</summary>
    /// <param name="labels">The classes' names.</param>
    /// <param name="truth">The true boxes of each picture.</param>
    /// <param name="found">The boxes that were found in each picture.</param>
    /// <exception cref="ArgumentException">The numbers of pictures differ.</exception>
    public DetectionReport(IReadOnlyList<string> labels, IReadOnlyList<IReadOnlyList<PictureBox>> truth, IReadOnlyList<IReadOnlyList<ScoredBox>> found)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(found);
        if (truth.Count != found.Count)
            throw new ArgumentException(FormattableString.Invariant($"DetectionReport: there are true boxes of {truth.Count} pictures and found ones of {found.Count}."), nameof(found));
        (PictureCount, FoundCount) = (truth.Count, found.Sum(boxes => boxes.Count));
        BoxClassScore[] scores = new BoxClassScore[labels.Count];
        double[][] coco = new double[labels.Count][];
        for (int label = 0; label < labels.Count; label++)
        {
            BoxMatching matching = new(label, truth, found);
            coco[label] = [.. BoxMatching.CocoOverlaps.Select(matching.CocoPrecision)];
            scores[label] = new BoxClassScore(labels[label], matching.VocPrecision(0.5), coco[label].Average(), matching.BoxCount) { Curve = matching.VocCurve(0.5) };
        }
        Classes = scores;
        int[] seen = [.. Enumerable.Range(0, labels.Count).Where(c => scores[c].BoxCount > 0)];
        double Mean(Func<int, double> of) => seen.Length == 0 ? 0 : seen.Average(of);
        (VocPrecision, CocoPrecision, CocoHalf, CocoThreeQuarters) = (Mean(c => scores[c].VocPrecision), Mean(c => scores[c].CocoPrecision), Mean(c => coco[c][0]), Mean(c => coco[c][5]));
    }

    /// <summary>Pictures.</summary>
    public int PictureCount { get; }

    /// <summary>Boxes that were found, right or wrong.</summary>
    public int FoundCount { get; }

    /// <summary>Mean average precision as VOC defines it, at an overlap of 0.5.</summary>
    public double VocPrecision { get; }

    /// <summary>Mean average precision as COCO defines it, over overlaps from 0.5 to 0.95.</summary>
    public double CocoPrecision { get; }

    /// <summary>COCO's at an overlap of 0.5.</summary>
    public double CocoHalf { get; }

    /// <summary>COCO's at an overlap of 0.75.</summary>
    public double CocoThreeQuarters { get; }

    /// <summary>Each class.</summary>
    public IReadOnlyList<BoxClassScore> Classes { get; }

    /// <summary>For people.</summary>
    public override string ToString()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder text = new();
        text.Append(culture, $"mAP@0.5 {VocPrecision:F4} (VOC), mAP@0.5:0.95 {CocoPrecision:F4}, @0.5 {CocoHalf:F4}, @0.75 {CocoThreeQuarters:F4} (COCO); {Classes.Sum(c => c.BoxCount):N0} boxes in {PictureCount:N0} pictures");
        int width = Classes.Max(c => c.Label.Length);
        foreach (BoxClassScore score in Classes)
            text.Append(culture, $"\n  {score.Label.PadRight(width)}  AP@0.5 {Figure(score.VocPrecision)}  AP@0.5:0.95 {Figure(score.CocoPrecision)}  {score.BoxCount,8:N0} boxes");
        return text.ToString();

        static string Figure(double value) => double.IsNaN(value) ? "     -" : value.ToString("F4", CultureInfo.InvariantCulture);
    }
}
