namespace Heed;

/// <summary>A table of vectors, one for each token id.</summary>
/// <remarks>
/// <para>Formula: <c>y[b, t] = W[id(b, t)]</c>.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, W <c>(count, size)</c>, y <c>(batch, time, size)</c>.</para>
/// <para>The row of the padding id, if one is set, starts at 0 and gets no gradient. Gradients touch only the rows that were looked up, and the
/// optimizer knows it.</para>
/// </remarks>
public sealed class Embedding : Module
{
    private readonly Parameter weight;
    private readonly int paddingId;

    /// <summary>Creates the table.</summary>
    /// <param name="count">Number of ids.</param>
    /// <param name="size">Length of a vector.</param>
    /// <param name="paddingId">The id whose vector stays 0; −1 for none.</param>
    /// <param name="initializer">How W starts; default normal with deviation 1, as PyTorch's.</param>
    public Embedding(int count, int size, int paddingId = -1, Initializer? initializer = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(paddingId, count);
        this.paddingId = paddingId;
        Initializer start = initializer ?? Initializer.Normal(1);
        weight = Register("weight", new Parameter(new Shape(count, size), paddingId < 0 ? start : Initializer.WithZeroRow(start, paddingId)));
    }

    /// <summary>W.</summary>
    public Parameter Weight => weight;

    /// <summary>Looks the vectors up.</summary>
    /// <param name="ids">batch · time ids, row-major.</param>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, time, size)</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in 0 … count−1; says where.</exception>
    /// <exception cref="ShapeException">The number of ids is no multiple of the batch.</exception>
    public Tensor Forward(ReadOnlyMemory<int> ids, int batch, in Pass pass)
    {
        if (batch < 1 || ids.Length % batch != 0)
            throw new ShapeException(FormattableString.Invariant($"Embedding: {ids.Length} ids are no whole number of rows for a batch of {batch}."));
        return Return(Tensor.Embed(pass.Use(weight), ids, new Shape(batch, ids.Length / batch), paddingId), pass);
    }
}
