namespace Heed;

/// <summary>What one attention layer answered to an <see cref="AttentionCapture"/> in one forward pass.</summary>
/// <remarks>Keys and positions count from a sequence's first real token, whatever padding stands before it. The arrays belong to the caller and outlive the step.</remarks>
public sealed class CapturedAttention
{
    private readonly int[] positions;   // (batch, rows)
    private readonly float[] weights, valueNorms;

    internal CapturedAttention(int layer, string name, int batch, int[] heads, int[] positions, int keyCount, float[] valueNorms)
    {
        (Layer, Name, Batch, Heads, KeyCount) = (layer, name, batch, heads, keyCount);
        (this.positions, this.valueNorms) = (positions, valueNorms);
        RowCount = batch == 0 ? 0 : positions.Length / batch;
        weights = new float[checked(batch * heads.Length * RowCount * keyCount)];
    }

    /// <summary>The layer's place in <see cref="AttentionCapture.Names"/>.</summary>
    public int Layer { get; }

    /// <summary>The layer's full name, as <c>layer0.attention</c>.</summary>
    public string Name { get; }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>The heads that were asked for.</summary>
    public IReadOnlyList<int> Heads { get; }

    /// <summary>Query rows of each head.</summary>
    public int RowCount { get; }

    /// <summary>Which of all rows that were asked for the first one here is: above 0 where a layer comes in parts (<see cref="AttentionCapture.PartSize"/>).</summary>
    public int FirstRow { get; internal init; }

    /// <summary>The rows of all parts of the layer.</summary>
    public int AllRowCount { get; internal init; }

    /// <summary>Keys of the longest sequence.</summary>
    public int KeyCount { get; }

    /// <summary>α before dropout, <c>(batch, heads asked, rows asked, keys)</c>; zeros where a sequence has no such row or key.</summary>
    public ReadOnlyMemory<float> Weights => weights;

    /// <summary>‖f(v)‖ <c>(batch, heads asked, keys)</c>, f the head's part of the output projection; empty unless asked (<see cref="AttentionCapture.HasValueNorms"/>).</summary>
    public ReadOnlyMemory<float> ValueNorms => valueNorms;

    /// <summary>The position in its sequence of a row's query; −1 where the sequence has none.</summary>
    /// <param name="sequence">From 0.</param>
    /// <param name="row">From 0 to <see cref="RowCount"/> − 1.</param>
    public int Position(int sequence, int row) => positions[(sequence * RowCount) + row];

    /// <summary>The weights of one row, <c>(keys)</c>.</summary>
    /// <param name="sequence">From 0.</param>
    /// <param name="head">Place among <see cref="Heads"/>.</param>
    /// <param name="row">Place among the rows.</param>
    public ReadOnlySpan<float> Row(int sequence, int head, int row) => weights.AsSpan(At(sequence, head, row), KeyCount);

    /// <summary>‖α·f(v)‖ of one row, <c>(keys)</c>: how long the vector is that each key adds to the result (Kobayashi et al. 2020).</summary>
    /// <param name="sequence">From 0.</param>
    /// <param name="head">Place among <see cref="Heads"/>.</param>
    /// <param name="row">Place among the rows.</param>
    /// <exception cref="InvalidOperationException">Norms were not asked for.</exception>
    public float[] WeightedNorms(int sequence, int head, int row)
    {
        if (valueNorms.Length == 0 && weights.Length > 0)
            throw new InvalidOperationException("CapturedAttention: norms of values were not asked for; set AttentionCapture.HasValueNorms.");
        float[] weighted = Row(sequence, head, row).ToArray();
        for (int key = 0; key < weighted.Length; key++)
            weighted[key] *= valueNorms[(((sequence * Heads.Count) + head) * KeyCount) + key];
        return weighted;
    }

    internal Memory<float> Rows(int sequence, int head, int row, int count) => weights.AsMemory(At(sequence, head, row), count);

    private int At(int sequence, int head, int row) => ((((sequence * Heads.Count) + head) * RowCount) + row) * KeyCount;
}
