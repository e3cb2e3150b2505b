namespace Heed;

/// <content>What counted for the classes of pixels.</content>
public sealed partial class Segmenter
{
    /// <summary>Makes a picture ready to be asked what counted for the pixels of one class: for the mean of the log odds that they have it.</summary>
    /// <param name="picture">Of any size.</param>
    /// <param name="name">What the picture is called.</param>
    /// <param name="label">The class; null: that of most pixels.</param>
    /// <param name="wholePicture">Whether the mean is over all pixels; else over those that the model gives to the class.</param>
    /// <param name="cells">Rows and columns of cells, which get one score each; not more than pixels.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    /// <exception cref="InputException">The model gives no pixel to it.</exception>
    public ExplainedInput Explaining(Picture picture, string name = "picture", string? label = null, bool wholePicture = false, int cells = ImageClassifier.ExplainedCells)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1);
        return new SegmenterInput(this, picture, name, label, wholePicture, cells);
    }

    /// <summary>Explains the pixels of one class, method by method.</summary>
    /// <param name="picture">Of any size.</param>
    /// <param name="options">Which methods, which label, which pixels, and how; default: all methods, the label of most pixels, its pixels.</param>
    /// <returns>One explanation a method, a score for each of 8 × 8 cells.</returns>
    /// <exception cref="ArgumentException">A name is wrong, or a method does not apply.</exception>
    /// <exception cref="InputException">The model gives no pixel to the label.</exception>
    public IReadOnlyList<Explanation> Explain(Picture picture, ExplanationOptions? options = null) =>
        ExplanationMethod.Explain(Explaining(picture, label: options?.Target, wholePicture: options?.WholePicture ?? false), options);

    /// <summary>How far each block of channel attention lets its channels through for one picture.</summary>
    /// <param name="picture">Of any size.</param>
    /// <returns>One entry a block, in the order in which they run; none where the network has none.</returns>
    public IReadOnlyList<LayerGates> Gates(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return PictureGates.OfOne(Network, PictureLook.Batch(picture, ReadingOf(picture)), (pixels, pass) => Network.Forward(pixels, pass));
    }
}
