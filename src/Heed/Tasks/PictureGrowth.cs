namespace Heed;

/// <summary>Training pictures that begin small and grow: s(e) = max(s₁, ⌊8 (s₁ + (1 − s₁) e / 0.6 E)⌋ / 8) of their rows and columns in epoch e of E, all of them from e = 0.6 E on and in the last epoch.</summary>
/// <remarks>A step costs s² of one with whole pictures, so s₁ = 1/2 takes 0.70 of the time. Shifts and cut-out squares shrink alike: small pictures learn with weaker changes, as in
/// Tan and Le, "EfficientNetV2: smaller models and faster training" (ICML 2021), section 4.</remarks>
internal sealed class PictureGrowth
{
    private const double Growing = 0.6, Steps = 8;
    private readonly double[] scales;
    private readonly Dictionary<double, PictureBatches> batches = [];

    /// <summary>Prepares the batches of all sizes; nothing is decoded yet.</summary>
    /// <param name="data">The training pictures.</param>
    /// <param name="whole">How they are read at full size.</param>
    /// <param name="first">s₁.</param>
    /// <param name="epochs">E.</param>
    public PictureGrowth(IPictureData data, PictureBatchOptions whole, double first, int epochs)
    {
        scales = [.. Enumerable.Range(0, epochs).Select(epoch => ScaleAt(epoch, first, epochs))];
        foreach (double scale in scales)
            batches.TryAdd(scale, new PictureBatches(data, Scaled(whole, scale)));
    }

    /// <summary>The batches of an epoch, from 1.</summary>
    public PictureBatches this[int epoch] => batches[scales[epoch - 1]];

    /// <summary>What a step costs in this epoch, from 1, beside one with whole pictures.</summary>
    public double CostOf(int epoch) => scales[epoch - 1] * scales[epoch - 1];

    /// <summary>A line that says how the pictures grow; none where they do not.</summary>
    public static IEnumerable<string> Notes(PictureBatchOptions whole, ImageClassifierOptions options)
    {
        PictureBatchOptions first = Scaled(whole, options.FirstScale);
        return options.FirstScale == 1 ? [] : [FormattableString.Invariant(
            $"training pictures grow from {first.Height} x {first.Width} to {whole.Height} x {whole.Width} over the first {(int)Math.Ceiling(Growing * options.Training.EpochCount)} of {options.Training.EpochCount} epochs")];
    }

    private static double ScaleAt(int epoch, double first, int epochs)
    {
        // However few epochs there are, the last one has whole pictures.
        double share = epoch == epochs - 1 ? 1 : Math.Min(1, epoch / (Growing * epochs));
        return Math.Max(first, Math.Floor(Steps * (first + ((1 - first) * share))) / Steps);
    }

    private static PictureBatchOptions Scaled(PictureBatchOptions whole, double scale)
    {
        int Part(int pixels) => (int)Math.Round(pixels * scale);
        return whole with
        {
            Height = Math.Max(1, Part(whole.Height)),
            Width = Math.Max(1, Part(whole.Width)),
            Augmentation = whole.Augmentation is { } changes ? changes with { CropPadding = Part(changes.CropPadding), Cutout = Part(changes.Cutout) } : null,
        };
    }
}
