using Heed.Kernels;

namespace Heed;

/// <summary>Normalisation.</summary>
public sealed partial class Tensor
{
    /// <summary>Normalises each row to mean 0 and variance 1, scales by γ and shifts by β; see <see cref="Heed.LayerNorm"/>.</summary>
    /// <param name="x">Shape <c>(…, size)</c>.</param>
    /// <param name="gamma">γ: <c>(size)</c>.</param>
    /// <param name="beta">β: <c>(size)</c>.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor LayerNorm(Tensor x, Tensor gamma, Tensor beta, float epsilon = 1e-5f)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gamma);
        ArgumentNullException.ThrowIfNull(beta);
        if (gamma.Shape.Rank != 1 || gamma.Shape != beta.Shape)
            throw ShapeException.For("LayerNorm", "gamma", $"(size), the shape of beta {beta.Shape},", gamma.Shape);
        int size = gamma.Length;
        if (x.Shape.Rank < 1 || x.Shape[^1] != size || size == 0)
            throw ShapeException.For("LayerNorm", "x", FormattableString.Invariant($"(…, size) with size = {size}"), x.Shape);
        Tensor y = Result("LayerNorm", x.Shape, x, gamma, beta);
        Shape rows = new(x.Length / size);
        Tensor mean = Result("LayerNorm", rows, x, gamma, beta), deviation = Result("LayerNorm", rows, x, gamma, beta);
        LayerNormKernel.Forward(x.Values, gamma.Values, beta.Values, size, epsilon, y.Writable, mean.Writable, deviation.Writable);
        return Record(new LayerNormOperation(x, gamma, beta, mean, deviation, epsilon), y);
    }

    /// <summary>Divides each row by its root mean square and scales by γ; see <see cref="Heed.RmsNorm"/>.</summary>
    /// <param name="x">Shape <c>(…, size)</c>.</param>
    /// <param name="gamma">γ: <c>(size)</c>.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor RmsNorm(Tensor x, Tensor gamma, float epsilon = 1e-6f)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gamma);
        if (gamma.Shape.Rank != 1 || gamma.Length == 0)
            throw ShapeException.For("RmsNorm", "gamma", "(size)", gamma.Shape);
        int size = gamma.Length;
        if (x.Shape.Rank < 1 || x.Shape[^1] != size)
            throw ShapeException.For("RmsNorm", "x", FormattableString.Invariant($"(…, size) with size = {size}"), x.Shape);
        Tensor y = Result("RmsNorm", x.Shape, x, gamma), reciprocal = Result("RmsNorm", new Shape(x.Length / size), x, gamma);
        RmsNormKernel.Forward(x.Values, gamma.Values, size, epsilon, y.Writable, reciprocal.Writable);
        return Record(new RmsNormOperation(x, gamma, reciprocal, epsilon), y);
    }

    /// <summary>Normalises each channel over all rows, scales by γ and shifts by β, and adds and rectifies in the same sweep; see <see cref="BatchNormKernel"/>.</summary>
    /// <param name="x">Shape <c>(…, channels)</c>.</param>
    /// <param name="gamma">γ: <c>(channels)</c>.</param>
    /// <param name="beta">β: <c>(channels)</c>.</param>
    /// <param name="statistics">The mean and biased variance of each channel: those of x are written into it, or, if they are fixed, its own are used.</param>
    /// <param name="isFixed">Whether the statistics are given, as in evaluation.</param>
    /// <param name="addend">As x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>Shape <c>(…, channels)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, (Memory<float> Mean, Memory<float> Variance) statistics, bool isFixed, Tensor? addend = null, bool rectifies = false, float epsilon = 1e-5f)
    {
        const string Name = "BatchNorm";
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gamma);
        ArgumentNullException.ThrowIfNull(beta);
        if (gamma.Shape.Rank != 1 || gamma.Length == 0 || gamma.Shape != beta.Shape)
            throw ShapeException.For(Name, nameof(gamma), $"(channels), the shape of beta {beta.Shape},", gamma.Shape);
        int channels = gamma.Length;
        if (x.Shape.Rank < 1 || x.Shape[^1] != channels || x.Length == 0)
            throw ShapeException.For(Name, nameof(x), FormattableString.Invariant($"(…, channels) with channels = {channels} and at least one row"), x.Shape);
        if (addend is not null && addend.Shape != x.Shape)
            throw ShapeException.For(Name, nameof(addend), $"{x.Shape}, that of x", addend.Shape);
        Tensor y = Result(Name, x.Shape, x, gamma, beta, addend), mean = Result(Name, gamma.Shape, x, gamma, beta), variance = Result(Name, gamma.Shape, x, gamma, beta);
        if (isFixed)
        {
            statistics.Mean.Span.CopyTo(mean.Writable);
            statistics.Variance.Span.CopyTo(variance.Writable);
        }
        else
        {
            if (x.Moments is { } moments)
                BatchNormKernel.Statistics(moments.Values, x.Length / channels, PictureOf(x), mean.Writable, variance.Writable);
            else
                BatchNormKernel.Statistics(x.Values, mean.Writable, variance.Writable, PictureOf(x));
            mean.Values.CopyTo(statistics.Mean.Span);
            variance.Values.CopyTo(statistics.Variance.Span);
        }
        BatchNormKernel.Forward(x.Values, mean.Values, variance.Values, gamma.Values, beta.Values, epsilon, addend is null ? default : addend.Values, rectifies, y.Writable);
        return Record(new BatchNormOperation(x, gamma, beta, addend, (mean, variance, y), (isFixed, rectifies), epsilon), y);
    }

    /// <summary>Normalises each picture over its positions and the channels of a group, scales by γ and shifts by β, and adds and rectifies in the same sweep; see <see cref="GroupNormKernel"/>.</summary>
    /// <param name="x">Shape <c>(batch, …, channels)</c>.</param>
    /// <param name="groups">Parts into which channels are cut.</param>
    /// <param name="gamma">γ: <c>(channels)</c>.</param>
    /// <param name="beta">β: <c>(channels)</c>.</param>
    /// <param name="addend">As x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>Shape <c>(batch, …, channels)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor GroupNorm(Tensor x, int groups, Tensor gamma, Tensor beta, Tensor? addend = null, bool rectifies = false, float epsilon = 1e-5f)
    {
        const string Name = "GroupNorm";
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gamma);
        ArgumentNullException.ThrowIfNull(beta);
        if (gamma.Shape.Rank != 1 || gamma.Shape != beta.Shape || groups < 1 || gamma.Length == 0 || gamma.Length % groups != 0)
            throw ShapeException.For(Name, nameof(gamma), FormattableString.Invariant($"(channels), the shape of beta {beta.Shape} and a multiple of {groups} groups,"), gamma.Shape);
        if (x.Shape.Rank < 2 || x.Shape[^1] != gamma.Length || x.Length == 0)
            throw ShapeException.For(Name, nameof(x), FormattableString.Invariant($"(batch, …, channels) with channels = {gamma.Length} and at least one position"), x.Shape);
        if (addend is not null && addend.Shape != x.Shape)
            throw ShapeException.For(Name, nameof(addend), $"{x.Shape}, that of x", addend.Shape);
        Shape each = new(x.Shape[0], groups);
        Tensor y = Result(Name, x.Shape, x, gamma, beta, addend), mean = Result(Name, each, x, gamma, beta), reciprocal = Result(Name, each, x, gamma, beta);
        GroupNormKernel.Forward(x.Values, x.Shape[0], gamma.Values, beta.Values, epsilon, addend is null ? default : addend.Values, rectifies, y.Writable, mean.Writable, reciprocal.Writable);
        return Record(new GroupNormOperation(x, gamma, beta, addend, (mean, reciprocal, y), rectifies, epsilon), y);
    }

    private sealed class GroupNormOperation(Tensor x, Tensor gamma, Tensor beta, Tensor? addend, (Tensor Mean, Tensor Reciprocal, Tensor Y) kept, bool rectifies, float epsilon)
        : Operation(addend is null ? [x, gamma, beta] : [x, gamma, beta, addend])
    {
        protected internal override void Backward() => GroupNormKernel.Backward(
            GradientOf(), Inputs[0].Values, kept.Y.Values, Inputs[0].Shape[0], kept.Mean.Values, kept.Reciprocal.Values, Inputs[1].Values, rectifies,
            Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default, Needs(2) ? Accumulate(2) : default, Inputs.Count == 4 && Needs(3) ? Accumulate(3) : default);

        protected internal override void Reference(ReferenceValues values) => ReferenceGroupNorm.Forward(
            values.Input(0), Inputs[0].Shape[0], kept.Mean.Shape[1], values.Input(1), values.Input(2), epsilon, Inputs.Count == 4 ? values.Input(3) : default, rectifies, values.Output());
    }

    private sealed class BatchNormOperation(Tensor x, Tensor gamma, Tensor beta, Tensor? addend, (Tensor Mean, Tensor Variance, Tensor Y) kept, (bool IsFixed, bool Rectifies) form, float epsilon)
        : Operation(addend is null ? [x, gamma, beta] : [x, gamma, beta, addend])
    {
        protected internal override void Backward()
        {
            Accumulate(0, 3, out Span<float> dx, out bool overwritesInput, out Span<float> daddend, out bool overwritesAddend);
            BatchNormKernel.Backward(
                GradientOf(), Inputs[0].Values, kept.Y.Values, kept.Mean.Values, kept.Variance.Values, Inputs[1].Values, epsilon, form.Rectifies, form.IsFixed,
                dx, Needs(1) ? Accumulate(1) : default, Needs(2) ? Accumulate(2) : default, daddend, overwritesInput, overwritesAddend, form.Rectifies && Inputs.Count == 3 ? Inputs[2].Values : default);
        }

        protected internal override void Reference(ReferenceValues values)
        {
            double[] mean = new double[Inputs[1].Length], variance = new double[mean.Length];
            for (int c = 0; c < mean.Length && form.IsFixed; c++)
                (mean[c], variance[c]) = (kept.Mean.Values[c], kept.Variance.Values[c]);
            if (!form.IsFixed)
                ReferenceBatchNorm.Statistics(values.Input(0), mean, variance);
            ReferenceBatchNorm.Forward(values.Input(0), mean, variance, values.Input(1), values.Input(2), epsilon, Inputs.Count == 4 ? values.Input(3) : default, form.Rectifies, values.Output());
        }
    }

    private sealed class RmsNormOperation(Tensor x, Tensor gamma, Tensor reciprocal, float epsilon) : Operation(x, gamma)
    {
        protected internal override void Backward() => RmsNormKernel.Backward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, reciprocal.Values, Inputs[1].Length, Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceRmsNorm.Forward(values.Input(0), values.Input(1), Inputs[1].Length, epsilon, values.Output());
    }

    private sealed class LayerNormOperation(Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor deviation, float epsilon) : Operation(x, gamma, beta)
    {
        protected internal override void Backward() => LayerNormKernel.Backward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, mean.Values, deviation.Values, Inputs[1].Length,
            Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default, Needs(2) ? Accumulate(2) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceLayerNorm.Forward(values.Input(0), values.Input(1), values.Input(2), Inputs[1].Length, epsilon, values.Output());
    }
}
