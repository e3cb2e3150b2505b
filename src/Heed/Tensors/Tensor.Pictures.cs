using System.Runtime.InteropServices;
using Heed.Kernels;

namespace Heed;

/// <summary>Pictures, channels last.</summary>
public sealed partial class Tensor
{
    /// <summary>Two-dimensional convolution; see <see cref="ConvolutionKernel"/> for the formula.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="weight">w: <c>(filters, channels/groups, kernel height, kernel width)</c>.</param>
    /// <param name="bias"><c>(filters)</c>, or null.</param>
    /// <param name="stride">Distance of neighbouring windows.</param>
    /// <param name="padding">Rows and columns of zeros on each side.</param>
    /// <param name="dilation">Distance of neighbouring pixels of a window.</param>
    /// <param name="groups">Parts into which channels and filters are cut.</param>
    /// <returns>Shape <c>(batch, output height, output width, filters)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">The kernel is larger than the padded picture, or the padding as large as the kernel.</exception>
    public static Tensor Convolution(Tensor x, Tensor weight, Tensor? bias = null, int stride = 1, (int Height, int Width) padding = default, int dilation = 1, int groups = 1) =>
        Convolution(x, weight, bias, (stride, stride), padding, dilation, groups);

    /// <summary>As <see cref="Convolution(Tensor, Tensor, Tensor?, int, ValueTuple{int, int}, int, int)"/>, with strides of their own down and across.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="weight">w: <c>(filters, channels/groups, kernel height, kernel width)</c>.</param>
    /// <param name="bias"><c>(filters)</c>, or null.</param>
    /// <param name="stride">Rows and columns from a window to the next.</param>
    /// <param name="padding">Rows and columns of zeros on each side.</param>
    /// <param name="dilation">Distance of neighbouring pixels of a window.</param>
    /// <param name="groups">Parts into which channels and filters are cut.</param>
    /// <returns>Shape <c>(batch, output height, output width, filters)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">The kernel is larger than the padded picture, or the padding as large as the kernel.</exception>
    public static Tensor Convolution(Tensor x, Tensor weight, Tensor? bias, (int Height, int Width) stride, (int Height, int Width) padding = default, int dilation = 1, int groups = 1) =>
        Convolution(x, weight, bias, stride, padding, dilation, groups, measures: false);

    /// <summary>Likewise; if <paramref name="measures"/>, with the <see cref="Moments"/> of the result for the batch norm behind it.</summary>
    internal static Tensor Convolution(Tensor x, Tensor weight, Tensor? bias, (int Height, int Width) stride, (int Height, int Width) padding, int dilation, int groups, bool measures)
    {
        const string Name = "Convolution";
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        RequirePictures(Name, nameof(x), x);
        if (weight.Shape.Rank != 4 || groups < 1 || (long)weight.Shape[1] * groups != x.Shape[3])
            throw ShapeException.For(Name, nameof(weight),
                FormattableString.Invariant($"(filters, channels/groups, kernel height, kernel width) with channels = {x.Shape[3]}, groups = {groups}"), weight.Shape, "Pictures have their channels last.");
        if (bias is not null && bias.Shape != new Shape(weight.Shape[0]))
            throw ShapeException.For(Name, nameof(bias), FormattableString.Invariant($"(filters) with filters = {weight.Shape[0]}"), bias.Shape);
        ConvolutionShape shape = new(x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], weight.Shape[0], weight.Shape[2], weight.Shape[3])
        {
            StrideHeight = stride.Height,
            StrideWidth = stride.Width,
            Dilation = dilation,
            Groups = groups,
            PaddingHeight = padding.Height,
            PaddingWidth = padding.Width,
        };
        shape.Validate(Name);
        Tensor y = Result(Name, new Shape(shape.Batch, shape.OutputHeight, shape.OutputWidth, shape.Filters), x, weight, bias);
        if (measures && PictureOf(y) is > 0 and int picture)
            y.Moments = Result(Name, new Shape(BatchNormKernel.MomentsLength(y.Length / shape.Filters, picture, shape.Filters)), x);
        ConvolutionKernel.Forward(x.Values, weight.Values, bias is null ? default : bias.Values, shape, y.Writable, y.Moments is { } moments ? moments.Writable : default);
        return Record(new ConvolutionOperation(x, weight, bias, shape), y);
    }

    /// <summary>The largest value of each window and channel; see <see cref="MaxPoolingKernel"/>.</summary>
    /// <param name="window">Rows and columns of a window.</param>
    /// <param name="stride">Distance of windows; 0 for the window's size.</param>
    /// <param name="padding">Rows and columns beyond each edge; at most half a window.</param>
    /// <returns>Shape <c>(batch, output height, output width, channels)</c> for <c>(batch, height, width, channels)</c>.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The window is larger than the picture, or a size below 1.</exception>
    public Tensor MaxPool(int window, int stride = 0, int padding = 0) => Pooled(Windows((window, window), (stride, stride), (padding, padding)), out _);

    /// <summary>As <see cref="MaxPool(int, int, int)"/>, with sizes of their own down and across.</summary>
    /// <param name="window">Rows and columns of a window.</param>
    /// <param name="stride">Distance of windows; the default (0, 0) stands for the window's size.</param>
    /// <param name="padding">Rows and columns beyond each edge; at most half a window.</param>
    /// <returns>Shape <c>(batch, output height, output width, channels)</c> for <c>(batch, height, width, channels)</c>.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The window is larger than the picture, or a size below 1.</exception>
    public Tensor MaxPool((int Height, int Width) window, (int Height, int Width) stride = default, (int Height, int Width) padding = default) => Pooled(Windows(window, stride, padding), out _);

    /// <summary>As <see cref="MaxPool(int, int, int)"/>, with the map of where the maxima stand.</summary>
    /// <param name="window">Rows and columns of a window.</param>
    /// <param name="positions">As the result: row·width + column of each maximum.</param>
    /// <param name="stride">Distance of windows; 0 for the window's size.</param>
    /// <returns>Shape <c>(batch, output height, output width, channels)</c> for <c>(batch, height, width, channels)</c>.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The window is larger than the picture, or a size below 1.</exception>
    public Tensor MaxPool(int window, out int[] positions, int stride = 0)
    {
        Tensor y = Pooled(Windows((window, window), (stride, stride), default), out Tensor places);
        positions = MemoryMarshal.Cast<float, int>(places.Values).ToArray();
        return y;
    }

    /// <summary>The largest value of as many windows as are wanted: window i of n covers ⌊i·size/n⌋ … ⌈(i + 1)·size/n⌉ − 1, as torch's adaptive_max_pool2d.</summary>
    /// <param name="output">Rows and columns of the result; (1, 1) is the maximum of the whole picture.</param>
    /// <returns>Shape <c>(batch, output height, output width, channels)</c> for <c>(batch, height, width, channels)</c>.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentException">A size does not suit.</exception>
    public Tensor AdaptiveMaxPool((int Height, int Width) output)
    {
        RequirePictures("AdaptiveMaxPool", "this", this);
        return Pooled(PoolingShape.Adaptive(Shape[0], Shape[1], Shape[2], Shape[3], output), out _);
    }

    private PoolingShape Windows((int Height, int Width) window, (int Height, int Width) stride, (int Height, int Width) padding)
    {
        const string Name = "MaxPool";
        RequirePictures(Name, "this", this);
        bool Suits(int size, int window, int stride, int padding) => window >= 1 && stride >= 0 && padding >= 0 && padding <= window / 2 && window <= size + (2L * padding);
        if (!Suits(Shape[1], window.Height, stride.Height, padding.Height) || !Suits(Shape[2], window.Width, stride.Width, padding.Width))
            throw new ArgumentOutOfRangeException(nameof(window), window,
                FormattableString.Invariant($"{Name}: window must be from 1 to the picture's size {Shape} with its padding, the stride at least 1 (got {stride}), the padding from 0 to half a window (got {padding})."));
        return new PoolingShape(Shape[0], Shape[1], Shape[2], Shape[3], window, stride, padding);
    }

    // The positions lie in memory of the step, as bits of float32.
    private Tensor Pooled(PoolingShape shape, out Tensor places)
    {
        Tensor y = Result("MaxPool", new Shape(Shape[0], shape.OutputHeight, shape.OutputWidth, Shape[3]), this);
        places = Result("MaxPool", y.Shape, this);
        MaxPoolingKernel.Forward(Values, shape, y.Writable, MemoryMarshal.Cast<float, int>(places.Writable));
        return Record(new MaxPoolOperation(this, places, shape), y);
    }

    /// <summary>The mean of each window and channel; see <see cref="AveragePoolingKernel"/>.</summary>
    /// <param name="window">Rows and columns of a window.</param>
    /// <param name="stride">Distance of windows; the default (0, 0) stands for the window's size.</param>
    /// <param name="padding">Rows and columns of zeros beyond each edge; at most half a window.</param>
    /// <param name="countsPadding">Whether a window that reaches beyond an edge divides by its whole size (torch's count_include_pad) or by the pixels that it sees.</param>
    /// <returns>Shape <c>(batch, output height, output width, channels)</c> for <c>(batch, height, width, channels)</c>; output = (size + 2·padding − window)/stride + 1, rounded down.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentException">A size does not suit.</exception>
    public Tensor AveragePool((int Height, int Width) window, (int Height, int Width) stride = default, (int Height, int Width) padding = default, bool countsPadding = true)
    {
        RequirePictures("AveragePool", "this", this);
        return AveragePooled(new PoolingShape(Shape[0], Shape[1], Shape[2], Shape[3], window, stride, padding) { CountsPadding = countsPadding });
    }

    /// <summary>The mean of as many windows as are wanted: window i of n covers ⌊i·size/n⌋ … ⌈(i + 1)·size/n⌉ − 1, as torch's adaptive_avg_pool2d.</summary>
    /// <param name="output">Rows and columns of the result; (1, 1) is the mean of the whole picture.</param>
    /// <returns>Shape <c>(batch, output height, output width, channels)</c> for <c>(batch, height, width, channels)</c>.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentException">A size does not suit.</exception>
    public Tensor AdaptiveAveragePool((int Height, int Width) output)
    {
        RequirePictures("AdaptiveAveragePool", "this", this);
        return AveragePooled(PoolingShape.Adaptive(Shape[0], Shape[1], Shape[2], Shape[3], output));
    }

    /// <summary>The mean over all places of pictures, <c>(batch, channels)</c>.</summary>
    internal Tensor MeanOverPlaces() => AdaptiveAveragePool((1, 1)).Reshape(new Shape(Shape[0], Shape[3]));

    private Tensor AveragePooled(PoolingShape shape)
    {
        Tensor y = Result("AveragePool", new Shape(Shape[0], shape.OutputHeight, shape.OutputWidth, Shape[3]), this);
        AveragePoolingKernel.Forward(Values, shape, y.Writable);
        return Record(new AveragePoolOperation(this, shape), y);
    }

    /// <summary>φ(convolution + z) with packed weights, for evaluation alone: nothing is recorded.</summary>
    internal static Tensor Convolution(Tensor x, PackedConvolution weight, ReadOnlySpan<float> bias, ConvolutionShape shape, Tensor? addend, Activation activation)
    {
        Tensor y = Result("Convolution", new Shape(shape.Batch, shape.OutputHeight, shape.OutputWidth, shape.Filters), x, addend);
        ConvolutionKernel.Forward(x.Values, weight, bias, shape, y.Writable, addend is null ? default : addend.Values, activation);
        return y;
    }

    /// <summary>A 1 × 1 convolution and a depthwise one behind it with packed weights, for evaluation alone; see <see cref="ExpandedDepthwiseKernel"/>.</summary>
    internal static Tensor ExpandedDepthwise(Tensor x, (PackedConvolution Weight, float[] Bias) expansion, (PackedConvolution Weight, float[] Bias) depthwise, ConvolutionShape shape, Activation activation)
    {
        Tensor y = Result("ExpandedDepthwise", new Shape(shape.Batch, shape.OutputHeight, shape.OutputWidth, shape.Filters), x);
        ExpandedDepthwiseKernel.Forward(x.Values, expansion.Weight, expansion.Bias, activation, depthwise.Weight, depthwise.Bias, shape, y.Writable, activation);
        return y;
    }

    /// <summary>Samples pictures at free positions, bilinearly, with gradients for both; see <see cref="GridSampleKernel"/>.</summary>
    /// <param name="grid">Positions <c>(batch, height', width', 2)</c> in [−1, 1]², horizontal first; ±1 are the outer edges.</param>
    /// <returns>Shape <c>(batch, height', width', channels)</c> for pictures <c>(batch, height, width, channels)</c>; zeros outside of the picture.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor GridSample(Tensor grid)
    {
        const string Name = "GridSample";
        ArgumentNullException.ThrowIfNull(grid);
        RequirePictures(Name, "this", this);
        if (grid.Shape.Rank != 4 || grid.Shape[0] != Shape[0] || grid.Shape[3] != 2)
            throw ShapeException.For(Name, nameof(grid), FormattableString.Invariant($"(batch, height, width, 2) with batch = {Shape[0]}"), grid.Shape);
        GridSampleShape shape = new(Shape[0], Shape[1], Shape[2], Shape[3], grid.Shape[1] * grid.Shape[2]);
        Tensor y = Result(Name, grid.Shape.WithLast(Shape[3]), this, grid);
        GridSampleKernel.Forward(Values, grid.Values, shape, y.Writable);
        return Record(new GridSampleOperation(this, grid, shape), y);
    }

    /// <summary>Patches around one position of each picture, at several scales; see <see cref="GlimpseKernel"/>. No gradient flows to the positions.</summary>
    /// <param name="positions"><c>(batch, 2)</c> in [−1, 1]², horizontal first; ±1 are the outer edges.</param>
    /// <param name="size">Rows and columns of a patch.</param>
    /// <param name="scales">Patches; each covers twice the rows and columns of the one before.</param>
    /// <returns>Shape <c>(batch, scales, size, size, channels)</c> for pictures <c>(batch, height, width, channels)</c>; zeros outside of the picture.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">Size or scales do not suit.</exception>
    public Tensor Glimpse(Tensor positions, int size, int scales)
    {
        const string Name = "Glimpse";
        ArgumentNullException.ThrowIfNull(positions);
        RequirePictures(Name, "this", this);
        if (positions.Shape != new Shape(Shape[0], 2))
            throw ShapeException.For(Name, nameof(positions), FormattableString.Invariant($"(batch, 2) with batch = {Shape[0]}"), positions.Shape);
        GlimpseShape shape = new(Shape[0], Shape[1], Shape[2], Shape[3], size, scales);
        shape.Validate(Name);
        Tensor y = Result(Name, new Shape(Shape[0], scales, size, size, Shape[3]), this);
        GlimpseKernel.Forward(Values, positions.Values, shape, y.Writable);
        return Record(new GlimpseOperation(this, positions, shape), y);
    }

    /// <summary>Scales the channels of pictures by gates, and adds and rectifies in the same sweep; see <see cref="ChannelGateKernel"/>.</summary>
    /// <param name="gate">Shape <c>(batch, channels)</c>.</param>
    /// <param name="addend">z: as the pictures, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <returns>Shape <c>(batch, height, width, channels)</c>, that of the pictures.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor ScaleChannels(Tensor gate, Tensor? addend = null, bool rectifies = false)
    {
        const string Name = "ScaleChannels";
        ArgumentNullException.ThrowIfNull(gate);
        RequirePictures(Name, "this", this);
        if (gate.Shape != new Shape(Shape[0], Shape[3]))
            throw ShapeException.For(Name, nameof(gate), FormattableString.Invariant($"(batch, channels) = ({Shape[0]}, {Shape[3]})"), gate.Shape);
        if (addend is not null && addend.Shape != Shape)
            throw ShapeException.For(Name, nameof(addend), FormattableString.Invariant($"{Shape}, that of the pictures"), addend.Shape);
        Tensor y = Result(Name, Shape, this, gate, addend);
        ChannelGateKernel.Forward(Values, gate.Values, Shape[3], addend is null ? default : addend.Values, rectifies, y.Writable);
        return Record(new ScaleChannelsOperation(this, gate, addend, y, rectifies), y);
    }

    /// <summary>Scales the places of pictures by gates, and adds and rectifies in the same sweep; see <see cref="PlaceGateKernel"/>.</summary>
    /// <param name="gate">Shape <c>(batch, height, width, 1)</c>.</param>
    /// <param name="addend">z: as the pictures, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <returns>Shape <c>(batch, height, width, channels)</c>, that of the pictures.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor ScalePlaces(Tensor gate, Tensor? addend = null, bool rectifies = false)
    {
        const string Name = "ScalePlaces";
        ArgumentNullException.ThrowIfNull(gate);
        RequirePictures(Name, "this", this);
        if (gate.Shape != Shape.WithLast(1))
            throw ShapeException.For(Name, nameof(gate), FormattableString.Invariant($"(batch, height, width, 1) = {Shape.WithLast(1)}"), gate.Shape);
        if (addend is not null && addend.Shape != Shape)
            throw ShapeException.For(Name, nameof(addend), FormattableString.Invariant($"{Shape}, that of the pictures"), addend.Shape);
        Tensor y = Result(Name, Shape, this, gate, addend);
        PlaceGateKernel.Forward(Values, gate.Values, Shape[3], addend is null ? default : addend.Values, rectifies, y.Writable);
        return Record(new ScalePlacesOperation(this, gate, addend, y, rectifies), y);
    }

    /// <summary>What a convolution found of its result on the way, for the statistics of a batch norm behind it; null elsewhere.</summary>
    internal Tensor? Moments { get; private set; }

    // Rows that blocks of a batch norm's sums do not leave: pictures, unless they are smaller than blocks; 0 for none.
    private static int PictureOf(Tensor x) => x.Shape.Rank == 4 && x.Shape[1] * x.Shape[2] >= 32 ? x.Shape[1] * x.Shape[2] : 0;

    private static void RequirePictures(string operation, string argument, Tensor x)
    {
        if (x.Shape.Rank != 4)
            throw ShapeException.For(operation, argument, "(batch, height, width, channels)", x.Shape, "Pictures have their channels last.");
    }

    private sealed class ConvolutionOperation(Tensor x, Tensor weight, Tensor? bias, ConvolutionShape shape) : Operation(bias is null ? [x, weight] : [x, weight, bias])
    {
        protected internal override void Backward()
        {
            bool isFirst = false;
            ConvolutionKernel.Backward(
                GradientOf(), Inputs[0].Values, Inputs[1].Values, shape, Needs(0) ? Accumulate(0, out isFirst) : default, Needs(1) ? Accumulate(1) : default,
                Inputs.Count == 3 && Needs(2) ? Accumulate(2) : default, isFirst);
        }

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceConvolution.Forward(values.Input(0), values.Input(1), Inputs.Count == 3 ? values.Input(2) : default, shape, values.Output());
    }

    private sealed class MaxPoolOperation(Tensor x, Tensor places, PoolingShape shape) : Operation(x)
    {
        protected internal override void Backward() =>
            MaxPoolingKernel.Backward(GradientOf(), MemoryMarshal.Cast<float, int>(places.Values), Inputs[0].Shape[0], Inputs[0].Shape[1] * Inputs[0].Shape[2], Inputs[0].Shape[3], Accumulate(0));

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceConvolution.MaxPool(values.Input(0), shape, values.Output());
    }

    private sealed class AveragePoolOperation(Tensor x, PoolingShape shape) : Operation(x)
    {
        protected internal override void Backward() => AveragePoolingKernel.Backward(GradientOf(), shape, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => ReferenceConvolution.AveragePool(values.Input(0), shape, values.Output());
    }

    private sealed class GridSampleOperation(Tensor x, Tensor grid, GridSampleShape shape) : Operation(x, grid)
    {
        protected internal override void Backward() =>
            GridSampleKernel.Backward(GradientOf(), Inputs[0].Values, Inputs[1].Values, shape, Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default);

        protected internal override void Reference(ReferenceValues values) => ReferenceSpatial.GridSample(values.Input(0), values.Input(1), shape, values.Output());
    }

    private sealed class GlimpseOperation(Tensor x, Tensor positions, GlimpseShape shape) : Operation(x)
    {
        protected internal override void Backward() => GlimpseKernel.Backward(GradientOf(), positions.Values, shape, Accumulate(0));

        protected internal override void Reference(ReferenceValues values)
        {
            double[] places = new double[positions.Length];
            for (int i = 0; i < places.Length; i++)
                places[i] = positions.Values[i];
            ReferenceSpatial.Glimpse(values.Input(0), places, shape, values.Output());
        }
    }

    private sealed class ScaleChannelsOperation(Tensor x, Tensor gate, Tensor? addend, Tensor y, bool rectifies) : Operation(addend is null ? [x, gate] : [x, gate, addend])
    {
        protected internal override void Backward()
        {
            Accumulate(0, 2, out Span<float> dx, out bool overwritesInput, out Span<float> daddend, out bool overwritesAddend);
            ChannelGateKernel.Backward(
                GradientOf(), Inputs[0].Values, Inputs[1].Values, Inputs[0].Shape[3], rectifies ? y.Values : default, dx, Needs(1) ? Accumulate(1) : default, daddend, overwritesInput, overwritesAddend);
        }

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceChannelGate.Forward(values.Input(0), values.Input(1), Inputs[0].Shape[3], Inputs.Count == 3 ? values.Input(2) : default, rectifies, values.Output());
    }

    private sealed class ScalePlacesOperation(Tensor x, Tensor gate, Tensor? addend, Tensor y, bool rectifies) : Operation(addend is null ? [x, gate] : [x, gate, addend])
    {
        protected internal override void Backward() => PlaceGateKernel.Backward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, Inputs[0].Shape[3], rectifies ? y.Values : default,
            Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default, Inputs.Count == 3 && Needs(2) ? Accumulate(2) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceChannelGate.ForwardPlaces(values.Input(0), values.Input(1), Inputs[0].Shape[3], Inputs.Count == 3 ? values.Input(2) : default, rectifies, values.Output());
    }
}
