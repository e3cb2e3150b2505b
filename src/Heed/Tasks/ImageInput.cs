namespace Heed;

/// <summary>A picture that an <see cref="ImageClassifier"/> saw, at the size at which it sees pictures. Units are the cells of a grid.</summary>
internal sealed class ImageInput : ExplainedInput
{
    private const string Blur = "blur", Mean = "mean", Black = "black";
    private const int PicturesAtOnce = 16;

    private readonly ImageClassifier model;
    private readonly ExplainedScalar scalar;
    private readonly PictureBatchOptions reading;
    private readonly int[] cellOfPlace;
    private readonly Lazy<float[]> blurred;
    private readonly Lazy<FeatureMap?> features;

    public ImageInput(ImageClassifier model, float[] pixels, string name, string? label, int cells)
    {
        (this.model, Vectors, Source, reading) = (model, pixels, name, model.Reading);
        Grid = (Math.Min(cells, reading.Height), Math.Min(cells, reading.Width));
        cellOfPlace = [.. Enumerable.Range(0, reading.Height * reading.Width).Select(place => (place / reading.Width * Grid.Rows / reading.Height * Grid.Columns) + (place % reading.Width * Grid.Columns / reading.Width))];
        float[] logits = Step.Evaluate(pass => model.Network.Forward(Batch([pixels]), pass)).ToArray();
        int target = label is null ? Largest.IndexOf(logits) : model.Labels.ToList().IndexOf(label);
        if (target < 0)
            throw new ArgumentException($"there is no label '{NearestName.Shown(label!)}'; there are {NearestName.List([.. model.Labels])}.{NearestName.Hint(label!, model.Labels)}", nameof(label));
        scalar = ExplainedScalar.OfClass(model.Labels[target], target, 1);
        Value = scalar.Of(logits, new float[logits.Length]);
        blurred = new(() => PictureBlur.Of(pixels, reading.Height, reading.Width, reading.Channels));
        features = new(Map);
    }

    public override string Model => "image classifier";

    public override string Source { get; }

    public override string Target => scalar.Name;

    public override string? Label => scalar.Label;

    public override bool IsLogOdds => true;

    public override double Value { get; }

    public override (int Rows, int Columns) Grid { get; }

    public override IReadOnlyList<string> Removals => [Blur, Mean];

    public override IReadOnlyList<string> Baselines => [Mean, Black, Blur];

    public override FeatureMap? Features => features.Value;

    internal override float[] Vectors { get; }

    // Pixels are normalised, so zeros are the mean colour of the training pictures.
    internal override float[] BaselineVectors(string baseline) => baseline switch
    {
        Blur => blurred.Value,
        Black => [.. Vectors.Select((_, i) => reading.Mean.Count == 0 ? 0 : -reading.Mean[i % reading.Channels] / (reading.Deviation.Count == 0 ? 1 : reading.Deviation[i % reading.Channels]))],
        _ => new float[Vectors.Length],
    };

    internal override (double Value, float[] Gradient)[] Gradients(IReadOnlyList<float[]> points)
    {
        (double, float[])[] results = new (double, float[])[points.Count];
        foreach (int[] group in Enumerable.Range(0, points.Count).Chunk(PicturesAtOnce))
            Differentiate([.. group.Select(p => points[p])], null, (i, value, gradient) => results[group[i]] = (value, gradient));
        return results;
    }

    internal override double[] SumByUnit(ReadOnlySpan<double> elements)
    {
        double[] sums = new double[UnitCount];
        for (int i = 0; i < elements.Length; i++)
            sums[cellOfPlace[i / reading.Channels]] += elements[i];
        return sums;
    }

    private protected override double[] ValuesWithout(IReadOnlyList<bool[]> removed, string removal)
    {
        float[] other = BaselineVectors(removal);
        double[] values = new double[removed.Count];
        foreach (int[] group in Enumerable.Range(0, removed.Count).Chunk(PicturesAtOnce))
        {
            float[] logits = Step.Evaluate(pass => model.Network.Forward(Batch([.. group.Select(v => Mixed(removed[v], other))]), pass)).ToArray();
            int classes = model.Labels.Count;
            for (int i = 0; i < group.Length; i++)
                values[group[i]] = scalar.Of(logits.AsSpan(i * classes, classes), new float[classes]);
        }
        return values;
    }

    private float[] Mixed(bool[] removed, float[] other)
    {
        float[] pixels = (float[])Vectors.Clone();
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = removed[cellOfPlace[i / reading.Channels]] ? other[i] : pixels[i];
        return pixels;
    }

    private Tensor Batch(IReadOnlyList<float[]> pictures) => new(pictures.SelectMany(p => p).ToArray(), new Shape(pictures.Count, reading.Height, reading.Width, reading.Channels));

    private void Differentiate(IReadOnlyList<float[]> pictures, InputProbe? probe, Action<int, double, float[]> take) => Step.Differentiate(
        pass =>
        {
            Tensor source = Batch(pictures), leaf = pass.Step.New(source.Shape, requiresGradient: true);
            source.Values.CopyTo(leaf.Writable);
            Tensor logits = model.Network.Forward(leaf, pass);
            int classes = logits.Shape[1];
            float[] gradient = new float[logits.Length];
            double[] values = [.. Enumerable.Range(0, pictures.Count).Select(i => scalar.Of(logits.Values.Slice(i * classes, classes), gradient.AsSpan(i * classes, classes)))];
            pass.Step.Backward(logits, gradient);
            // With a probe the way ends there.
            float[] found = probe?.Has(model.Network) != true ? leaf.GradientSpan().ToArray() : probe.GradientOf(model.Network);
            int each = found.Length / pictures.Count;
            for (int i = 0; i < pictures.Count; i++)
                take(i, values[i], found[(i * each)..((i + 1) * each)]);
            return 0;
        },
        probe);

    private FeatureMap? Map()
    {
        InputProbe probe = new();
        probe.Watch(model.Network);
        FeatureMap? map = null;
        Differentiate([Vectors], probe, (_, _, gradient) =>
        {
            // Null where a network does not hand its features out.
            if (!probe.Has(model.Network))
                return;
            Tensor values = probe[model.Network];
            map = new FeatureMap(values.Shape[1], values.Shape[2], values.ToArray(), gradient);
        });
        return map;
    }
}
