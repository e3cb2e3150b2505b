namespace Heed.Kernels;

/// <summary>A convolution's weights in the order in which its sweeps read them, made once for many pictures.</summary>
/// <remarks>Immutable to its users and safe from many threads. Memory: as many floats as the weights, filters of a group rounded up to the panel width (32, 16 or 8); depthwise ones as they are. Where Winograd's
/// transformation serves, 16/9 of that more, from its first use on.</remarks>
public sealed unsafe class PackedConvolution
{
    private readonly AlignedFloats panels;
    private AlignedFloats? planes;
    private AlignedFloats? transformed;

    private PackedConvolution(in ConvolutionShape shape, long length) => (Shape, panels) = (shape, new AlignedFloats(length));

    /// <summary>The sizes for which it was made; those of the pictures do not matter.</summary>
    public ConvolutionShape Shape { get; }

    // Valid as long as this object is reachable.
    internal float* Pointer => panels.Pointer;

    /// <summary>The weights as they were given, for a <see cref="PlaneCall"/>.</summary>
    internal float* Planes => planes!.Pointer;

    /// <summary>The panels of a <see cref="WinogradCall"/>, made of the others; two threads may make them at once, of the same bits, and one remains.</summary>
    internal float* Transformed
    {
        get
        {
            if (Volatile.Read(ref transformed) is { } made)
                return made.Pointer;
            int width = 2 * Simd.Width;
            AlignedFloats mine = new(WinogradPanels.Length(Shape, isBackward: false, width));
            WinogradTransformed call = new() { Panels = panels.Pointer, To = mine.Pointer, PanelLength = (nint)Shape.Channels * width, Count = (Shape.Filters + width - 1) / width };
            Simd.Run(ref call);
            return (Interlocked.CompareExchange(ref transformed, mine, null) ?? mine).Pointer;
        }
    }

    /// <summary>Packs weights. Cost: one read and one write of them.</summary>
    /// <param name="weight">(filters, channels/groups, kernel height, kernel width).</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static PackedConvolution Pack(ReadOnlySpan<float> weight, in ConvolutionShape shape)
    {
        const string Operation = "PackedConvolution.Pack";
        shape.Validate(Operation);
        Require.Length(Operation, nameof(weight), weight.Length, (long)shape.Filters * shape.Depth);
        PackedConvolution packed = new(shape, shape.IsDepthwise ? weight.Length : ConvolutionPanels.Length(shape, isBackward: false, 2 * Simd.Width));
        if (shape.HasFewPlanes)
        {
            packed.planes = new AlignedFloats(weight.Length);
            weight.CopyTo(new Span<float>(packed.planes.Pointer, weight.Length));
        }
        fixed (float* pw = weight)
        {
            if (shape.IsDepthwise)
            {
                DepthwiseCall.Pack(pw, shape, packed.Pointer);
            }
            else
            {
                ConvolutionPanels direct = new() { Shape = shape, Weight = pw, To = packed.Pointer };
                Simd.Run(ref direct);
            }
        }
        return packed;
    }

    /// <summary>Whether pictures of such a shape can be convolved with it.</summary>
    internal bool Suits(in ConvolutionShape s) =>
        (s.Channels, s.Filters, s.KernelHeight, s.KernelWidth, s.Groups) == (Shape.Channels, Shape.Filters, Shape.KernelHeight, Shape.KernelWidth, Shape.Groups);
}

/// <summary>Pinned floats on a 64-byte boundary.</summary>
internal sealed unsafe class AlignedFloats
{
    private readonly float[] memory;
    private readonly int offset;

    public AlignedFloats(long length)
    {
        memory = GC.AllocateUninitializedArray<float>(checked((int)length + 16), pinned: true);
        fixed (float* start = memory)
            offset = (int)((64 - ((nint)start & 63)) & 63) / sizeof(float);
    }

    // The array is pinned for its whole life, so the pointer stays valid as long as this object is reachable.
    public float* Pointer => (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref memory[offset]);
}

/// <summary>The panels of a forward pass: (group, panel, tap, channel of the group, panel width), filters that are not there are 0.</summary>
internal unsafe struct ConvolutionPanels : ISimdKernel
{
    public ConvolutionShape Shape;
    public float* Weight, To;

    public static long Length(in ConvolutionShape s, bool isBackward, int width) =>
        (long)s.Groups * s.KernelHeight * s.KernelWidth * (isBackward ? s.GroupFilters : s.GroupChannels) * (((isBackward ? s.GroupChannels : s.GroupFilters) + width - 1) / width * width);

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), panels = (Shape.GroupFilters + width - 1) / width;
        RowCall.Run(new PanelStep { Of = this, Panels = panels }, Shape.Groups * panels, (long)Shape.Depth * width);
    }

    private struct PanelStep : IRowStep
    {
        public ConvolutionPanels Of;
        public int Panels;

        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            int width = Packing.PanelWidth<V>(), kernel = Of.Shape.KernelHeight * Of.Shape.KernelWidth, inner = Of.Shape.GroupChannels, group = (int)row / Panels, first = (int)row % Panels * width;
            int columns = Math.Min(width, Of.Shape.GroupFilters - first);
            float* weight = Of.Weight + ((((nint)group * Of.Shape.GroupFilters) + first) * Of.Shape.Depth), to = Of.To + (row * width * Of.Shape.Depth);
            for (int tap = 0; tap < kernel; tap++)
                Packing.Panel<V>(weight + tap, kernel, Of.Shape.Depth, to + ((nint)tap * inner * width), inner, columns);
        }
    }
}
