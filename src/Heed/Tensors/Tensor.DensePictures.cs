using Heed.Kernels;

namespace Heed;

/// <summary>Pictures that change their size.</summary>
public sealed partial class Tensor
{
    /// <summary>Transposed two-dimensional convolution; see <see cref="TransposedConvolutionKernel"/> for the formula.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="weight">w: <c>(channels, filters/groups, kernel height, kernel width)</c>.</param>
    /// <param name="bias"><c>(filters)</c>, or null.</param>
    /// <param name="stride">Distance at which pixels of x are laid down.</param>
    /// <param name="padding">Rows and columns that are cut from each side of the result.</param>
    /// <param name="outputPadding">Rows and columns that are added below and on the right; below the stride.</param>
    /// <param name="dilation">Distance of neighbouring pixels of the kernel.</param>
    /// <param name="groups">Parts into which channels and filters are cut.</param>
    /// <returns>Shape <c>(batch, output height, output width, filters)</c> with output = (size − 1)·stride − 2·padding + dilation·(kernel − 1) + output padding + 1.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">Nothing would be left of the pictures, or the padding is as large as the kernel.</exception>
    public static Tensor TransposedConvolution(
        Tensor x, Tensor weight, Tensor? bias = null, int stride = 1, (int Height, int Width) padding = default, (int Height, int Width) outputPadding = default, int dilation = 1, int groups = 1)
    {
        const string Name = "TransposedConvolution";
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        RequirePictures(Name, nameof(x), x);
        if (weight.Shape.Rank != 4 || weight.Shape[0] != x.Shape[3])
            throw ShapeException.For(Name, nameof(weight), FormattableString.Invariant($"(channels, filters/groups, kernel height, kernel width) with channels = {x.Shape[3]}"), weight.Shape, "Pictures have their channels last.");
        int filters = weight.Shape[1] * groups;
        if (bias is not null && bias.Shape != new Shape(filters))
            throw ShapeException.For(Name, nameof(bias), FormattableString.Invariant($"(filters) with filters = {filters}"), bias.Shape);
        ConvolutionShape shape = TransposedConvolutionKernel.Shape(
            x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], filters, (weight.Shape[2], weight.Shape[3]), stride, padding, outputPadding, dilation, groups);
        Tensor y = Result(Name, new Shape(shape.Batch, shape.Height, shape.Width, filters), x, weight, bias);
        TransposedConvolutionKernel.Forward(x.Values, weight.Values, bias is null ? default : bias.Values, shape, y.Writable);
        return Record(new TransposedConvolutionOperation(x, weight, bias, shape), y);
    }

    /// <summary>Brings pictures to another size by bilinear interpolation; see <see cref="ResizeKernel"/>.</summary>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    /// <returns>Shape <c>(batch, height, width, channels)</c> with the new height and width.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public Tensor Resize(int height, int width)
    {
        const string Name = "Resize";
        RequirePictures(Name, "this", this);
        ResizeShape shape = new(Shape[0], Shape[1], Shape[2], Shape[3], height, width);
        shape.Validate(Name);
        Tensor y = Result(Name, new Shape(Shape[0], height, width, Shape[3]), this);
        ResizeKernel.Forward(Values, shape, y.Writable);
        return Record(new ResizeOperation(this, shape), y);
    }

    /// <summary>A part of pictures; zeros where it reaches beyond them, so that it pads, too.</summary>
    /// <param name="top">First row; may be negative.</param>
    /// <param name="left">First column; may be negative.</param>
    /// <param name="height">Rows of the part.</param>
    /// <param name="width">Columns of the part.</param>
    /// <returns>Shape <c>(batch, height, width, channels)</c> with the part's height and width.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Height or width is below 1.</exception>
    public Tensor Crop(int top, int left, int height, int width)
    {
        const string Name = "Crop";
        RequirePictures(Name, "this", this);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Tensor y = Result(Name, new Shape(Shape[0], height, width, Shape[3]), this);
        y.Writable.Clear();
        CropOperation operation = new(this, (top, left, height, width));
        foreach ((int from, int to, int length) in operation.Runs())
            Values.Slice(from, length).CopyTo(y.Writable[to..]);
        return Record(operation, y);
    }

    private sealed class TransposedConvolutionOperation(Tensor x, Tensor weight, Tensor? bias, ConvolutionShape shape) : Operation(bias is null ? [x, weight] : [x, weight, bias])
    {
        protected internal override void Backward() => TransposedConvolutionKernel.Backward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, shape, Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default, Inputs.Count == 3 && Needs(2) ? Accumulate(2) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceConvolution.Transposed(values.Input(0), values.Input(1), Inputs.Count == 3 ? values.Input(2) : default, shape, values.Output());
    }

    private sealed class ResizeOperation(Tensor x, ResizeShape shape) : Operation(x)
    {
        protected internal override void Backward() => ResizeKernel.Backward(GradientOf(), shape, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => ReferenceSpatial.Resize(values.Input(0), shape, values.Output());
    }

    private sealed class CropOperation(Tensor x, (int Top, int Left, int Height, int Width) part) : Operation(x)
    {
        /// <summary>Of each row that both have: where it starts in the pictures, where in the part, and how many values it has.</summary>
        public IEnumerable<(int From, int To, int Length)> Runs()
        {
            Shape shape = Inputs[0].Shape;
            (int height, int width, int channels) = (shape[1], shape[2], shape[3]);
            int first = Math.Max(0, -part.Left), end = Math.Min(part.Width, width - part.Left);
            for (int row = 0; row < shape[0] * part.Height && end > first; row++)
            {
                int r = (row % part.Height) + part.Top;
                if ((uint)r < (uint)height)
                    yield return (((((row / part.Height * height) + r) * width) + first + part.Left) * channels, ((row * part.Width) + first) * channels, (end - first) * channels);
            }
        }

        protected internal override void Backward()
        {
            Span<float> dx = Accumulate(0);
            foreach ((int from, int to, int length) in Runs())
                Elementwise.Add(dx.Slice(from, length), GradientOf().Slice(to, length), dx.Slice(from, length));
        }

        protected internal override void Reference(ReferenceValues values)
        {
            values.Output().Clear();
            foreach ((int from, int to, int length) in Runs())
                values.Input(0).Slice(from, length).CopyTo(values.Output()[to..]);
        }
    }
}
