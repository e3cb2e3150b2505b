using Heed.Kernels;

namespace Heed;

/// <summary>Rows by number.</summary>
public sealed partial class Tensor
{
    /// <summary>Rows of a table; the gradient goes to those rows only. See <see cref="Embedding"/>.</summary>
    /// <param name="table">Shape <c>(count, size)</c>.</param>
    /// <param name="ids">Row numbers, as many as <paramref name="leading"/> has elements; must not change while the step lives.</param>
    /// <param name="leading">The axes of the ids.</param>
    /// <param name="paddingId">The row that gets no gradient; −1 for none.</param>
    /// <returns>Shape <c>(leading …, size)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">An id is no row of the table; says which and where.</exception>
    public static Tensor Embed(Tensor table, ReadOnlyMemory<int> ids, Shape leading, int paddingId = -1)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (table.Shape.Rank != 2)
            throw ShapeException.For("Embed", "table", "(count, size)", table.Shape);
        if (leading.Length != ids.Length)
            throw ShapeException.For("Embed", "leading", FormattableString.Invariant($"{ids.Length} elements, as many as ids,"), leading);
        int size = table.Shape[1];
        Tensor y = Result("Embed", new Shape([.. leading.Sizes, size]), table);
        EmbeddingKernel.Gather(table.Values, size, ids.Span, y.Writable);
        return Record(new EmbedOperation(table, ids, paddingId), y);
    }

    private sealed class EmbedOperation(Tensor table, ReadOnlyMemory<int> ids, int paddingId) : Operation(table)
    {
        protected internal override void Backward()
        {
            Tensor to = Inputs[0];
            Span<bool> touched = default;
            Span<float> gradient = to.Parameter is { } parameter ? parameter.GradientRowsForWriting(out touched) : Accumulate(0);
            EmbeddingKernel.ScatterAdd(GradientOf(), to.Shape[1], ids.Span, gradient, paddingId, touched);
        }

        // A padding row is read like any other; only its gradient is dropped, which no reference by differences can see.
        protected internal override void Reference(ReferenceValues values) =>
            ReferenceEmbedding.Gather(values.Input(0), Inputs[0].Shape[1], ids.Span, values.Output());
    }
}
