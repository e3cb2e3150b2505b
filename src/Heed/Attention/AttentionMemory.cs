namespace Heed;

/// <summary>What attention attends to, prepared once for many queries: projected keys and values, and the key side of the score (W₁k of the additive one).</summary>
/// <remarks>
/// <para>A decoder asks the same keys at each step: <see cref="Attention.Prepare"/> computes once what depends on them alone, and each <see cref="Attention.Forward(Tensor, AttentionMemory, AttentionState?, in Pass)"/>
/// then costs what its queries cost. Results are those of the call over whole sequences; gradients of all steps flow back through the memory.</para>
/// <para>It belongs to the step that made it; <see cref="Keep"/> makes it outlive an evaluation.</para>
/// </remarks>
public sealed class AttentionMemory
{
    private readonly Func<AttentionMemory, bool, (Tensor Key, Tensor Value)> prepare;
    private (Tensor Key, Tensor Value)? rowsFirst, headsFirst;

    internal AttentionMemory(Tensor key, Tensor value, SequenceRanges? ranges, Func<AttentionMemory, bool, (Tensor Key, Tensor Value)> prepare) =>
        (Key, Value, Ranges, this.prepare) = (key, value, ranges, prepare);

    /// <summary>Sequences.</summary>
    public int Batch => Key.Shape[0];

    /// <summary>Keys of each sequence, padding among them.</summary>
    public int KeyCount => Key.Shape[1];

    /// <summary>The real keys of each sequence; null: all.</summary>
    public SequenceRanges? Ranges { get; }

    // Projected: (batch, keys, heads, size).
    internal Tensor Key { get; }

    internal Tensor Value { get; }

    /// <summary>Keeps what is prepared beyond the end of its step. Gradients do not flow on.</summary>
    /// <returns>This memory.</returns>
    public AttentionMemory Keep()
    {
        foreach (Tensor tensor in new[] { Key, Value, rowsFirst?.Key, rowsFirst?.Value, headsFirst?.Key, headsFirst?.Value }.OfType<Tensor>().Distinct())
            tensor.Keep();
        return this;
    }

    // Keys mapped by the score, rows first as fused attention reads them, or heads first as written-out energies do; each made when first asked for.
    internal (Tensor Key, Tensor Value) Prepared(bool isFused) => isFused ? rowsFirst ??= prepare(this, true) : headsFirst ??= prepare(this, false);
}
