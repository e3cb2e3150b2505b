namespace Heed.Kernels;

/// <summary>A 1 × 1 convolution and the depthwise one behind it, as they stand in inverted residual blocks, without the wide pictures between them: y = φ₂(depthwise(φ₁(W·x + b₁)) + b₂).</summary>
/// <remarks>
/// <para>Shapes: x (batch, height, width, inputs); y (batch, output height, output width, channels). A panel of channels of some rows is computed into memory that stays in the cache, zeros around it, and goes through the depthwise convolution at once; channels
/// do not meet each other there.</para>
/// <para>Bits: those of the two calls of <see cref="ConvolutionKernel"/>, but that a result of −0 may be 0. Tasks are some rows and panels of a picture; no result depends on how they are cut.</para>
/// <para>Cost: one read of x for each panel of 32, 16 or 8 channels, from the second-level cache; a few rows at the seams of tasks twice where a picture does not fit into it. Thread-safe.</para>
/// <para>Source: the blocks are those of Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018.</para>
/// </remarks>
public static unsafe class ExpandedDepthwiseKernel
{
    /// <summary>Convolves twice.</summary>
    /// <param name="x">(batch, height, width, inputs).</param>
    /// <param name="expansion">W, packed: 1 × 1, stride 1, no padding, one group.</param>
    /// <param name="expansionBias">b₁: (channels), or empty.</param>
    /// <param name="between">φ₁: none, relu or hard swish.</param>
    /// <param name="depthwise">The second one's weights, packed.</param>
    /// <param name="bias">b₂: (channels), or empty.</param>
    /// <param name="shape">The sizes of the second one.</param>
    /// <param name="y">(batch, output height, output width, channels).</param>
    /// <param name="activation">φ₂, likewise.</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, y overlaps x, or there is no such φ here.</exception>
    public static void Forward(
        ReadOnlySpan<float> x, PackedConvolution expansion, ReadOnlySpan<float> expansionBias, Activation between, PackedConvolution depthwise, ReadOnlySpan<float> bias, in ConvolutionShape shape, Span<float> y,
        Activation activation = Activation.None)
    {
        const string Operation = "ExpandedDepthwiseKernel.Forward";
        ArgumentNullException.ThrowIfNull(expansion);
        ArgumentNullException.ThrowIfNull(depthwise);
        shape.Validate(Operation);
        if (!shape.IsDepthwise || !depthwise.Suits(shape))
            throw new ArgumentException($"{Operation}: the depthwise weights were packed for {depthwise.Shape}, not for {shape}.", nameof(depthwise));
        ConvolutionShape e = expansion.Shape;
        if ((e.KernelHeight, e.KernelWidth, e.StrideHeight, e.StrideWidth, e.PaddingHeight, e.PaddingWidth, e.Groups, e.Filters) != (1, 1, 1, 1, 0, 0, 1, shape.Channels))
            throw new ArgumentException($"{Operation}: the expansion must be 1 × 1 with as many filters as the depthwise convolution has channels; it was packed for {e}.", nameof(expansion));
        foreach (Activation each in (ReadOnlySpan<Activation>)[between, activation])
        {
            if (each is not (Activation.None or Activation.Relu or Activation.HardSwish))
                throw new ArgumentException($"{Operation}: the activation must be None, Relu or HardSwish; got {each}.", nameof(activation));
        }
        Require.Length(Operation, nameof(x), x.Length, shape.InputLength / shape.Channels * e.Channels);
        Require.Length(Operation, nameof(y), y.Length, shape.OutputLength);
        if (expansionBias.Length != 0)
            Require.Length(Operation, nameof(expansionBias), expansionBias.Length, shape.Channels);
        if (bias.Length != 0)
            Require.Length(Operation, nameof(bias), bias.Length, shape.Channels);
        Require.Apart(Operation, nameof(x), x, y);
        fixed (float* px = x, pe = expansionBias, pb = bias, py = y)
        {
            ExpandedDepthwiseCall call = new()
            {
                Shape = shape, Inputs = e.Channels, From = px, Expansion = expansion.Pointer, ExpansionBias = pe, Weight = depthwise.Pointer, Bias = pb, To = py,
                Between = new() { Activation = between }, Ending = new() { Activation = activation },
            };
            Simd.Run(ref call);
        }
        GC.KeepAlive(expansion);
        GC.KeepAlive(depthwise);
    }
}

/// <summary>The tasks of <see cref="ExpandedDepthwiseKernel"/>.</summary>
internal unsafe struct ExpandedDepthwiseCall : ISimdKernel
{
    // So many floats of a panel's padded rows stay in the second-level cache beside the rows of x.
    private const int Block = 3 << 14;

    public ConvolutionShape Shape;
    public int Inputs;
    public float* From, Expansion, ExpansionBias, Weight, Bias, To;
    public ConvolutionEnding Between, Ending;
    private int blocks, blockRows, parts;

    private readonly int Pitch => Shape.Width + (2 * Shape.PaddingWidth);

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), panels = (Shape.Channels + width - 1) / width, height = Shape.OutputHeight;
        int most = Math.Max(1, (((Block / (Pitch * width)) - Shape.WindowHeight) / Shape.StrideHeight) + 1);
        blockRows = (height + ((height + most - 1) / most) - 1) / ((height + most - 1) / most);
        blocks = (height + blockRows - 1) / blockRows;
        parts = Math.Clamp(4 * Workers.Degree / Math.Max(1, Shape.Batch * blocks), 1, panels);
        fixed (ExpandedDepthwiseCall* self = &this)
            Workers.Run(&Task<V>, self, Shape.Batch * blocks * parts);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        ExpandedDepthwiseCall* call = (ExpandedDepthwiseCall*)state;
        ref readonly ConvolutionShape s = ref call->Shape;
        int width = Packing.PanelWidth<V>(), panels = (s.Channels + width - 1) / width, part = index % call->parts, block = index / call->parts % call->blocks, picture = index / call->parts / call->blocks;
        int firstRow = block * call->blockRows, endRow = Math.Min(firstRow + call->blockRows, s.OutputHeight), pitch = call->Pitch, inputs = call->Inputs;
        // Rows of the padded pictures, and those of them that there are.
        int top = (firstRow * s.StrideHeight) - s.PaddingHeight, rows = ((endRow - firstRow - 1) * s.StrideHeight) + s.WindowHeight, seen = Math.Max(top, 0), seenEnd = Math.Min(top + rows, s.Height);
        int kernel = s.KernelHeight * s.KernelWidth, length = rows * pitch * width;
        using Scratch scratch = new(length + (s.OutputWidth * width) + width);
        float* wide = scratch.Pointer, line = wide + length, bias = line + (s.OutputWidth * width);
        // What lies outside stays 0: only pixels that there are will be written.
        new Span<float>(wide, length).Clear();
        nint* offsets = stackalloc nint[2 * kernel], weights = offsets + kernel;
        for (int n = 0; n < kernel; n++)
        {
            offsets[n] = (((n / s.KernelWidth * pitch) + (n % s.KernelWidth)) * (nint)s.Dilation) * width;
            weights[n] = (nint)n * s.Channels;
        }
        nint start = 0;
        ConvolutionSweep sweep = new()
        {
            In = call->From + ((((nint)picture * s.Height) + seen) * s.Width * inputs), InRow = (nint)s.Width * inputs, InStep = inputs,
            Out = wide + ((((nint)(seen - top) * pitch) + s.PaddingWidth) * width), OutRow = (nint)pitch * width, OutStep = width,
            Offsets = &start, Runs = 1, Depth = inputs, Rows = seenEnd - seen, Columns = s.Width,
        };
        for (int panel = panels * part / call->parts; panel < panels * (part + 1) / call->parts; panel++)
        {
            int first = panel * width, columns = Math.Min(width, s.Channels - first);
            if (call->ExpansionBias != null)
            {
                new ReadOnlySpan<float>(call->ExpansionBias + first, columns).CopyTo(new Span<float>(bias, columns));
                new Span<float>(bias + columns, width - columns).Clear();
                sweep.Bias = bias;
            }
            // Panels are full of zeros where there is no channel: whole vectors.
            sweep.Outputs = columns <= V.Width ? V.Width : width;
            sweep.Panels = call->Expansion + ((nint)first * inputs);
            sweep.Run<V>();
            for (int i = 0; i < sweep.Rows && call->Between.Activation != Activation.None; i++)
                call->Between.Apply<V>(sweep.Out + (i * sweep.OutRow), 0, (nint)s.Width * width);
            DepthwiseTile tile = new(offsets, weights, kernel) { Weight = call->Weight + first, Bias = call->Bias == null ? null : call->Bias + first, Channels = columns };
            for (int i = 0; i < endRow - firstRow; i++)
            {
                float* from = wide + ((nint)i * s.StrideHeight * pitch * width);
                for (int o = 0, pixels; o < s.OutputWidth; o += pixels)
                {
                    pixels = DepthwiseTile.Next(s.OutputWidth - o);
                    tile.Run<V>(pixels, from + ((nint)o * s.StrideWidth * width), (nint)s.StrideWidth * width, line + (o * width), width);
                }
                call->Ending.Move<V>(line, width, call->To + (((((nint)picture * s.OutputHeight) + firstRow + i) * s.OutputWidth) * s.Channels) + first, s.Channels, s.OutputWidth, columns);
            }
        }
    }
}
