#pragma warning disable CS8500

namespace Heed.Kernels;

/// <summary>Two-dimensional convolution of pictures with channels last, as products that read the windows where they lie (implicit GEMM).</summary>
/// <remarks>
/// <para>Formula: y[b, i, j, f] = bias[f] + Σ over r, s, c of w[f, c, r, s]·x[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, c], with zeros outside of the picture (a cross-correlation, as everywhere); strides down and across may differ; with
/// groups, c runs over the channels of the filter's group.</para>
/// <para>Shapes: x (batch, height, width, channels); w (filters, channels/groups, kernel height, kernel width), PyTorch's order; bias (filters) or empty; y (batch, output height, output width, filters).
/// Gradients are added to what their span holds; results lie apart from the sources.</para>
/// <para>Bits: a picture's result does not depend on the others of its batch; a weight's gradient is summed over up to eight parts of the batch, each in the order of pictures and pixels, and then over the parts, in order. Same bits for any number of threads.</para>
/// <para>Cost: 2·batch·output pixels·filters·depth flops forward, twice that backward; scratch for the weights and, a thread, for some padded rows of a picture. Thread-safe.</para>
/// <para>Source: Goto and van de Geijn 2008 for the register tile; Chellapilla, Puri and Simard 2006 for convolution as a product.</para>
/// </remarks>
public static unsafe class ConvolutionKernel
{
    /// <summary>y = the convolution of x.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="weight">(filters, channels, kernel height, kernel width).</param>
    /// <param name="bias">(filters), or empty.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="y">(batch, output height, output width, filters).</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, in ConvolutionShape shape, Span<float> y) => Forward(x, weight, bias, shape, y, default);

    /// <summary>Likewise, and the moments of y from which <see cref="BatchNormKernel.Statistics(ReadOnlySpan{float}, int, int, Span{float}, Span{float})"/> takes mean and variance: where a task has whole pictures, while they are in the cache.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="weight">(filters, channels, kernel height, kernel width).</param>
    /// <param name="bias">(filters), or empty.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="y">(batch, output height, output width, filters).</param>
    /// <param name="moments">(blocks, 2, filters), <see cref="BatchNormKernel.MomentsLength"/> with the output pixels as picture; or empty.</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, in ConvolutionShape shape, Span<float> y, Span<float> moments)
    {
        const string Operation = "ConvolutionKernel.Forward";
        Check(Operation, x, weight, shape);
        Require.Length(Operation, nameof(y), y.Length, shape.OutputLength);
        if (bias.Length != 0)
            Require.Length(Operation, nameof(bias), bias.Length, shape.Filters);
        Require.Apart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(weight), weight, y);
        ColumnBlocking blocks = default;
        if (moments.Length != 0)
        {
            int rows = shape.Batch * shape.OutputPixels;
            Require.Length(Operation, nameof(moments), moments.Length, BatchNormKernel.MomentsLength(rows, shape.OutputPixels, shape.Filters));
            blocks = ColumnBlocking.Of(rows, shape.Filters, shape.OutputPixels);
        }
        fixed (float* px = x, pw = weight, pb = bias, py = y, pm = moments)
        {
            ConvolutionEnding ending = new() { Moments = moments.Length == 0 ? null : pm, Blocks = blocks };
            bool measures = false;
            if (shape.IsDepthwise)
                Depthwise(px, pw, pb, shape, py, isBackward: false);
            else if (shape.IsPlanes)
            {
                PlaneCall few = new() { Shape = shape, From = px, Weight = pw, Bias = pb, To = py };
                Simd.Run(ref few);
            }
            else if (shape.IsWinograd)
            {
                WinogradCall fast = new() { Shape = shape, From = px, Weight = pw, Bias = pb, To = py, Ending = ending };
                Simd.Run(ref fast);
                measures = fast.Measures;
            }
            else
            {
                ConvolutionCall call = new() { Shape = shape, From = px, Weight = pw, Bias = pb, To = py, Ending = ending };
                Simd.Run(ref call);
                measures = call.Measures;
            }
            if (moments.Length != 0 && !measures)
                ChannelMoments.OfBlocks(py, blocks, shape.Filters, pm);
        }
    }

    /// <summary>y = φ(the convolution of x + z), with weights that were packed before: the sums are finished while they are in the cache. Without z and φ the bits of <see cref="Forward(ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, in ConvolutionShape, Span{float})"/>.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="weight">The weights.</param>
    /// <param name="bias">(filters), or empty.</param>
    /// <param name="shape">The sizes; channels, filters, kernel and groups are those of the weights.</param>
    /// <param name="y">(batch, output height, output width, filters).</param>
    /// <param name="addend">z: as y, or empty.</param>
    /// <param name="activation">φ: none, relu or hard swish.</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, spans overlap, or there is no such φ here.</exception>
    public static void Forward(
        ReadOnlySpan<float> x, PackedConvolution weight, ReadOnlySpan<float> bias, in ConvolutionShape shape, Span<float> y, ReadOnlySpan<float> addend = default, Activation activation = Activation.None)
    {
        const string Operation = "ConvolutionKernel.Forward";
        ArgumentNullException.ThrowIfNull(weight);
        shape.Validate(Operation);
        if (!weight.Suits(shape))
            throw new ArgumentException($"{Operation}: the weights were packed for {weight.Shape}, not for {shape}.", nameof(weight));
        if (activation is not (Activation.None or Activation.Relu or Activation.HardSwish))
            throw new ArgumentException($"{Operation}: the activation must be None, Relu or HardSwish; got {activation}.", nameof(activation));
        Require.Length(Operation, nameof(x), x.Length, shape.InputLength);
        Require.Length(Operation, nameof(y), y.Length, shape.OutputLength);
        if (bias.Length != 0)
            Require.Length(Operation, nameof(bias), bias.Length, shape.Filters);
        if (addend.Length != 0)
            Require.Length(Operation, nameof(addend), addend.Length, y.Length);
        Require.Apart(Operation, nameof(x), x, y);
        fixed (float* px = x, pb = bias, py = y, pz = addend)
        {
            ConvolutionEnding ending = new() { Addend = addend.Length == 0 ? null : pz, Activation = activation };
            if (shape.IsDepthwise)
            {
                DepthwiseCall single = new() { Shape = shape, From = px, Weight = weight.Pointer, Bias = pb, To = py, Ending = ending };
                Simd.Run(ref single);
            }
            else if (shape.IsPlanes)
            {
                PlaneCall few = new() { Shape = shape, From = px, Weight = weight.Planes, Bias = pb, To = py, Ending = ending };
                Simd.Run(ref few);
            }
            else if (shape.IsWinograd)
            {
                WinogradCall fast = new() { Shape = shape, From = px, Packed = weight.Transformed, Bias = pb, To = py, Ending = ending };
                Simd.Run(ref fast);
            }
            else
            {
                ConvolutionCall call = new() { Shape = shape, From = px, Packed = weight.Pointer, Bias = pb, To = py, Ending = ending };
                Simd.Run(ref call);
            }
        }
        GC.KeepAlive(weight);
    }

    /// <summary>dx += the gradient of x; dw += that of w; dbias += that of the bias.</summary>
    /// <param name="dy">(batch, output height, output width, filters).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="weight">Of the forward pass.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="dx">As x, or empty where it is not wanted.</param>
    /// <param name="dweight">As w, or empty.</param>
    /// <param name="dbias">(filters), or empty.</param>
    /// <param name="overwritesInput">Whether dx holds nothing yet, so that it is written and not added to; default false.</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, or spans overlap.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in ConvolutionShape shape, Span<float> dx, Span<float> dweight, Span<float> dbias, bool overwritesInput = false)
    {
        const string Operation = "ConvolutionKernel.Backward";
        Check(Operation, x, weight, shape);
        Require.Length(Operation, nameof(dy), dy.Length, shape.OutputLength);
        if (dx.Length != 0)
            Require.Length(Operation, nameof(dx), dx.Length, x.Length);
        if (dweight.Length != 0)
            Require.Length(Operation, nameof(dweight), dweight.Length, weight.Length);
        if (dbias.Length != 0)
            Require.Length(Operation, nameof(dbias), dbias.Length, shape.Filters);
        Require.Apart(Operation, nameof(dy), dy, dx);
        Require.Apart(Operation, nameof(dy), dy, dweight);
        // With strides some pixels may lie under no window at all.
        if (overwritesInput && (shape.StrideHeight > 1 || shape.StrideWidth > 1 || shape.IsDepthwise))
        {
            dx.Clear();
            overwritesInput = false;
        }
        int size = shape.Filters * shape.Depth, parts = ConvolutionWeightCall.Parts(shape);
        using Scratch sums = new(dweight.Length == 0 || shape.IsWinograd ? 0 : (long)parts * size);
        fixed (float* pdy = dy, px = x, pw = weight, atDx = dx, atDw = dweight)
        {
            float* pdx = atDx, pdw = atDw;
            if (shape.IsDepthwise)
            {
                if (pdx != null)
                    Depthwise(pdy, pw, null, shape, pdx, isBackward: true);
                if (pdw != null)
                {
                    new Span<float>(sums.Pointer, parts * size).Clear();
                    nint runs = (shape.Channels + DepthwiseWeightStep.Run - 1) / DepthwiseWeightStep.Run;
                    RowCall.Run(new DepthwiseWeightStep { Shape = shape, X = px, DY = pdy, Sums = sums.Pointer, Parts = parts, Runs = runs }, parts * runs, shape.MultiplyAdds / (parts * runs));
                    AddParts(sums.Pointer, parts, size);
                    for (int i = 0; i < size; i++)
                        pdw[i] += sums.Pointer[(i % shape.Depth * shape.Filters) + (i / shape.Depth)];
                }
                pdx = pdw = null;
            }
            if (pdx != null && shape.IsPlanes)
            {
                PlaneCall few = new() { Shape = shape, From = pdy, Weight = pw, To = pdx, IsBackward = true, Overwrites = overwritesInput };
                Simd.Run(ref few);
                pdx = null;
            }
            if (pdw != null && shape.IsPlanes)
            {
                new Span<float>(sums.Pointer, parts * size).Clear();
                RowCall.Run(new PlaneWeightStep { Shape = shape, X = px, DY = pdy, Sums = sums.Pointer, Parts = parts }, parts, shape.MultiplyAdds / parts);
                AddParts(sums.Pointer, parts, size);
                for (int i = 0; i < size; i++)
                    pdw[i] += sums.Pointer[i];
                pdw = null;
            }
            if (pdx != null && shape.IsWinograd)
            {
                WinogradCall fast = new() { Shape = shape, From = pdy, Weight = pw, To = pdx, IsBackward = true, Overwrites = overwritesInput };
                Simd.Run(ref fast);
                pdx = null;
            }
            if (pdw != null && shape.IsWinograd)
            {
                WinogradWeightCall fast = new() { Shape = shape, X = px, DY = pdy, DWeight = pdw };
                Simd.Run(ref fast);
                pdw = null;
            }
            if (pdx != null)
            {
                ConvolutionCall call = new() { Shape = shape, From = pdy, Weight = pw, To = pdx, IsBackward = true, Overwrites = overwritesInput };
                Simd.Run(ref call);
            }
            if (pdw != null)
            {
                new Span<float>(sums.Pointer, parts * size).Clear();
                ConvolutionWeightCall call = new() { Shape = shape, X = px, DY = pdy, Sums = sums.Pointer };
                Simd.Run(ref call);
                AddParts(sums.Pointer, parts, size);
                AddByFilter(sums.Pointer, pdw, shape);
            }
        }
        if (dbias.Length != 0)
            Reduction.AddColumnSums(dy, dbias);
    }

    private static void Check(string operation, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in ConvolutionShape shape)
    {
        shape.Validate(operation);
        Require.Length(operation, nameof(x), x.Length, shape.InputLength);
        Require.Length(operation, nameof(weight), weight.Length, (long)shape.Filters * shape.Depth);
    }

    private static void Depthwise(float* from, float* weight, float* bias, in ConvolutionShape shape, float* to, bool isBackward)
    {
        using Scratch packed = new((long)shape.Filters * shape.Depth);
        DepthwiseCall.Pack(weight, shape, packed.Pointer);
        DepthwiseCall call = new() { Shape = shape, From = from, Weight = packed.Pointer, Bias = bias, To = to, IsBackward = isBackward };
        Simd.Run(ref call);
    }

    // The first part becomes the sum of all.
    private static void AddParts(float* sums, int parts, int size)
    {
        for (int n = 1; n < parts; n++)
            Elementwise.Add(new Span<float>(sums, size), new ReadOnlySpan<float>(sums + ((nint)n * size), size), new Span<float>(sums, size));
    }

    // (filters, kernel, channels) is added in the order of w, (filters, channels, kernel).
    private static void AddByFilter(float* packed, float* weight, in ConvolutionShape s)
    {
        int kernel = s.KernelHeight * s.KernelWidth;
        for (int i = 0; i < s.Filters * s.Depth; i++)
            weight[(i / s.Depth * s.Depth) + (i % s.GroupChannels * kernel) + (i % s.Depth / s.GroupChannels)] += packed[i];
    }
}
