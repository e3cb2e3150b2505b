namespace Heed;

/// <summary>What fused attention on the tape takes beside queries, keys and values; the default is plain softmax attention over whole sequences.</summary>
/// <remarks>As <see cref="Kernels.AttentionOptions"/>, with tensors where gradients flow.</remarks>
public sealed record AttentionInputs
{
    /// <summary>Whether operands and result are (batch, sequence, heads, size), as projections leave them; else (batch, heads, sequence, size).</summary>
    /// <value>Default: false.</value>
    public bool RowsFirst { get; init; }

    /// <summary>Factor of the scores.</summary>
    /// <value>Default: 1/√headDim.</value>
    public float? Scale { get; init; }

    /// <summary>Probability of dropping a weight, in [0, 1].</summary>
    /// <value>Default: 0.</value>
    public float Dropout { get; init; }

    /// <summary>Stream of the dropout mask; take it from the pass's random stream.</summary>
    public ulong DropoutKey { get; init; }

    /// <summary>What the modifier reads and learns; any shape.</summary>
    public Tensor? Parameters { get; init; }

    /// <summary>A logit <c>(heads)</c> for each query head that takes part in the softmax without a value.</summary>
    public Tensor? Sinks { get; init; }

    /// <summary>A number <c>(batch, heads, queries)</c> for each query row.</summary>
    public Tensor? QueryTerms { get; init; }

    /// <summary>A number <c>(batch, key/value heads, keys)</c> for each key row.</summary>
    public Tensor? KeyTerms { get; init; }

    /// <summary>A table <c>(batch, heads, queries, width)</c> for each query row.</summary>
    public Tensor? QueryTable { get; init; }

    /// <summary>Vectors <c>(rows, valueDim)</c> that pairs add to values.</summary>
    public Tensor? ValueTable { get; init; }

    /// <summary>The real queries of each sequence; default all.</summary>
    public SequenceRanges? QueryRanges { get; init; }

    /// <summary>The real keys of each sequence; default all.</summary>
    public SequenceRanges? KeyRanges { get; init; }

    /// <summary>Packed sequences (their tensors have batch 1): sequence b has the queries offsets[b] … offsets[b + 1] − 1.</summary>
    public ReadOnlyMemory<int> QueryOffsets { get; init; }

    /// <summary>Packed sequences: sequence b has the keys offsets[b] … offsets[b + 1] − 1.</summary>
    public ReadOnlyMemory<int> KeyOffsets { get; init; }

    /// <summary>Position of the first key.</summary>
    /// <value>Default: 0.</value>
    public int KeyPosition { get; init; }

    /// <summary>Position of the first query, on the scale of the keys.</summary>
    /// <value>Default: KeyPosition + keys − queries.</value>
    public int? QueryPosition { get; init; }

    /// <summary>Numbers for masks that need data.</summary>
    public ReadOnlyMemory<int> MaskNumbers { get; init; }

    /// <summary>Truth values for masks that need data: true means "may attend".</summary>
    public ReadOnlyMemory<bool> MaskFlags { get; init; }

    /// <summary>What is told about the weights; asking changes no bit of the result.</summary>
    /// <value>Default: nothing.</value>
    public AttentionAsk Ask { get; init; }

    /// <summary>How many of the largest weights of each row are told.</summary>
    /// <value>Default: 0.</value>
    public int TopKeys { get; init; }
}

/// <summary>What attention on the tape tells about its weights.</summary>
[Flags]
public enum AttentionAsk
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>ln Σ e^score; gradients flow through it.</summary>
    LogSumExp = 1,

    /// <summary>−Σ w·ln w; gradients flow through it, so that a loss can hold attention wide or narrow.</summary>
    Entropy = 2,

    /// <summary>The largest score.</summary>
    Maximum = 4,

    /// <summary>The key that has it.</summary>
    ArgMax = 8,

    /// <summary>Σ w·|query position − key position|.</summary>
    ExpectedDistance = 16,

    /// <summary>The weight that each key gets from all queries; costs a second sweep.</summary>
    KeyMass = 32,
}
