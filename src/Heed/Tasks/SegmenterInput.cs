namespace Heed;

/// <summary>A picture of which a <see cref="Segmenter"/> said the class of every pixel; explained is the mean of one class's log odds over the pixels that it has, or over all.</summary>
internal sealed class SegmenterInput : PictureInput
{
    private readonly Segmenter model;

    /// <summary>Makes a picture ready.</summary>
    /// <param name="model">The model.</param>
    /// <param name="picture">As it was given.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="label">The class; null for that of most pixels.</param>
    /// <param name="isWhole">Whether the mean is over all pixels.</param>
    /// <param name="cells">Cells of the grid on each side at most.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    /// <exception cref="InputException">The model gives no pixel to it.</exception>
    public SegmenterInput(Segmenter model, Picture picture, string name, string? label, bool isWhole, int cells)
        : this(model, picture, name, model.ReadingOf(picture), cells)
    {
        int classes = model.Labels.Count, pixels = Outputs.Length / classes;
        int[] mask = [.. Enumerable.Range(0, pixels).Select(i => Largest.IndexOf(Outputs.AsSpan(i * classes, classes)))];
        int target = label is null ? mask.GroupBy(c => c).MaxBy(g => g.Count())!.Key : LabelNumber.Of(label, model.Labels);
        int[] region = [.. Enumerable.Range(0, pixels).Where(i => isWhole || mask[i] == target)];
        if (region.Length == 0)
        {
            throw new InputException($"the model gives no pixel to '{model.Labels[target]}' here, only to {string.Join(", ", mask.Distinct().Order().Select(c => model.Labels[c]))}. Ask for the mean over the whole picture (--whole-picture, WholePicture), or choose another label.",
                name);
        }
        Scalar = Mean(model.Labels[target], target, region, classes, isWhole);
        Notes = [FormattableString.Invariant($"the value is a mean over {region.Length:N0} of {pixels:N0} pixels; they stay the same ones while parts of the picture go")];
    }

    private SegmenterInput(SegmenterInput same)
        : base(same.Picture, same.Source, same.Vectors, same.Reading, same.Grid) => (model, Scalar, Notes) = (same.model, same.Scalar, same.Notes);

    private SegmenterInput(Segmenter model, Picture picture, string name, PictureBatchOptions reading, int cells)
        : base(picture, name, PictureLook.Batch(picture, reading).Pixels, reading, GridOf(reading, cells)) => (this.model, Scalar) = (model, null!);

    public override string Model => "segmenter";

    public override IReadOnlyList<string> Notes { get; } = [];

    private protected override Module Network => model.Network;

    private protected override ExplainedScalar Scalar { get; }

    public override ExplainedInput Again() => new SegmenterInput(this);

    private protected override Tensor Run(Tensor pictures, in Pass pass)
    {
        Tensor logits = model.Network.Forward(pictures, pass);
        return logits.Reshape(new Shape(logits.Shape[0], logits.Length / logits.Shape[0]));
    }

    private static ExplainedScalar Mean(string name, int target, int[] region, int classes, bool isWhole)
    {
        ExplainedScalar one = ExplainedScalar.OfClass(name, target, 1);
        return new ExplainedScalar($"mean log odds of '{name}', over {(isWhole ? "the whole picture" : "its pixels")}", name, isLogOdds: true, (logits, gradient) =>
        {
            gradient.Clear();
            double sum = 0;
            foreach (int pixel in region)
            {
                Span<float> own = gradient.Slice(pixel * classes, classes);
                sum += one.Of(logits.Slice(pixel * classes, classes), own);
                System.Numerics.Tensors.TensorPrimitives.Divide(own, region.Length, own);
            }
            return sum / region.Length;
        });
    }
}
