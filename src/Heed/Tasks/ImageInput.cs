namespace Heed;

/// <summary>A picture that an <see cref="ImageClassifier"/> saw.</summary>
internal sealed class ImageInput : PictureInput
{
    private readonly ImageClassifier model;
    private readonly Lazy<InputAttention?> attention;

    /// <summary>Makes a picture ready.</summary>
    /// <param name="model">The model.</param>
    /// <param name="picture">As it was given.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="label">Whose answer is explained; null for the model's own.</param>
    /// <param name="cells">Cells of the grid on each side at most.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    public ImageInput(ImageClassifier model, Picture picture, string name, string? label, int cells)
        : base(picture, name, PictureLook.Batch(picture, model.Reading).Pixels, model.Reading, GridOf(model, cells))
    {
        this.model = model;
        int target = label is null ? Largest.IndexOf(Outputs) : LabelNumber.Of(label, model.Labels);
        Scalar = ExplainedScalar.OfClass(model.Labels[target], target, 1);
        attention = new(Attend);
    }

    private ImageInput(ImageInput same)
        : base(same.Picture, same.Source, same.Vectors, same.Reading, same.Grid)
    {
        (model, Scalar) = (same.model, same.Scalar);
        attention = new(Attend);
    }

    public override string Model => "image classifier";

    public override InputAttention? Attention => attention.Value;

    private protected override Module Network => model.Network;

    private protected override ExplainedScalar Scalar { get; }

    public override ExplainedInput Again() => new ImageInput(this);

    private protected override Tensor Run(Tensor pictures, in Pass pass) => model.Network.Forward(pictures, pass);

    private protected override string AnswerOf(ReadOnlySpan<float> outputs) => model.Labels[Largest.IndexOf(outputs)];

    private protected override (Module Network, Func<Pass, Tensor> Forward, IReadOnlyList<(string Text, Range Place)> Tokens)? Traced => model.Network is not VisionTransformer transformer ? null
        : (transformer, pass => Run(Batch([Vectors]), pass), [.. Positions(transformer).Select(p => (p.Row < 0 ? "cls" : FormattableString.Invariant($"row {p.Row} column {p.Column}"), 0..0))]);

    // Cells are as many whole patches, so that each gathers the attention of as many tokens.
    private static (int Rows, int Columns) GridOf(ImageClassifier model, int cells) => model.Network is VisionTransformer { Config: { } config }
        ? (Whole(config.Height / config.Patch, cells), Whole(config.Width / config.Patch, cells)) : GridOf(model.Reading, cells);

    private static int Whole(int patches, int cells)
    {
        int most = Enumerable.Range(1, Math.Min(cells, patches)).Last(count => patches % count == 0);
        // A prime number of patches can be divided by one alone, which would be no map.
        return 2 * most > Math.Min(cells, patches) ? most : patches;
    }

    // Row and column of the patch at each position of the layers; −1 for the token of the class.
    private static IEnumerable<(int Row, int Column)> Positions(VisionTransformer network)
    {
        (int rows, int columns) = (network.Config.Height / network.Config.Patch, network.Config.Width / network.Config.Patch);
        IEnumerable<(int, int)> patches = Enumerable.Range(0, rows * columns).Select(p => (p / columns, p % columns));
        return network.Config.Pooling == "cls" ? patches.Prepend((-1, -1)) : patches;
    }

    private InputAttention? Attend()
    {
        if (model.Network is not VisionTransformer transformer)
            return null;
        (int rows, int columns) = (transformer.Config.Height / transformer.Config.Patch, transformer.Config.Width / transformer.Config.Patch);
        int[] units = [.. Positions(transformer).Select(p => p.Row < 0 ? -1 : (p.Row * Grid.Rows / rows * Grid.Columns) + (p.Column * Grid.Columns / columns))];
        bool isFirst = transformer.Config.Pooling == "cls", isLong = units.Length > InputAttention.MostPositions;
        float[] readers = [.. units.Select((_, i) => !isFirst ? 1f / units.Length : i == 0 ? 1 : 0)];
        if (isLong)
            return new InputAttention([], [], readers, units, UnitCount);
        AttentionCapture capture = new(transformer) { HasValueNorms = true };
        Step.Evaluate(pass => Run(Batch([Vectors]), pass), request: capture);
        return new InputAttention([], capture.Results, readers, units, UnitCount);
    }
}
