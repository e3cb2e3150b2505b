using System.Runtime.InteropServices;
using Heed.Kernels;

namespace Heed;

/// <summary>Squeeze and excitation as one operation.</summary>
public sealed partial class Tensor
{
    /// <summary>Squeeze and excitation, with the batch norm before it and the addition and the rectifier behind it; see <see cref="SqueezeExcitationKernel"/>.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="layers">W₁ <c>(hidden, channels)</c>, b₁ <c>(hidden)</c>, W₂ <c>(channels, hidden)</c>, b₂ <c>(channels)</c>.</param>
    /// <param name="norm">The batch norm, or null.</param>
    /// <param name="squeeze">What is squeezed out.</param>
    /// <param name="gate">The last function of the excitation.</param>
    /// <param name="addend">As x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <param name="gates">What each channel was weighed by, <c>(batch, channels)</c>; no gradient flows through it.</param>
    /// <returns>Shape <c>(batch, height, width, channels)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    internal static Tensor SqueezeExcite(
        Tensor x, (Tensor First, Tensor FirstBias, Tensor Second, Tensor SecondBias) layers, BatchNormTerms? norm, ChannelSqueeze squeeze, ChannelGate gate, Tensor? addend, bool rectifies, out Tensor gates)
    {
        const string Name = "SqueezeExcite";
        RequirePictures(Name, nameof(x), x);
        int batch = x.Shape[0], channels = x.Shape[3], hidden = layers.FirstBias.Length;
        if (layers.First.Shape != new Shape(hidden, channels) || layers.Second.Shape != new Shape(channels, hidden) || (norm is not null && norm.Gamma.Shape != new Shape(channels)) || x.Length == 0)
            throw ShapeException.For(Name, nameof(x), FormattableString.Invariant($"(batch, height, width, channels) with channels = {layers.Second.Shape[0]} and at least one place"), x.Shape);
        if (addend is not null && addend.Shape != x.Shape)
            throw ShapeException.For(Name, nameof(addend), $"{x.Shape}, that of x", addend.Shape);
        ExcitationShape shape = new(batch, x.Shape[1] * x.Shape[2], channels, hidden, gate, rectifies) { Squeeze = squeeze };
        Tensor[] inputs = [x, layers.First, layers.FirstBias, layers.Second, layers.SecondBias, .. norm is null ? [] : (Tensor[])[norm.Gamma, norm.Beta], .. addend is null ? [] : (Tensor[])[addend]];
        Tensor y = Result(Name, x.Shape, inputs);
        Shape each = new(batch, channels), statistics = new(channels);
        gates = Result(Name, each, x);
        Tensor? places = squeeze == ChannelSqueeze.Average ? null : Result(Name, each, x);
        SqueezeExciteOperation operation = new(inputs, y, shape, norm, (Result(Name, each, x), Result(Name, each, x), Result(Name, new Shape(batch, hidden), x), gates, places), (Result(Name, statistics, x), Result(Name, statistics, x)));
        operation.Forward();
        return Record(operation, y);
    }

    // Inputs: x, W₁, b₁, W₂, b₂, then γ and β if there is a norm, then the addend if there is one.
    private sealed class SqueezeExciteOperation(
        Tensor[] inputs, Tensor y, ExcitationShape shape, BatchNormTerms? norm, (Tensor Means, Tensor Squeezed, Tensor Hidden, Tensor Gates, Tensor? Places) kept, (Tensor Mean, Tensor Variance) statistics) : Operation(inputs)
    {
        private const int Gamma = 5, Beta = 6;

        private int Addend => norm is null ? Gamma : Beta + 1;

        private bool Adds => Inputs.Count > Addend;

        private ExcitationWeights Weights => new() { First = Inputs[1].Values, FirstBias = Inputs[2].Values, Second = Inputs[3].Values, SecondBias = Inputs[4].Values };

        private ExcitationNorm NormTerms => norm is null ? default : new()
        {
            Gamma = Inputs[Gamma].Values, Beta = Inputs[Beta].Values, Mean = statistics.Mean.Writable, Variance = statistics.Variance.Writable, Epsilon = norm.Epsilon, IsFixed = norm.IsFixed, Moments = Inputs[0].Moments is { } moments ? moments.Values : default,
        };

        private ExcitationState State => new()
        {
            Means = kept.Means.Writable, Squeezed = kept.Squeezed.Writable, Hidden = kept.Hidden.Writable, Gates = kept.Gates.Writable, Places = kept.Places is { } places ? MemoryMarshal.Cast<float, int>(places.Writable) : default,
        };

        public void Forward()
        {
            if (norm is { IsFixed: true })
            {
                norm.Mean.Span.CopyTo(statistics.Mean.Writable);
                norm.Variance.Span.CopyTo(statistics.Variance.Writable);
            }
            SqueezeExcitationKernel.Forward(Inputs[0].Values, shape, Weights, NormTerms, Adds ? Inputs[Addend].Values : default, y.Writable, State);
            if (norm is { IsFixed: false })
            {
                statistics.Mean.Values.CopyTo(norm.Mean.Span);
                statistics.Variance.Values.CopyTo(norm.Variance.Span);
            }
        }

        protected internal override void Backward()
        {
            Accumulate(0, Addend, out Span<float> dx, out bool overwritesInput, out Span<float> daddend, out bool overwritesAddend);
            SqueezeExcitationKernel.Backward(GradientOf(), Inputs[0].Values, shape.Rectifies ? y.Values : default, shape, Weights, NormTerms, State, new()
            {
                Input = dx, OverwritesInput = overwritesInput, Addend = daddend, OverwritesAddend = overwritesAddend,
                First = Wanted(1), FirstBias = Wanted(2), Second = Wanted(3), SecondBias = Wanted(4), Gamma = norm is null ? default : Wanted(Gamma), Beta = norm is null ? default : Wanted(Beta),
            });
        }

        private Span<float> Wanted(int input) => Needs(input) ? Accumulate(input) : default;

        protected internal override void Reference(ReferenceValues values)
        {
            double[] n = values.Input(0).ToArray(), mean = new double[shape.Channels], variance = new double[mean.Length];
            if (norm is not null)
            {
                for (int c = 0; c < mean.Length && norm.IsFixed; c++)
                    (mean[c], variance[c]) = (statistics.Mean.Values[c], statistics.Variance.Values[c]);
                if (!norm.IsFixed)
                    ReferenceBatchNorm.Statistics(n, mean, variance);
                ReferenceBatchNorm.Forward(n, mean, variance, values.Input(Gamma), values.Input(Beta), norm.Epsilon, default, rectifies: false, n);
            }
            ReferenceSqueezeExcitation.Forward(n, shape, values.Input(1), values.Input(2), values.Input(3), values.Input(4), Adds ? values.Input(Addend) : default, values.Output());
        }
    }
}
