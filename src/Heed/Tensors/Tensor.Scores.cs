using Heed.Kernels;

namespace Heed;

/// <summary>Scores in memory: what fused attention has no form for.</summary>
public sealed partial class Tensor
{
    /// <summary>Additive scores: e = Σ over i of v_i·tanh(query_i + key_i); the hidden layer is never in memory.</summary>
    /// <param name="query">Projected queries <c>(batch, heads, queries, size)</c>.</param>
    /// <param name="key">Projected keys <c>(batch, heads, keys, size)</c>.</param>
    /// <param name="v"><c>(heads, size)</c>.</param>
    /// <returns>Scores <c>(batch, heads, queries, keys)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor AdditiveScores(Tensor query, Tensor key, Tensor v)
    {
        const string Name = "AdditiveScores";
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(v);
        if (query.Shape.Rank != 4)
            throw ShapeException.For(Name, nameof(query), "(batch, heads, queries, size)", query.Shape);
        if (key.Shape.Rank != 4 || key.Shape[0] != query.Shape[0] || key.Shape[1] != query.Shape[1] || key.Shape[3] != query.Shape[3])
            throw ShapeException.For(Name, nameof(key), FormattableString.Invariant($"(batch, heads, keys, size) with the batch, heads and size of query {query.Shape}"), key.Shape);
        if (v.Shape != new Shape(query.Shape[1], query.Shape[3]))
            throw ShapeException.For(Name, nameof(v), FormattableString.Invariant($"(heads, size) = ({query.Shape[1]}, {query.Shape[3]})"), v.Shape);
        AdditiveScoreShape shape = new(query.Shape[0], query.Shape[1], query.Shape[2], key.Shape[2], query.Shape[3]);
        Tensor scores = Result(Name, query.Shape.WithLast(shape.Keys), query, key, v);
        AdditiveScoreKernel.Forward(query.Values, key.Values, v.Values, shape, scores.Writable);
        return Record(new AdditiveScoresOperation(query, key, v, shape), scores);
    }

    /// <summary>−∞ where a pair may not attend; the rest as it is. What is masked passes no gradient, whatever its score was.</summary>
    /// <param name="allowed"><c>(queries, keys)</c>, the same for all heads and sequences; <c>(batch, queries, keys)</c>, the same for all heads; or one for each score.</param>
    /// <returns>Scores of the shape of this, <c>(batch, heads, queries, keys)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor MaskScores(ReadOnlyMemory<bool> allowed)
    {
        const string Name = "MaskScores";
        if (Shape.Rank != 4)
            throw ShapeException.For(Name, "this", "(batch, heads, queries, keys)", Shape);
        int matrix = Shape[2] * Shape[3];
        if (allowed.Length != matrix && allowed.Length != Shape[0] * matrix && allowed.Length != Length)
            throw new ShapeException(FormattableString.Invariant($"{Name}: allowed has {allowed.Length} values; scores {Shape} need (queries, keys) = {matrix}, (batch, queries, keys) = {Shape[0] * matrix} or all = {Length}."));
        Tensor y = Result(Name, Shape, this);
        MaskScoresOperation operation = new(this, allowed);
        operation.Forward(y);
        return Record(operation, y);
    }

    /// <summary>Changes the places of the two middle axes: heads beside their batch, or rows before their heads.</summary>
    /// <returns>Shape <c>(a, c, b, d)</c> for <c>(a, b, c, d)</c>.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    public Tensor SwapMiddle()
    {
        if (Shape.Rank != 4)
            throw ShapeException.For("SwapMiddle", "this", "(a, b, c, d)", Shape);
        Tensor y = Result("SwapMiddle", new Shape(Shape[0], Shape[2], Shape[1], Shape[3]), this);
        y.Writable.Clear();
        AddSwapped(Values, Shape, y.Writable);
        return Record(new SwapMiddleOperation(this), y);
    }

    // to(a, c, b, d) += from(a, b, c, d).
    private static void AddSwapped<T>(ReadOnlySpan<T> from, Shape shape, Span<T> to)
        where T : struct, System.Numerics.INumber<T>
    {
        (int rows, int columns, int size) = (shape[1], shape[2], shape[3]);
        for (int i = 0; i < shape[0] * rows * columns; i++)
        {
            int a = i / (rows * columns), b = i / columns % rows, c = i % columns;
            ReadOnlySpan<T> source = from.Slice(i * size, size);
            Span<T> target = to.Slice(((((a * columns) + c) * rows) + b) * size, size);
            for (int j = 0; j < size; j++)
                target[j] += source[j];
        }
    }

    private sealed class AdditiveScoresOperation(Tensor query, Tensor key, Tensor v, AdditiveScoreShape shape) : Operation(query, key, v)
    {
        protected internal override void Backward()
        {
            // Where queries are the keys, their gradients go to one place, one after the other.
            bool isOne = ReferenceEquals(Inputs[0], Inputs[1]);
            Add(Needs(0) ? Accumulate(0) : default, Needs(1) && !isOne ? Accumulate(1) : default, Needs(2) ? Accumulate(2) : default);
            if (isOne && Needs(1))
                Add(default, Accumulate(1), default);

            void Add(Span<float> dquery, Span<float> dkey, Span<float> dv) =>
                AdditiveScoreKernel.Backward(GradientOf(), Inputs[0].Values, Inputs[1].Values, Inputs[2].Values, shape, dquery, dkey, dv);
        }

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceAdditiveScore.Forward(values.Input(0), values.Input(1), values.Input(2), shape, values.Output());
    }

    private sealed class MaskScoresOperation(Tensor scores, ReadOnlyMemory<bool> allowed) : Operation(scores)
    {
        protected internal override bool Masks => true;

        public void Forward(Tensor y) => Fill(scores.Values, y.Writable, float.NegativeInfinity);

        protected internal override void Backward()
        {
            ReadOnlySpan<float> dy = GradientOf();
            Span<float> dx = Accumulate(0);
            for (int i = 0; i < dx.Length; i++)
                dx[i] += Allows(i) ? dy[i] : 0;
        }

        protected internal override void Reference(ReferenceValues values) => Fill(values.Input(0), values.Output(), double.NegativeInfinity);

        private void Fill<T>(ReadOnlySpan<T> x, Span<T> y, T masked)
        {
            for (int i = 0; i < y.Length; i++)
                y[i] = Allows(i) ? x[i] : masked;
        }

        private bool Allows(int i)
        {
            Shape shape = Inputs[0].Shape;
            int matrix = shape[2] * shape[3];
            return allowed.Span[allowed.Length == Inputs[0].Length ? i : allowed.Length == matrix ? i % matrix : (i / (shape[1] * matrix) * matrix) + (i % matrix)];
        }
    }

    private sealed class SwapMiddleOperation(Tensor x) : Operation(x)
    {
        protected internal override void Backward() => AddSwapped(GradientOf(), Outputs[0].Shape, Accumulate(0));

        protected internal override void Reference(ReferenceValues values)
        {
            values.Output().Clear();
            AddSwapped(values.Input(0), Inputs[0].Shape, values.Output());
        }
    }
}
