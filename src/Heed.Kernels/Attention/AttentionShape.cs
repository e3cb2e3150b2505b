namespace Heed.Kernels;

/// <summary>Sizes of one attention: queries (Batch, HeadCount, Queries, HeadDim), keys (Batch, KeyValueHeadCount, Keys, HeadDim), values
/// (Batch, KeyValueHeadCount, Keys, ValueDim), output (Batch, HeadCount, Queries, ValueDim).</summary>
/// <remarks>
/// <para>Query head h reads key and value head h / (HeadCount / KeyValueHeadCount); nothing is copied. Sizes may be 0.</para>
/// <para>Operands are contiguous in that order unless their strides say otherwise. Gradients have the strides of what they are gradients of.</para>
/// </remarks>
/// <param name="Batch">Number of sequences.</param>
/// <param name="HeadCount">Number of query heads: a multiple of <paramref name="KeyValueHeadCount"/>.</param>
/// <param name="KeyValueHeadCount">Number of key and value heads.</param>
/// <param name="Queries">Queries of a sequence; of all sequences together where they are packed (<see cref="AttentionOptions.QueryOffsets"/>).</param>
/// <param name="Keys">Keys of a sequence; of all sequences together where they are packed.</param>
/// <param name="HeadDim">Size of a query and of a key.</param>
public readonly record struct AttentionShape(int Batch, int HeadCount, int KeyValueHeadCount, int Queries, int Keys, int HeadDim)
{
    private readonly int? valueDim;
    private readonly AttentionStrides? query, key, value, output;

    /// <summary>Size of a value and of an output row.</summary>
    /// <value>Default: <see cref="HeadDim"/>.</value>
    public int ValueDim { get => valueDim ?? HeadDim; init => valueDim = value; }

    /// <summary>Query heads that share one key and value head.</summary>
    public int Group => KeyValueHeadCount > 0 ? HeadCount / KeyValueHeadCount : 0;

    /// <summary>Layout of the queries.</summary>
    /// <value>Default: heads first.</value>
    public AttentionStrides QueryStrides { get => query ?? AttentionStrides.HeadsFirst(HeadCount, Queries, HeadDim); init => query = value; }

    /// <summary>Layout of the keys.</summary>
    /// <value>Default: heads first.</value>
    public AttentionStrides KeyStrides { get => key ?? AttentionStrides.HeadsFirst(KeyValueHeadCount, Keys, HeadDim); init => key = value; }

    /// <summary>Layout of the values.</summary>
    /// <value>Default: heads first.</value>
    public AttentionStrides ValueStrides { get => this.value ?? AttentionStrides.HeadsFirst(KeyValueHeadCount, Keys, ValueDim); init => this.value = value; }

    /// <summary>Layout of the output.</summary>
    /// <value>Default: heads first.</value>
    public AttentionStrides OutputStrides { get => output ?? AttentionStrides.HeadsFirst(HeadCount, Queries, ValueDim); init => output = value; }

    /// <summary>This shape with all operands as (batch, sequence, heads, headDim).</summary>
    public AttentionShape RowsFirst() => this with
    {
        QueryStrides = AttentionStrides.RowsFirst(HeadCount, Queries, HeadDim),
        KeyStrides = AttentionStrides.RowsFirst(KeyValueHeadCount, Keys, HeadDim),
        ValueStrides = AttentionStrides.RowsFirst(KeyValueHeadCount, Keys, ValueDim),
        OutputStrides = AttentionStrides.RowsFirst(HeadCount, Queries, ValueDim),
    };

    /// <summary>Number of rows of statistics: Batch·HeadCount·Queries, or HeadCount·Queries where sequences are packed.</summary>
    /// <param name="isPacked">Whether offsets are given.</param>
    internal long Rows(bool isPacked) => (isPacked ? 1L : Batch) * HeadCount * Queries;
}
