namespace Heed;

/// <summary>A picture in which a <see cref="Detector"/> looked for things; explained is the score of the strongest box of a class, or of the place that says one box.</summary>
internal sealed class DetectorInput : PictureInput
{
    private readonly Detector model;

    /// <summary>Makes a picture ready.</summary>
    /// <param name="model">The model.</param>
    /// <param name="picture">As it was given.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="label">The class; null for that of the surest box.</param>
    /// <param name="box">The number of a box, from 1; null for the strongest wherever it is.</param>
    /// <param name="cells">Cells of the grid on each side at most.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    /// <exception cref="InputException">There is no such box.</exception>
    public DetectorInput(Detector model, Picture picture, string name, string? label, int? box, int cells)
        : base(picture, name, PictureLook.Batch(picture, model.Reading).Pixels, model.Reading, GridOf(model.Reading, cells))
    {
        this.model = model;
        int classes = model.Labels.Count;
        (int Start, int Places, int Columns, int Stride)[] levels = Levels();
        if (box is { } number)
        {
            ScoredBox chosen = Chosen(number, label);
            Scalar = Strongest(model.Labels[chosen.Box.Label], FormattableString.Invariant(
                $"log odds of '{model.Labels[chosen.Box.Label]}' in box {number}, ({chosen.Box.Left:F0}, {chosen.Box.Top:F0}) to ({chosen.Box.Right:F0}, {chosen.Box.Bottom:F0})"), [PlaceOf(chosen, levels)]);
            return;
        }
        int target = label is null ? Enumerable.Range(0, classes).MaxBy(c => Pairs(levels, c).Max(pair => LogScore(Outputs[pair.Class], Outputs[pair.Centre]))) : LabelNumber.Of(label, model.Labels);
        Scalar = Strongest(model.Labels[target], $"log odds of the strongest '{model.Labels[target]}'", [.. Pairs(levels, target)]);
        Notes = ["the strongest box is that of the whole picture, wherever it lies; with a part gone it may be another"];
    }

    private DetectorInput(DetectorInput same)
        : base(same.Picture, same.Source, same.Vectors, same.Reading, same.Grid) => (model, Scalar, Notes) = (same.model, same.Scalar, same.Notes);

    public override string Model => "detector";

    public override IReadOnlyList<string> Notes { get; } = [];

    private protected override Module Network => model.Network;

    private protected override IReadOnlyList<object> FeaturePlaces => model.Network.FeaturePlaces;

    private protected override ExplainedScalar Scalar { get; }

    public override ExplainedInput Again() => new DetectorInput(this);

    // Level by level the logits of the classes and behind them those of centre-ness.
    private protected override Tensor Run(Tensor pictures, in Pass pass)
    {
        int count = pictures.Shape[0];
        Tensor? all = null;
        foreach (FcosLevel level in model.Network.Forward(pictures, pass))
        {
            foreach (Tensor part in new[] { level.Classes, level.Centreness })
            {
                Tensor row = part.Reshape(new Shape(count, part.Length / count));
                all = all is null ? row : Tensor.Concatenate(all, row);
            }
        }
        return all!;
    }

    // Where each level's logits begin, and how its places lie.
    private (int Start, int Places, int Columns, int Stride)[] Levels()
    {
        int start = 0;
        return [.. model.Network.Strides.Select(stride =>
        {
            (int rows, int columns) = ((Reading.Height + stride - 1) / stride, (Reading.Width + stride - 1) / stride);
            start += rows * columns * (model.Labels.Count + 1);
            return (start - (rows * columns * (model.Labels.Count + 1)), rows * columns, columns, stride);
        })];
    }

    // Where the logits of a class and of centre-ness stand, for each place.
    private IEnumerable<(int Class, int Centre)> Pairs((int Start, int Places, int Columns, int Stride)[] levels, int target) => levels.SelectMany(level =>
        Enumerable.Range(0, level.Places).Select(place => (level.Start + (place * model.Labels.Count) + target, level.Start + (level.Places * model.Labels.Count) + place)));

    private ScoredBox Chosen(int number, string? label)
    {
        int? wanted = label is null ? null : LabelNumber.Of(label, model.Labels);
        IReadOnlyList<ScoredBox> boxes = model.Predict(Picture).Boxes;
        if (number > boxes.Count)
            throw new InputException(FormattableString.Invariant($"there is no box {number}; the model finds {boxes.Count} here."), Source);
        ScoredBox chosen = boxes[number - 1];
        return wanted is null || chosen.Box.Label == wanted ? chosen
            : throw new InputException(FormattableString.Invariant($"box {number} is '{model.Labels[chosen.Box.Label]}', not '{label}'. Leave the label or the box away."), Source);
    }

    // A box comes from the place within it that has its score.
    private (int Class, int Centre) PlaceOf(ScoredBox chosen, (int Start, int Places, int Columns, int Stride)[] levels)
    {
        (double across, double down) = (Reading.Width / (double)Picture.Width, Reading.Height / (double)Picture.Height);
        (double left, double right, double top, double bottom) = (chosen.Box.Left * across, chosen.Box.Right * across, chosen.Box.Top * down, chosen.Box.Bottom * down);
        (double X, double Y)[] middles = [.. levels.SelectMany(level => Enumerable.Range(0, level.Places).Select(place => (((place % level.Columns) + 0.5) * level.Stride, ((place / level.Columns) + 0.5) * level.Stride)))];
        return Pairs(levels, chosen.Box.Label).Zip(middles).Where(p => p.Second.X >= left - 1 && p.Second.X <= right + 1 && p.Second.Y >= top - 1 && p.Second.Y <= bottom + 1)
            .MinBy(p => Math.Abs(Math.Exp(LogScore(Outputs[p.First.Class], Outputs[p.First.Centre])) - chosen.Confidence)).First;
    }

    // ln of √(P(class)·P(centre)).
    private static double LogScore(double a, double b) => -0.5 * (Softplus(-a) + Softplus(-b));

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private static ExplainedScalar Strongest(string label, string name, (int Class, int Centre)[] places) => new(name, label, isLogOdds: true, (outputs, gradient) =>
    {
        const double Least = 1e-7;
        (double log, (int Class, int Centre) best) = (double.NegativeInfinity, places[0]);
        foreach ((int Class, int Centre) place in places)
        {
            if (LogScore(outputs[place.Class], outputs[place.Centre]) is var own && own > log)
                (log, best) = (own, place);
        }
        gradient.Clear();
        double rest = Math.Max(Least, 1 - Math.Exp(log));
        foreach (int logit in new[] { best.Class, best.Centre })
            gradient[logit] = (float)(0.5 / (1 + Math.Exp(outputs[logit])) / rest);
        return log - Math.Log(rest);
    });
}
