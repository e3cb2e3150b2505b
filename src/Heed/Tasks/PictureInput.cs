namespace Heed;

/// <summary>A picture that a model saw, at the size at which it sees it. Units are the cells of a grid, vectors are pixels: what all models of pictures share.</summary>
internal abstract class PictureInput : ExplainedInput
{
    private const string Blur = "blur", Mean = "mean", Black = "black";

    // Pictures that go through the model at once, and their pixels: what a backward pass remembers of them.
    private const int PicturesAtOnce = 16, PixelsAtOnce = 1 << 20;

    private readonly int[] cellOfPlace;
    private readonly Lazy<float[]> whole, blurred;
    private readonly Lazy<FeatureMap?> features;
    private readonly Lazy<double> value;

    /// <summary>Makes a picture ready.</summary>
    /// <param name="picture">As it was given.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="pixels">As the model sees it.</param>
    /// <param name="reading">How it is read; with its size.</param>
    /// <param name="grid">Rows and columns of cells.</param>
    private protected PictureInput(Picture picture, string name, float[] pixels, PictureBatchOptions reading, (int Rows, int Columns) grid)
    {
        (Picture, Source, Vectors, Reading, Grid) = (picture, name, pixels, reading, grid);
        cellOfPlace = [.. Enumerable.Range(0, reading.Height * reading.Width).Select(place => (place / reading.Width * grid.Rows / reading.Height * grid.Columns) + (place % reading.Width * grid.Columns / reading.Width))];
        whole = new(() => Answers([Vectors]));
        value = new(() => Scalar.Of(whole.Value, new float[whole.Value.Length]));
        blurred = new(() => PictureBlur.Of(pixels, reading.Height, reading.Width, reading.Channels));
        features = new(Map);
    }

    public sealed override Picture Picture { get; }

    public sealed override string Source { get; }

    public sealed override string Target => Scalar.Name;

    public sealed override string? Label => Scalar.Label;

    public sealed override bool IsLogOdds => true;

    public sealed override double Value => value.Value;

    public sealed override (int Rows, int Columns) Grid { get; }

    public sealed override IReadOnlyList<string> Removals => [Blur, Mean];

    public sealed override IReadOnlyList<string> Baselines => [Mean, Black, Blur];

    public sealed override FeatureMap? Features => features.Value;

    internal sealed override float[] Vectors { get; }

    /// <summary>How pictures are read.</summary>
    private protected PictureBatchOptions Reading { get; }

    /// <summary>The network.</summary>
    private protected abstract Module Network { get; }

    /// <summary>Where it hands its features out; of several places that counts which the answer rests on most.</summary>
    private protected virtual IReadOnlyList<object> FeaturePlaces => [Network];

    /// <summary>What is asked, of the outputs of one picture.</summary>
    private protected abstract ExplainedScalar Scalar { get; }

    /// <summary>The outputs of pictures (count, height, width, channels), a row a picture.</summary>
    private protected abstract Tensor Run(Tensor pictures, in Pass pass);

    /// <summary>The label that outputs of one picture give; null where they give no one label.</summary>
    private protected virtual string? AnswerOf(ReadOnlySpan<float> outputs) => null;

    /// <summary>The outputs of this picture.</summary>
    private protected float[] Outputs => whole.Value;

    /// <summary>At most so many cells a side, none of them smaller than a pixel.</summary>
    private protected static (int Rows, int Columns) GridOf(PictureBatchOptions reading, int cells) => (Math.Min(cells, reading.Height), Math.Min(cells, reading.Width));

    // Pixels are normalised, so zeros are the mean colour of the training pictures.
    internal sealed override float[] BaselineVectors(string baseline) => baseline switch
    {
        Blur => blurred.Value,
        Black => [.. Vectors.Select((_, i) => Reading.Mean.Count == 0 ? 0 : -Reading.Mean[i % Reading.Channels] / (Reading.Deviation.Count == 0 ? 1 : Reading.Deviation[i % Reading.Channels]))],
        _ => new float[Vectors.Length],
    };

    internal sealed override (double Value, float[] Gradient)[] Gradients(IReadOnlyList<float[]> points)
    {
        (double, float[])[] results = new (double, float[])[points.Count];
        foreach (int[] group in Enumerable.Range(0, points.Count).Chunk(AtOnce))
            Differentiate([.. group.Select(p => points[p])], leaf => leaf.GradientSpan().ToArray(), (i, value, gradient) => results[group[i]] = (value, gradient));
        return results;
    }

    internal sealed override double[] SumByUnit(ReadOnlySpan<double> elements)
    {
        double[] sums = new double[UnitCount];
        for (int i = 0; i < elements.Length; i++)
            sums[cellOfPlace[i / Reading.Channels]] += elements[i];
        return sums;
    }

    internal sealed override (double Value, string? Answer)? Under(Func<Module, AttentionOverride> change)
    {
        AttentionOverride request = change(Network);
        if (!request.HasPlaces)
            return null;
        float[] outputs = Step.Evaluate(pass => Run(Batch([Vectors]), pass), request: request).ToArray();
        return (Scalar.Of(outputs, new float[outputs.Length]), AnswerOf(outputs));
    }

    private protected sealed override double[] ValuesWithout(IReadOnlyList<bool[]> removed, string removal)
    {
        float[] other = BaselineVectors(removal);
        double[] values = new double[removed.Count];
        foreach (int[] group in Enumerable.Range(0, removed.Count).Chunk(AtOnce))
        {
            float[] outputs = Answers([.. group.Select(v => Mixed(removed[v], other))]);
            int each = outputs.Length / group.Length;
            float[] gradient = new float[each];
            for (int i = 0; i < group.Length; i++)
                values[group[i]] = Scalar.Of(outputs.AsSpan(i * each, each), gradient);
        }
        return values;
    }

    private int AtOnce => Math.Clamp(PixelsAtOnce / (Reading.Height * Reading.Width), 1, PicturesAtOnce);

    private float[] Answers(IReadOnlyList<float[]> pictures) => Step.Evaluate(pass => Run(Batch(pictures), pass)).ToArray();

    private float[] Mixed(bool[] removed, float[] other)
    {
        float[] pixels = (float[])Vectors.Clone();
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = removed[cellOfPlace[i / Reading.Channels]] ? other[i] : pixels[i];
        return pixels;
    }

    /// <summary>Pictures as a tensor.</summary>
    private protected Tensor Batch(IReadOnlyList<float[]> pictures) => new(pictures.SelectMany(p => p).ToArray(), new Shape(pictures.Count, Reading.Height, Reading.Width, Reading.Channels));

    // The gradient that is asked for, of all pictures, is picture by picture; with a probe the way back ends there.
    private void Differentiate(IReadOnlyList<float[]> pictures, Func<Tensor, float[]> gradientOf, Action<int, double, float[]> take, InputProbe? probe = null) => Step.Differentiate(
        pass =>
        {
            Tensor source = Batch(pictures), leaf = pass.Step.New(source.Shape, requiresGradient: true);
            source.Values.CopyTo(leaf.Writable);
            Tensor outputs = Run(leaf, pass);
            int width = outputs.Length / pictures.Count;
            float[] gradient = new float[outputs.Length];
            double[] values = [.. Enumerable.Range(0, pictures.Count).Select(i => Scalar.Of(outputs.Values.Slice(i * width, width), gradient.AsSpan(i * width, width)))];
            pass.Step.Backward(outputs, gradient);
            float[] found = gradientOf(leaf);
            int each = found.Length / pictures.Count;
            for (int i = 0; i < pictures.Count; i++)
                take(i, values[i], found[(i * each)..((i + 1) * each)]);
            return 0;
        },
        probe);

    private FeatureMap? Map()
    {
        InputProbe probe = new();
        foreach (object place in FeaturePlaces)
            probe.Watch(place);
        FeatureMap? map = null;
        float[] Read(Tensor leaf)
        {
            // None where a network does not hand its features out.
            (object Place, float[] Gradient)[] found = [.. FeaturePlaces.Where(probe.Has).Select(place => (place, probe.GradientOf(place)))];
            if (found.Length == 0)
                return [];
            (object at, float[] gradient) = found.MaxBy(f => System.Numerics.Tensors.TensorPrimitives.Norm(f.Gradient));
            Tensor values = probe[at];
            map = new FeatureMap(values.Shape[1], values.Shape[2], values.ToArray(), gradient);
            return gradient;
        }
        Differentiate([Vectors], Read, (_, _, _) => { }, probe);
        return map;
    }
}
