namespace Heed;

/// <content>What counted in a picture.</content>
public sealed partial class ImageClassifier
{
    /// <summary>Cells of the grid on each side, where nothing else is asked: 8.</summary>
    public const int ExplainedCells = 8;

    /// <summary>Makes a picture ready to be asked what counted in it.</summary>
    /// <param name="picture">Of any size; scaled to that of the training pictures.</param>
    /// <param name="name">What the picture is called.</param>
    /// <param name="label">Whose answer is explained; null: the one that the model answers.</param>
    /// <param name="cells">Rows and columns of cells, which get one score each; not more than pixels. A vision Transformer's cells are whole patches, at most so many a side where their number can be divided.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    public ExplainedInput Explaining(Picture picture, string name = "picture", string? label = null, int cells = ExplainedCells)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1);
        return new ImageInput(this, picture, name, label, cells);
    }

    /// <summary>Explains the answer to one picture, method by method.</summary>
    /// <param name="picture">Of any size.</param>
    /// <param name="options">Which methods, which label, and how; default: all methods, the label that the model answers.</param>
    /// <returns>One explanation a method, a score for each of 8 × 8 cells.</returns>
    /// <exception cref="ArgumentException">A name is wrong, or a method does not apply.</exception>
    public IReadOnlyList<Explanation> Explain(Picture picture, ExplanationOptions? options = null) => ExplanationMethod.Explain(Explaining(picture, label: options?.Target), options);

    /// <summary>How far each block of channel attention lets its channels through for one picture.</summary>
    /// <param name="picture">Of any size.</param>
    /// <returns>One entry a block, in the order in which they run; none where the network has none.</returns>
    public IReadOnlyList<LayerGates> Gates(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return PictureGates.OfOne(Network, PictureLook.Batch(picture, reading), (pixels, pass) => Network.Forward(pixels, pass));
    }

    /// <summary>The mean gates of each block over the pictures of each class: which channels a class opens.</summary>
    /// <param name="pictures">With the classifier's classes.</param>
    /// <returns>For each class of <see cref="Labels"/> one entry a block; none for a class without pictures.</returns>
    /// <exception cref="ArgumentException">The classes differ.</exception>
    public IReadOnlyList<IReadOnlyList<LayerGates>> GatesByClass(PictureData pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        CheckLabels(pictures, "ImageClassifier.GatesByClass");
        int[] counts = new int[Labels.Count];
        Dictionary<(int Class, string Layer), double[]> sums = [];
        List<string> layers = [];
        foreach (PictureBatch batch in new PictureBatches(pictures, reading).InOrder())
        {
            foreach (int label in batch.Targets)
                counts[label]++;
            foreach ((string layer, IReadOnlyList<float> values) in PictureGates.Of(Network, pass => Network.Forward(batch.ToTensor(), pass)))
            {
                if (!layers.Contains(layer))
                    layers.Add(layer);
                int channels = values.Count / batch.BatchSize;
                for (int i = 0; i < values.Count; i++)
                {
                    (int Class, string Layer) key = (batch.Targets[i / channels], layer);
                    if (!sums.TryGetValue(key, out double[]? sum))
                        sums[key] = sum = new double[channels];
                    sum[i % channels] += values[i];
                }
            }
        }
        return [.. counts.Select((count, c) => (IReadOnlyList<LayerGates>)[.. layers.Where(layer => count > 0).Select(layer => new LayerGates(layer, Array.ConvertAll(sums[(c, layer)], sum => (float)(sum / count))))])];
    }
}
