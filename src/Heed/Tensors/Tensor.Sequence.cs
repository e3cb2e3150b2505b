using Heed.Kernels;
using Pooling = Heed.Kernels.SequencePoolingKernel;

namespace Heed;

/// <summary>Operations over the time axis of a padded batch <c>(batch, time, features)</c>; padding is never read.</summary>
public sealed partial class Tensor
{
    /// <summary>c[b, k] = Σ_t w[b, k, t]·h[b, t].</summary>
    /// <param name="states">h: <c>(batch, time, features)</c>.</param>
    /// <param name="ranges">The real steps.</param>
    /// <returns>Contexts <c>(batch, views, features)</c> for weights <c>(batch, views, time)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor SumOverTime(Tensor states, SequenceRanges ranges)
    {
        (int batch, int time, int features) = CheckSteps("SumOverTime", states, ranges);
        if (Shape.Rank != 3 || Shape[0] != batch || Shape[2] != time)
            throw ShapeException.For("SumOverTime", "weights", FormattableString.Invariant($"(batch, views, time) with batch = {batch} and time = {time}"), Shape);
        Tensor y = Result("SumOverTime", new Shape(batch, Shape[1], features), this, states);
        Pooling.WeightedSum(Values, states.Values, features, Shape[1], ranges.For(time), y.Writable);
        return Record(new SumOverTimeOperation(this, states, ranges), y);
    }

    /// <summary>The mean of the real steps; 0 for an empty sequence.</summary>
    /// <param name="ranges">The real steps.</param>
    /// <returns>Shape <c>(batch, features)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor MeanOverTime(SequenceRanges ranges)
    {
        (int batch, int time, int features) = CheckSteps("MeanOverTime", this, ranges);
        Tensor y = Result("MeanOverTime", new Shape(batch, features), this);
        Pooling.MeanOverTime(Values, features, ranges.For(time), y.Writable);
        return Record(new MeanOverTimeOperation(this, ranges), y);
    }

    // The sum over the real steps: the mean, times each sequence's own length, so that padding changes no bit.
    internal Tensor TotalOverTime(SequenceRanges ranges, in Pass pass)
    {
        float[] lengths = new float[ranges.Count];
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = ranges.Lengths.Span[i];
        return MeanOverTime(ranges).ScaleRows(pass.Input(lengths, new Shape(lengths.Length)));
    }

    /// <summary>The largest value of each feature over the real steps; the first maximum wins; 0 for an empty sequence.</summary>
    /// <param name="ranges">The real steps.</param>
    /// <param name="positions">The step of each maximum <c>(batch · features)</c>; −1 for an empty sequence.</param>
    /// <returns>Shape <c>(batch, features)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor MaxOverTime(SequenceRanges ranges, out ReadOnlyMemory<int> positions)
    {
        (int batch, int time, int features) = CheckSteps("MaxOverTime", this, ranges);
        Tensor y = Result("MaxOverTime", new Shape(batch, features), this);
        int[] at = new int[batch * features];
        Pooling.MaxOverTime(Values, features, ranges.For(time), y.Writable, at);
        positions = at;
        return Record(new MaxOverTimeOperation(this, ranges, at), y);
    }

    /// <summary>The first half of the features at the last real step and the second half at the first: the final states of both directions.</summary>
    /// <param name="ranges">The real steps.</param>
    /// <returns>Shape <c>(batch, features)</c>; 0 for an empty sequence.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor LastStates(SequenceRanges ranges)
    {
        (int batch, int time, int features) = CheckSteps("LastStates", this, ranges);
        Tensor y = Result("LastStates", new Shape(batch, features), this);
        Pooling.LastState(Values, features, features / 2, ranges.For(time), y.Writable);
        return Record(new LastStatesOperation(this, ranges), y);
    }

    /// <summary>The mean over the real steps of σ(g)∘h; 0 for an empty sequence.</summary>
    /// <param name="gates">g, before the sigmoid: <c>(batch, time, features)</c>.</param>
    /// <param name="ranges">The real steps.</param>
    /// <returns>Shape <c>(batch, features)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor GatedMeanOverTime(Tensor gates, SequenceRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(gates);
        (int batch, int time, int features) = CheckSteps("GatedMeanOverTime", this, ranges);
        if (gates.Shape != Shape)
            throw ShapeException.For("GatedMeanOverTime", "gates", $"{Shape}, the shape of the states,", gates.Shape);
        Tensor y = Result("GatedMeanOverTime", new Shape(batch, features), gates, this);
        Pooling.GatedMean(gates.Values, Values, features, ranges.For(time), y.Writable);
        return Record(new GatedMeanOperation(gates, this, ranges), y);
    }

    /// <summary>The same values with 0 in the padding: what padding holds, NaN even, cannot reach anything behind it, forward or backward.</summary>
    /// <param name="ranges">The real steps.</param>
    /// <returns>Shape <c>(batch, time, features)</c>; this tensor, where there is no padding or nothing but 0 in it.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor WithoutPadding(SequenceRanges ranges)
    {
        (_, int time, _) = CheckSteps("WithoutPadding", this, ranges);
        if (!ranges.HasPadding(time) || ranges.IsPaddingZero(Values, time))
            return this;
        Tensor y = Result("WithoutPadding", Shape, this);
        y.Writable.Clear();
        ranges.CopySteps<float>(Values, y.Writable, time);
        return Record(new WithoutPaddingOperation(this, ranges), y);
    }

    /// <summary>x∘keep/(1 − p) with one mask a sequence, the same at every step (variational dropout).</summary>
    /// <remarks>Source: Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks", 2016.</remarks>
    /// <param name="probability">p, in [0, 1).</param>
    /// <param name="key">The masks' key.</param>
    /// <returns>Shape <c>(batch, time, features)</c>.</returns>
    /// <exception cref="ShapeException">The shape has not three axes.</exception>
    public Tensor DropoutOverTime(float probability, ulong key)
    {
        if (Shape.Rank != 3)
            throw ShapeException.For("DropoutOverTime", "this", "(batch, time, features)", Shape);
        Tensor y = Result("DropoutOverTime", Shape, this);
        DropoutOverTimeOperation operation = new(this, probability, key);
        operation.Run(Values, y.Writable, accumulate: false);
        return Record(operation, y);
    }

    private static (int Batch, int Time, int Features) CheckSteps(string operation, Tensor states, SequenceRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(states);
        if (states.Shape.Rank != 3)
            throw ShapeException.For(operation, "states", "(batch, time, features)", states.Shape);
        ranges.Check(operation, states.Shape[0], states.Shape[1]);
        return (states.Shape[0], states.Shape[1], states.Shape[2]);
    }

    /// <summary>An operation over the time axis of its last input.</summary>
    private abstract class TimeOperation(SequenceRanges ranges, params ReadOnlySpan<Tensor> inputs) : Operation(inputs)
    {
        protected SequenceRanges Ranges => ranges;

        protected int Time => Inputs[^1].Shape[1];

        protected int Features => Inputs[^1].Shape[2];

        protected Sequences Sequences => ranges.For(Time);
    }

    private sealed class SumOverTimeOperation(Tensor weights, Tensor states, SequenceRanges ranges) : TimeOperation(ranges, weights, states)
    {
        protected internal override void Backward() => Pooling.WeightedSumBackward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, Features, Inputs[0].Shape[1], Sequences, Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceSequence.WeightedSum(values.Input(0), values.Input(1), Features, Inputs[0].Shape[1], Sequences, values.Output());
    }

    private sealed class MeanOverTimeOperation(Tensor states, SequenceRanges ranges) : TimeOperation(ranges, states)
    {
        protected internal override void Backward() => Pooling.MeanOverTimeBackward(GradientOf(), Features, Sequences, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceSequence.MeanOverTime(values.Input(0), Features, Sequences, values.Output());
    }

    private sealed class MaxOverTimeOperation(Tensor states, SequenceRanges ranges, int[] positions) : TimeOperation(ranges, states)
    {
        protected internal override void Backward() => Pooling.MaxOverTimeBackward(GradientOf(), positions, Features, Time, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceSequence.MaxOverTime(values.Input(0), Features, Sequences, values.Output(), new int[positions.Length]);
    }

    private sealed class LastStatesOperation(Tensor states, SequenceRanges ranges) : TimeOperation(ranges, states)
    {
        protected internal override void Backward() => Pooling.LastStateBackward(GradientOf(), Features, Features / 2, Sequences, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceSequence.LastState(values.Input(0), Features, Features / 2, Sequences, values.Output());
    }

    private sealed class GatedMeanOperation(Tensor gates, Tensor states, SequenceRanges ranges) : TimeOperation(ranges, gates, states)
    {
        protected internal override void Backward() => Pooling.GatedMeanBackward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, Features, Sequences, Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceSequence.GatedMean(values.Input(0), values.Input(1), Features, Sequences, values.Output());
    }

    private sealed class DropoutOverTimeOperation(Tensor x, float probability, ulong key) : Operation(x)
    {
        public void Run(ReadOnlySpan<float> from, Span<float> to, bool accumulate)
        {
            (int batch, int time, int features) = (Inputs[0].Shape[0], Inputs[0].Shape[1], Inputs[0].Shape[2]);
            for (int i = 0; i < batch * time; i++)
            {
                // The steps of a sequence share its places in the stream, so they get the same mask.
                ulong position = (ulong)(i / time) * (ulong)features;
                if (accumulate)
                    DropoutKernel.Backward(from.Slice(i * features, features), probability, key, position, to.Slice(i * features, features));
                else
                    DropoutKernel.Forward(from.Slice(i * features, features), probability, key, position, to.Slice(i * features, features));
            }
        }

        protected internal override void Backward() => Run(GradientOf(), Accumulate(0), accumulate: true);

        // The mask is that of the float32 pass: kept elements are those that were not set to 0.
        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < Inputs[0].Length; i++)
                values.Output()[i] = Outputs[0].Values[i] != 0 || Inputs[0].Values[i] == 0 ? values.Input(0)[i] / (1 - (double)probability) : 0;
        }
    }

    private sealed class WithoutPaddingOperation(Tensor states, SequenceRanges ranges) : TimeOperation(ranges, states)
    {
        protected internal override void Backward()
        {
            (int time, int features) = (Time, Features);
            for (int b = 0; b < Ranges.Count; b++)
            {
                Range steps = Ranges.StepsOf(b, time, features);
                Span<float> to = Accumulate(0)[steps];
                Elementwise.Add(to, GradientOf()[steps], to);
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            values.Output().Clear();
            Ranges.CopySteps(values.Input(0), values.Output(), Time);
        }
    }
}
