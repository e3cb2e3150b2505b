using Heed.Kernels;

namespace Heed;

/// <summary>Weights over positions that depend on where: a Gaussian around a centre, and monotonic alignments.</summary>
public sealed partial class Tensor
{
    /// <summary>Weights times a Gaussian around a centre: y_j = w_j·exp(−(j − p)²/(2σ²)), with gradients for the weights and for the centre.</summary>
    /// <remarks>Source: Luong, Pham and Manning 2015, equation 10.</remarks>
    /// <param name="centres">p: one for each row, <c>(…)</c>; positions count from 0.</param>
    /// <param name="deviation">σ; above 0.</param>
    /// <returns>Shape <c>(…, keys)</c>, as the weights.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">σ is not positive.</exception>
    public Tensor GaussianWindow(Tensor centres, float deviation)
    {
        const string Name = "GaussianWindow";
        ArgumentNullException.ThrowIfNull(centres);
        int keys = LastAxis(Name);
        if (!centres.Shape.Sizes.SequenceEqual(Shape.Sizes[..^1]))
            throw ShapeException.For(Name, nameof(centres), FormattableString.Invariant($"{new Shape(Shape.Sizes[..^1])}, one for each row of weights {Shape},"), centres.Shape);
        if (!(deviation > 0) || !float.IsFinite(deviation))
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, $"{Name}: the deviation must be positive.");
        Tensor y = Result(Name, Shape, this, centres), bell = Result(Name, Shape, this, centres);
        ReadOnlySpan<float> p = centres.Values;
        Span<float> exponents = bell.Writable;
        for (int i = 0; i < exponents.Length; i++)
        {
            float distance = ((i % keys) - p[i / keys]) / deviation;
            exponents[i] = -0.5f * distance * distance;
        }
        Elementwise.Exp(bell.Values, bell.Writable);
        Elementwise.Multiply(Values, bell.Values, y.Writable);
        return Record(new GaussianWindowOperation(this, centres, bell, deviation), y);
    }

    /// <summary>One step of a monotonic alignment: from the probabilities to stop at each key and the alignment before, where the look stops now.</summary>
    /// <remarks>
    /// <para>Formula: q_0 = a_0, q_j = (1 − p_{j−1})·q_{j−1} + a_j, α_j = p_j·q_j: the look goes on from where it stopped (a), passes keys that are not taken, and never goes back. Sums to at most
    /// 1: what stops
    /// nowhere is lost. With p of 0 and 1 the alignment is hard.</para>
    /// <para>Source: Raffel, Luong, Liu, Weiss and Eck 2017, equations 9 to 11.</para>
    /// </remarks>
    /// <param name="previous">a: the alignment of the step before, of the same shape; null for the first step, which starts at the first key.</param>
    /// <returns>α: shape <c>(…, keys)</c> for probabilities <c>(…, keys)</c>.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public Tensor MonotonicAlignment(Tensor? previous)
    {
        const string Name = "MonotonicAlignment";
        int keys = LastAxis(Name);
        if (previous is null)
        {
            float[] first = new float[Length];
            for (int r = 0; keys > 0 && r < first.Length; r += keys)
                first[r] = 1;
            previous = From(first, Shape);
        }
        if (previous.Shape != Shape)
            throw ShapeException.For(Name, nameof(previous), Shape.ToString(), previous.Shape);
        Tensor y = Result(Name, Shape, this, previous), reaching = Result(Name, Shape, this, previous);
        ReadOnlySpan<float> p = Values, a = previous.Values;
        Span<float> q = reaching.Writable;
        for (int i = 0; i < q.Length; i++)
            q[i] = a[i] + (i % keys == 0 ? 0 : (1 - p[i - 1]) * q[i - 1]);
        Elementwise.Multiply(p, q, y.Writable);
        return Record(new MonotonicAlignmentOperation(this, previous, reaching), y);
    }

    private sealed class GaussianWindowOperation(Tensor weights, Tensor centres, Tensor bell, float deviation) : Operation(weights, centres)
    {
        protected internal override void Backward()
        {
            int keys = Inputs[0].Shape[^1];
            if (Needs(0))
                Elementwise.MultiplyAdd(GradientOf(), bell.Values, Accumulate(0));
            if (!Needs(1))
                return;
            ReadOnlySpan<float> dy = GradientOf(), y = Outputs[0].Values, p = Inputs[1].Values;
            Span<float> dp = Accumulate(1);
            float factor = 1 / (deviation * deviation);
            for (int i = 0; i < y.Length; i++)
                dp[i / keys] += dy[i] * y[i] * ((i % keys) - p[i / keys]) * factor;
        }

        protected internal override void Reference(ReferenceValues values)
        {
            int keys = Inputs[0].Shape[^1];
            for (int i = 0; i < Inputs[0].Length; i++)
            {
                double distance = ((i % keys) - values.Input(1)[i / keys]) / deviation;
                values.Output()[i] = values.Input(0)[i] * Math.Exp(-0.5 * distance * distance);
            }
        }
    }

    private sealed class MonotonicAlignmentOperation(Tensor p, Tensor previous, Tensor reaching) : Operation(p, previous)
    {
        // From the last key on: dq_j = p_j·dα_j + (1 − p_j)·dq_{j+1}; dp_j = q_j·(dα_j − dq_{j+1}); da_j = dq_j.
        protected internal override void Backward()
        {
            int keys = Inputs[0].Shape[^1];
            ReadOnlySpan<float> dy = GradientOf(), stop = Inputs[0].Values, q = reaching.Values;
            Span<float> dp = Needs(0) ? Accumulate(0) : default, da = Needs(1) ? Accumulate(1) : default;
            float after = 0;
            for (int i = dy.Length - 1; i >= 0; i--)
            {
                after = i % keys == keys - 1 ? 0 : after;
                if (dp.Length > 0)
                    dp[i] += q[i] * (dy[i] - after);
                after = (stop[i] * dy[i]) + ((1 - stop[i]) * after);
                if (da.Length > 0)
                    da[i] += after;
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            int keys = Inputs[0].Shape[^1];
            double q = 0;
            for (int i = 0; i < Inputs[0].Length; i++)
            {
                q = values.Input(1)[i] + (i % keys == 0 ? 0 : (1 - values.Input(0)[i - 1]) * q);
                values.Output()[i] = values.Input(0)[i] * q;
            }
        }
    }
}
