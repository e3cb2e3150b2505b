namespace Heed;

/// <summary>What a model attended to on one input.</summary>
public sealed class InputAttention
{
    internal InputAttention(IReadOnlyList<float[]> views, IReadOnlyList<CapturedAttention> layers, float[] readers, int[] unitOfPosition, int unitCount, float[]? poolingNorms = null)
    {
        (Views, Layers, Readers, UnitOfPosition, UnitCount, PoolingNorms) = (views, layers, readers, unitOfPosition, unitCount, poolingNorms);
        LayerHeads = [.. layers.Select(layer => (layer.Name, layer.Heads.Count))];
    }

    /// <summary>The longest sequence of which whole matrices of weights are kept: 2,048 tokens or patches.</summary>
    public const int MostPositions = 2048;

    // Weights of a long input that are in memory at once: 16 MiB.
    private const int PartSize = 1 << 22;

    /// <summary>Weights of the pooling, one list a learned query, over units; empty where the model has no pooling. Beyond <see cref="MostPositions"/> in its place what the last layer's heads give to each unit where the answer reads it, their mean.</summary>
    public IReadOnlyList<float[]> Views { get; }

    /// <summary>The layers of self-attention, first one first, with all rows and norms of values; empty where the model has none, and beyond <see cref="MostPositions"/>.</summary>
    public IReadOnlyList<CapturedAttention> Layers { get; }

    /// <summary>How much the answer reads of each position of the last layer: 1 at the first or the last token, or the pooling's weights.</summary>
    public IReadOnlyList<float> Readers { get; }

    /// <summary>The unit at each position of the layers; −1 for a special token.</summary>
    public IReadOnlyList<int> UnitOfPosition { get; }

    internal int UnitCount { get; }

    /// <summary>‖h_t‖ of the states that the pooling reads, over units; null where it has none.</summary>
    internal float[]? PoolingNorms { get; }

    /// <summary>Why there are no layers; null where there are.</summary>
    internal string? WhyNoLayers => Layers.Count > 0 ? null : Readers.Count > MostPositions ? FormattableString.Invariant($"the input has {Readers.Count} tokens, and whole matrices of attention are kept of {MostPositions} at most")
        : "the model has no layers of self-attention";

    /// <summary>Names and heads of the layers that can be asked for one by one, also where no matrices are kept.</summary>
    internal IReadOnlyList<(string Name, int HeadCount)> LayerHeads { get; private init; } = [];

    /// <summary>Of a long input: what the answer reads of some heads of a layer, their mean, over units; a forward pass of its own. Null where matrices are kept.</summary>
    internal Func<int, IReadOnlyList<int>, float[]>? ReadLong { get; private init; }

    /// <summary>The attention on an input of more than <see cref="MostPositions"/> positions, of which no matrix is kept: rows go by in parts, and those that the answer does not read are not computed.</summary>
    /// <param name="network">The network.</param>
    /// <param name="run">The pass over the input alone.</param>
    /// <param name="views">Weights of the pooling; empty for those of the last layer.</param>
    /// <param name="readers">How much the answer reads of each position of a layer.</param>
    /// <param name="unitOfPosition">The unit at each position.</param>
    /// <param name="unitCount">Units.</param>
    /// <param name="poolingNorms">As <see cref="PoolingNorms"/>.</param>
    internal static InputAttention Long(Module network, Action<Pass> run, IReadOnlyList<float[]> views, float[] readers, int[] unitOfPosition, int unitCount, float[]? poolingNorms = null)
    {
        (string Name, int HeadCount)[] layers = [.. network.NamedModules().Where(m => m.Module is MultiHeadAttention).Select(m => (m.Name, ((MultiHeadAttention)m.Module).Config.Heads)).DistinctBy(m => m.Name, StringComparer.Ordinal)];
        float[] Read(int layer, IReadOnlyList<int> heads)
        {
            int[] rows = [.. Enumerable.Range(0, readers.Length).Where(r => readers[r] != 0)];
            double[] sums = new double[unitCount];
            float[] part = new float[unitOfPosition.Length];
            AttentionCapture capture = new(network)
            {
                Layers = [layer], Heads = heads, Rows = rows.Length == readers.Length ? null : rows, PartSize = PartSize,
                Receiver = captured =>
                {
                    Array.Clear(part);
                    for (int head = 0; head < captured.Heads.Count; head++)
                    {
                        for (int row = 0; row < captured.RowCount; row++)
                            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(captured.Row(0, head, row), readers[captured.Position(0, row)] / captured.Heads.Count, part, part);
                    }
                    for (int position = 0; position < part.Length; position++)
                    {
                        if (unitOfPosition[position] is >= 0 and int unit)
                            sums[unit] += part[position];
                    }
                },
            };
            Step.EvaluateLayerwise(
                pass =>
                {
                    run(pass);
                    return 0;
                },
                capture);
            return Array.ConvertAll(sums, sum => (float)sum);
        }
        IReadOnlyList<float[]> shown = views.Count > 0 || layers.Length == 0 ? views : [Read(layers.Length - 1, [.. Enumerable.Range(0, layers[^1].HeadCount)])];
        return new InputAttention(shown, [], readers, unitOfPosition, unitCount, poolingNorms) { LayerHeads = layers, ReadLong = Read };
    }

    /// <summary>Σ_r reader_r·row_r over positions, gathered by unit.</summary>
    internal float[] Read(Func<int, ReadOnlyMemory<float>> row)
    {
        double[] sums = new double[UnitCount];
        for (int r = 0; r < Readers.Count; r++)
        {
            if (Readers[r] == 0)
                continue;
            ReadOnlySpan<float> values = row(r).Span;
            for (int position = 0; position < Math.Min(values.Length, UnitOfPosition.Count); position++)
            {
                if (UnitOfPosition[position] is >= 0 and int unit)
                    sums[unit] += (double)Readers[r] * values[position];
            }
        }
        return Array.ConvertAll(sums, sum => (float)sum);
    }
}
