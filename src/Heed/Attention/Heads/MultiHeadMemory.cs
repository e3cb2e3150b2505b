namespace Heed;

/// <summary>What a <see cref="MultiHeadAttention"/> attends to, projected once for many queries.</summary>
/// <remarks>Belongs to the step that made it; <see cref="Keep"/> makes it outlive an evaluation.</remarks>
public sealed class MultiHeadMemory
{
    internal MultiHeadMemory(Tensor keys, Tensor values, SequenceRanges? ranges) => (Keys, Values, Ranges) = (keys, values, ranges);

    /// <summary>K: <c>(batch, keys, key/value heads, features of a head)</c>.</summary>
    public Tensor Keys { get; }

    /// <summary>V: <c>(batch, keys, key/value heads, features of a value)</c>.</summary>
    public Tensor Values { get; }

    /// <summary>The real keys of each sequence; null: all.</summary>
    public SequenceRanges? Ranges { get; }

    /// <summary>Sequences.</summary>
    public int Batch => Keys.Shape[0];

    /// <summary>Keeps it beyond the end of its step. Gradients do not flow on.</summary>
    /// <returns>This memory.</returns>
    public MultiHeadMemory Keep()
    {
        Keys.Keep();
        Values.Keep();
        return this;
    }

    /// <summary>Some of the sequences, outside any step.</summary>
    internal MultiHeadMemory Select(int[] sequences) => new(Keys.Chosen(sequences), Values.Chosen(sequences), Ranges?.Chosen(sequences));
}
