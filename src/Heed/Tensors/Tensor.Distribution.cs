using Heed.Kernels;

namespace Heed;

/// <summary>From scores to weights, other than by softmax. A score of −∞ is masked and weighs exactly 0; a row of nothing else gives zeros.</summary>
public sealed partial class Tensor
{
    /// <summary>Sparsemax over the last axis: α_i = max(e_i − τ, 0), with τ so that weights sum to 1 (Martins and Astudillo 2016).</summary>
    /// <returns>Weights, as scores; many are exactly 0.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    public Tensor Sparsemax() => Distribute(new SparsemaxFunction(), 2);

    /// <summary>Entmax over the last axis: p_i = max((α − 1)·(e_i − τ), 0)^(1/(α − 1)), with τ so that weights sum to 1 (Peters et al. 2019).</summary>
    /// <param name="alpha">From <see cref="EntmaxFunction.LeastAlpha"/> to 2; default 1.5.</param>
    /// <returns>Weights, as scores; some are exactly 0.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    /// <exception cref="ArgumentOutOfRangeException">α is outside.</exception>
    public Tensor Entmax(float alpha = 1.5f) => alpha == 1.5f ? Distribute(new Entmax15Function(), 1.5) : Distribute(new EntmaxFunction(alpha), alpha);

    /// <summary>Entmax with a learned α (Correia et al. 2019): one for all rows, or one for each head.</summary>
    /// <param name="alpha">One element; or <c>(heads)</c> for scores <c>(batch, heads, queries, keys)</c>. From <see cref="EntmaxFunction.LeastAlpha"/> to 2: take 1 + σ(x) of a free parameter.</param>
    /// <returns>Weights, as scores. Gradients flow to scores and to α.</returns>
    /// <exception cref="ShapeException">There is no axis, or the numbers of α do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An α is outside.</exception>
    public Tensor Entmax(Tensor alpha)
    {
        ArgumentNullException.ThrowIfNull(alpha);
        int columns = LastAxis("Entmax");
        if (alpha.Length != 1 && (Shape.Rank != 4 || alpha.Length != Shape[1]))
            throw ShapeException.For("Entmax", nameof(alpha), FormattableString.Invariant($"one element, or (heads) for scores (batch, heads, queries, keys) of shape {Shape}"), alpha.Shape);
        Tensor y = Result("Entmax", Shape, this, alpha);
        EntmaxOperation operation = new(this, alpha, columns);
        operation.Forward(y);
        return Record(operation, y);
    }

    /// <summary>Softmax over the k largest scores of the last axis; all others weigh exactly 0. Of equal scores the first are taken.</summary>
    /// <param name="k">How many weights may differ from 0; at least 1.</param>
    /// <returns>Weights, as scores.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is below 1.</exception>
    public Tensor TopKSoftmax(int k)
    {
        int columns = LastAxis("TopKSoftmax");
        Tensor y = Result("TopKSoftmax", Shape, this);
        TopKKernel.Forward(Values, columns, k, y.Writable);
        return Record(new TopKSoftmaxOperation(this, columns, k), y);
    }

    /// <summary>Softmax over the last axis with one more score that takes weight and has no value.</summary>
    /// <remarks>Formula: α_i = e^(e_i) / (e^sink + Σ e^(e_j)).</remarks>
    /// <param name="sinks"><c>(heads)</c>, for scores <c>(batch, heads, queries, keys)</c>.</param>
    /// <returns>Weights, as scores; they sum to less than 1.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Tensor SinkSoftmax(Tensor sinks)
    {
        ArgumentNullException.ThrowIfNull(sinks);
        if (Shape.Rank != 4)
            throw ShapeException.For("SinkSoftmax", "this", "(batch, heads, queries, keys)", Shape);
        if (sinks.Shape != new Shape(Shape[1]))
            throw ShapeException.For("SinkSoftmax", nameof(sinks), FormattableString.Invariant($"(heads) with heads = {Shape[1]}"), sinks.Shape);
        Tensor y = Result("SinkSoftmax", Shape, this, sinks);
        SinkSoftmaxOperation operation = new(this, sinks);
        operation.Forward(y);
        return Record(operation, y);
    }

    private Tensor Distribute<TDistribution>(TDistribution distribution, double alpha)
        where TDistribution : unmanaged, IAttentionDistribution
    {
        int columns = LastAxis("Distribute");
        Tensor y = Result("Distribute", Shape, this);
        DistributionKernel.Forward(Values, columns, y.Writable, distribution);
        return Record(new DistributeOperation<TDistribution>(this, columns, distribution, alpha), y);
    }

    private sealed class DistributeOperation<TDistribution>(Tensor scores, int columns, TDistribution distribution, double alpha) : Operation(scores)
        where TDistribution : unmanaged, IAttentionDistribution
    {
        protected internal override void Backward() => DistributionKernel.Backward(GradientOf(), Outputs[0].Values, columns, Accumulate(0), distribution);

        protected internal override void Reference(ReferenceValues values) => ReferenceDistribution.Entmax(values.Input(0), columns, alpha, values.Output());
    }

    private sealed class EntmaxOperation(Tensor scores, Tensor alpha, int columns) : Operation(scores, alpha)
    {
        // Rows that share an α, in the order of memory.
        private int Group => alpha.Length == 1 ? scores.Length : scores.Shape[2] * columns;

        public void Forward(Tensor y)
        {
            for (int at = 0, i = 0; at < y.Length; at += Group, i++)
                DistributionKernel.Forward(scores.Values.Slice(at, Group), columns, y.Writable.Slice(at, Group), new EntmaxFunction(Alpha(i)));
        }

        protected internal override void Backward()
        {
            float[] rows = new float[Needs(1) ? Group / Math.Max(1, columns) : 0];
            for (int at = 0, i = 0; at < Outputs[0].Length; at += Group, i++)
            {
                ReadOnlySpan<float> dy = GradientOf().Slice(at, Group), y = Outputs[0].Values.Slice(at, Group);
                if (Needs(0))
                    DistributionKernel.Backward(dy, y, columns, Accumulate(0).Slice(at, Group), new EntmaxFunction(Alpha(i)));
                if (!Needs(1))
                    continue;
                DistributionKernel.AlphaGradient(dy, y, columns, Alpha(i), rows);
                double sum = 0;
                foreach (float row in rows)
                    sum += row;
                Accumulate(1)[i % alpha.Length] += (float)sum;
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int at = 0, i = 0; at < Outputs[0].Length; at += Group, i++)
                ReferenceDistribution.Entmax(values.Input(0).Slice(at, Group), columns, values.Input(1)[i % alpha.Length], values.Output().Slice(at, Group));
        }

        private float Alpha(int group) => Inputs[1].Values[group % alpha.Length];
    }

    private sealed class TopKSoftmaxOperation(Tensor scores, int columns, int k) : Operation(scores)
    {
        protected internal override void Backward() => SoftmaxKernel.Backward(GradientOf(), Outputs[0].Values, columns, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => ReferenceDistribution.TopK(values.Input(0), columns, k, values.Output());
    }

    private sealed class SinkSoftmaxOperation(Tensor scores, Tensor sinks) : Operation(scores, sinks)
    {
        public void Forward(Tensor y) => SinkSoftmaxKernel.Forward(scores.Values, scores.Shape[3], Rows(sinks.Values), y.Writable);

        protected internal override void Backward()
        {
            float[] rows = new float[Needs(1) ? Count : 0];
            SinkSoftmaxKernel.Backward(GradientOf(), Outputs[0].Values, Outputs[0].Shape[3], Needs(0) ? Accumulate(0) : new float[Outputs[0].Length], rows);
            if (!Needs(1))
                return;
            Span<float> dsinks = Accumulate(1);
            for (int i = 0; i < rows.Length; i++)
                dsinks[Head(i)] += rows[i];
        }

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceDistribution.Sink(values.Input(0), Outputs[0].Shape[3], Rows(values.Input(1)), values.Output());

        private int Count => Inputs[0].Shape[0] * Inputs[0].Shape[1] * Inputs[0].Shape[2];

        private int Head(int row) => row / Inputs[0].Shape[2] % Inputs[0].Shape[1];

        private T[] Rows<T>(ReadOnlySpan<T> perHead)
        {
            T[] rows = new T[Count];
            for (int i = 0; i < rows.Length; i++)
                rows[i] = perHead[Head(i)];
            return rows;
        }
    }
}
