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
    /// <param name="cells">Rows and columns of cells, which get one score each; not more than pixels.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    public ExplainedInput Explaining(Picture picture, string name = "picture", string? label = null, int cells = ExplainedCells)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1);
        return new ImageInput(this, Seen(picture), name, label, cells);
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
        return [.. GatesOf(new Tensor(Seen(picture), new Shape(1, reading.Height, reading.Width, reading.Channels))).Select(layer => new LayerGates(layer.Layer, layer.Values))];
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
            foreach ((string layer, IReadOnlyList<float> values) in GatesOf(batch.ToTensor()))
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

    // (batch, channels) of each layer that has gates for channels.
    private IEnumerable<(string Layer, IReadOnlyList<float> Values)> GatesOf(Tensor pictures)
    {
        GateCapture capture = new(Network);
        Step.Evaluate(pass => Network.Forward(pictures, pass), request: capture);
        return capture.Results.Where(gates => gates.Shape.Rank == 2).Select(gates => (gates.Layer, gates.Values));
    }

    // A picture as the network sees it.
    private float[] Seen(Picture picture) => new PictureBatches(PictureData.FromPictures([(picture, Labels[0])], Labels), reading).InOrder().Single().Pixels;
}
