namespace Heed;

/// <content>What counted for a box.</content>
public sealed partial class Detector
{
    /// <summary>Makes a picture ready to be asked what counted for a box: for the log odds of its score.</summary>
    /// <param name="picture">Of any size.</param>
    /// <param name="name">What the picture is called.</param>
    /// <param name="label">The class; null: that of the surest box.</param>
    /// <param name="box">The number of a box of <see cref="Predict"/>, from 1: the place that says this box is asked. Null: the strongest box of the class, wherever it lies.</param>
    /// <param name="cells">Rows and columns of cells, which get one score each; not more than pixels.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    /// <exception cref="InputException">There is no such box, or it is one of another class.</exception>
    public ExplainedInput Explaining(Picture picture, string name = "picture", string? label = null, int? box = null, int cells = ImageClassifier.ExplainedCells)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(name);
        if (box is { } number)
            ArgumentOutOfRangeException.ThrowIfLessThan(number, 1, nameof(box));
        ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1);
        return new DetectorInput(this, picture, name, label, box, cells);
    }

    /// <summary>Explains a box, method by method.</summary>
    /// <param name="picture">Of any size.</param>
    /// <param name="options">Which methods, which label or box (<see cref="ExplanationOptions.Place"/>), and how; default: all methods, the strongest box.</param>
    /// <returns>One explanation a method, a score for each of 8 × 8 cells.</returns>
    /// <exception cref="ArgumentException">A name is wrong, or a method does not apply.</exception>
    /// <exception cref="InputException">There is no such box.</exception>
    public IReadOnlyList<Explanation> Explain(Picture picture, ExplanationOptions? options = null) => ExplanationMethod.Explain(Explaining(picture, label: options?.Target, box: options?.Place), options);

    /// <summary>How far each block of channel attention lets its channels through for one picture.</summary>
    /// <param name="picture">Of any size.</param>
    /// <returns>One entry a block, in the order in which they run; none where the network has none.</returns>
    public IReadOnlyList<LayerGates> Gates(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return PictureGates.OfOne(Network, PictureLook.Batch(picture, Reading), (pixels, pass) => Network.Forward(pixels, pass));
    }
}
