namespace Heed;

/// <summary>What a model attended to on one input.</summary>
public sealed class InputAttention
{
    internal InputAttention(IReadOnlyList<float[]> views, IReadOnlyList<CapturedAttention> layers, float[] readers, int[] unitOfPosition, int unitCount, float[]? poolingNorms = null)
    {
        (Views, Layers, Readers, UnitOfPosition, UnitCount, PoolingNorms) = (views, layers, readers, unitOfPosition, unitCount, poolingNorms);
    }

    /// <summary>The longest sequence of which whole matrices of weights are kept: 2,048 tokens or patches.</summary>
    public const int MostPositions = 2048;

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

    /// <summary>The mean over heads of one row of the last layer, over units; the row is all that was captured.</summary>
    internal static float[] OneRow(CapturedAttention layer, int[] unitOfPosition, int unitCount)
    {
        float[] weights = new float[unitCount];
        for (int head = 0; head < layer.Heads.Count; head++)
        {
            ReadOnlySpan<float> row = layer.Row(0, head, 0);
            for (int position = 0; position < unitOfPosition.Length; position++)
            {
                if (unitOfPosition[position] is >= 0 and int unit)
                    weights[unit] += row[position] / layer.Heads.Count;
            }
        }
        return weights;
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
