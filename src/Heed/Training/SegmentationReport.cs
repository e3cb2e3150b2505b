using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>How well a class of pixels is found.</summary>
/// <param name="Label">The class.</param>
/// <param name="Iou">Pixels that are the class and were said to be it, among those that are or were said to be: intersection over union; NaN where there are none of either.</param>
/// <param name="Pixels">Pixels of the class.</param>
public sealed record PixelClassScore(string Label, double Iou, long Pixels);

/// <summary>How well the classes of pixels are found, over all pixels of all pictures together.</summary>
/// <remarks>Pixels that belong to no class are left out. Source: Everingham et al., "The Pascal visual object classes challenge", 2010, section 4.3: intersections and unions are added up over the whole set, then divided, then averaged over classes.</remarks>
public sealed class SegmentationReport
{
    private readonly long[] confusion;

    /// <summary>Makes a report.</summary>
    /// <param name="labels">The classes' names.</param>
    /// <param name="confusion">Pixels, (classes, classes) row-major: a row for each true class, a column for each answer.</param>
    /// <param name="pictureCount">Pictures.</param>
    /// <param name="loss">Mean of −ln P of the right class over the pixels, in nats.</param>
    /// <exception cref="ArgumentException">There are not classes² counts.</exception>
    public SegmentationReport(IReadOnlyList<string> labels, ReadOnlySpan<long> confusion, int pictureCount, double loss)
    {
        ArgumentNullException.ThrowIfNull(labels);
        int classes = labels.Count;
        if (confusion.Length != classes * classes)
            throw new ArgumentException(FormattableString.Invariant($"SegmentationReport: {confusion.Length} counts came for {classes} classes; classes² are required."), nameof(confusion));
        this.confusion = confusion.ToArray();
        PixelClassScore[] scores = new PixelClassScore[classes];
        for (int c = 0; c < classes; c++)
        {
            long are = 0, said = 0, hit = confusion[(c * classes) + c];
            for (int other = 0; other < classes; other++)
            {
                are += confusion[(c * classes) + other];
                said += confusion[(other * classes) + c];
            }
            long union = are + said - hit;
            scores[c] = new PixelClassScore(labels[c], union == 0 ? double.NaN : hit / (double)union, are);
            PixelCount += are;
            PixelAccuracy += hit;
        }
        PixelAccuracy /= Math.Max(1, PixelCount);
        MeanIou = scores.Any(s => !double.IsNaN(s.Iou)) ? scores.Where(s => !double.IsNaN(s.Iou)).Average(s => s.Iou) : 0;
        (Classes, PictureCount, Loss) = (scores, pictureCount, loss);
    }

    /// <summary>Pictures.</summary>
    public int PictureCount { get; }

    /// <summary>Pixels that belong to a class.</summary>
    public long PixelCount { get; }

    /// <summary>Mean of −ln P of the right class, in nats.</summary>
    public double Loss { get; }

    /// <summary>Share of the pixels whose class is right.</summary>
    public double PixelAccuracy { get; }

    /// <summary>Mean of the classes' intersection over union, without classes that neither are there nor were said to be.</summary>
    public double MeanIou { get; }

    /// <summary>Each class.</summary>
    public IReadOnlyList<PixelClassScore> Classes { get; }

    /// <summary>Pixels of a class that were said to be another (or itself).</summary>
    /// <param name="target">The true class, a place in <see cref="Classes"/>.</param>
    /// <param name="answer">What was said.</param>
    public long Confusion(int target, int answer) => confusion[(target * Classes.Count) + answer];

    /// <summary>For people.</summary>
    public override string ToString()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder text = new();
        text.Append(culture, $"mean IoU {MeanIou:F4}, pixel accuracy {PixelAccuracy:F4}, loss {Loss:F4}, {PixelCount:N0} pixels of {PictureCount:N0} pictures");
        int width = Classes.Max(c => c.Label.Length);
        foreach (PixelClassScore score in Classes)
            text.Append(culture, $"\n  {score.Label.PadRight(width)}  IoU {(double.IsNaN(score.Iou) ? "     -" : score.Iou.ToString("F4", culture))}  {score.Pixels,12:N0} pixels");
        return text.ToString();
    }
}
