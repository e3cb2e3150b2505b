namespace Heed;

/// <summary>What attention attends to, prepared once for many queries: projected keys and values, and the key side of the score (W₁k of the additive one).</summary>
/// <remarks>
/// <para>A decoder asks the same keys at each step: <see cref="Attention.Prepare"/> computes once what depends on them alone, and each
/// <see cref="Attention.Forward(Tensor, AttentionMemory, AttentionState?, in Pass)"/>
/// then costs what its queries cost. Results are those of the call over whole sequences; gradients of all steps flow back through the memory.</para>
/// <para>It belongs to the step that made it; <see cref="Keep"/> makes it outlive an evaluation.</para>
/// </remarks>
public sealed class AttentionMemory
{
    private readonly Attention attention;
    private (Tensor Key, Tensor Value)? rowsFirst, headsFirst;
    private SequenceRanges? allKeys;
    private Step? owner;   // where what is prepared lives; null once it is kept

    internal AttentionMemory(Tensor key, Tensor value, SequenceRanges? ranges, Attention attention, Step? owner) => (Key, Value, Ranges, this.attention, this.owner) = (key, value, ranges, attention, owner);

    /// <summary>Sequences.</summary>
    public int Batch => Key.Shape[0];

    /// <summary>Keys of each sequence, padding among them.</summary>
    public int KeyCount => Key.Shape[1];

    /// <summary>The real keys of each sequence; null: all.</summary>
    public SequenceRanges? Ranges { get; }

    // The real keys, also where all are.
    internal SequenceRanges Steps => Ranges ?? (allKeys ??= SequenceRanges.Full(Batch, KeyCount));

    // What written-out energies read, if it was prepared.
    internal (Tensor Key, Tensor Value)? WrittenOut => headsFirst;

    // Projected: (batch, keys, heads, size).
    internal Tensor Key { get; }

    internal Tensor Value { get; }

    /// <summary>Keeps what is prepared beyond the end of its step. Gradients do not flow on.</summary>
    /// <returns>This memory.</returns>
    public AttentionMemory Keep()
    {
        foreach (Tensor tensor in new[] { Key, Value, rowsFirst?.Key, rowsFirst?.Value, headsFirst?.Key, headsFirst?.Value }.OfType<Tensor>().Distinct())
            tensor.Keep();
        owner = null;
        return this;
    }

    /// <summary>The memory of some of the sequences, outside any step: what is left of a batch in which others have ended.</summary>
    /// <param name="sequences">Which, in the order wanted.</param>
    internal AttentionMemory Select(int[] sequences) => new(Key.Chosen(sequences), Value.Chosen(sequences), Ranges?.Chosen(sequences), attention, null)
    {
        rowsFirst = rowsFirst is { } rows ? (rows.Key.Chosen(sequences), rows.Value.Chosen(sequences)) : null,
        headsFirst = headsFirst is { } heads ? (heads.Key.Chosen(sequences), heads.Value.Chosen(sequences)) : null,
    };

    // Keys mapped by the score, rows first as fused attention reads them, or heads first as written-out energies do; kept where they live as long as the memory.
    internal (Tensor Key, Tensor Value) Prepared(bool isFused, in Pass pass)
    {
        if ((isFused ? rowsFirst : headsFirst) is { } known)
            return known;
        (Tensor Key, Tensor Value) made = attention.PrepareFor(this, isFused, pass);
        if (owner != pass.Step)
            return made;
        if (isFused)
            rowsFirst = made;
        else
            headsFirst = made;
        return made;
    }
}
