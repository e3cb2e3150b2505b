namespace Heed.Kernels;

/// <summary>The sizes of a two-dimensional convolution.</summary>
/// <param name="Batch">Pictures.</param>
/// <param name="Height">Rows of a picture.</param>
/// <param name="Width">Columns of a picture.</param>
/// <param name="Channels">Values of a pixel.</param>
/// <param name="Filters">Values of a result's pixel.</param>
/// <param name="KernelHeight">Rows of a filter.</param>
/// <param name="KernelWidth">Columns of a filter.</param>
public readonly record struct ConvolutionShape(int Batch, int Height, int Width, int Channels, int Filters, int KernelHeight, int KernelWidth)
{
    /// <summary>Distance of neighbouring windows, down and across; read <see cref="StrideHeight"/> and <see cref="StrideWidth"/>, which may differ: this is the former.</summary>
    /// <value>Default 1.</value>
    public int Stride { get => StrideHeight; init => StrideHeight = StrideWidth = value; }

    /// <summary>Rows from a window to the next one below.</summary>
    /// <value>Default 1.</value>
    public int StrideHeight { get; init; } = 1;

    /// <summary>Columns from a window to the next one on the right.</summary>
    /// <value>Default 1.</value>
    public int StrideWidth { get; init; } = 1;

    /// <summary>Distance of neighbouring pixels of a window.</summary>
    /// <value>Default 1: a window without holes.</value>
    public int Dilation { get; init; } = 1;

    /// <summary>Parts into which channels and filters are cut; filters see the channels of their own part only.</summary>
    /// <value>Default 1; as many as channels for a depthwise convolution.</value>
    public int Groups { get; init; } = 1;

    /// <summary>Rows of zeros above and below.</summary>
    public int PaddingHeight { get; init; }

    /// <summary>Columns of zeros on the left and on the right.</summary>
    public int PaddingWidth { get; init; }

    /// <summary>Rows of the result: (height + 2·padding − window)/stride + 1, rounded down; a window has dilation·(kernel − 1) + 1 rows.</summary>
    public int OutputHeight => ((Height + (2 * PaddingHeight) - WindowHeight) / Math.Max(1, StrideHeight)) + 1;

    /// <summary>Columns of the result, likewise.</summary>
    public int OutputWidth => ((Width + (2 * PaddingWidth) - WindowWidth) / Math.Max(1, StrideWidth)) + 1;

    /// <summary>Values under a filter: kernel height · kernel width · channels of its group.</summary>
    public int Depth => KernelHeight * KernelWidth * GroupChannels;

    /// <summary>Multiply–adds of a forward pass.</summary>
    public long MultiplyAdds => OutputLength * Depth;

    // Also of sizes that are refused: the message shows what follows from them.
    internal int GroupChannels => Channels / Math.Max(1, Groups);

    internal int GroupFilters => Filters / Groups;

    internal int WindowHeight => (Dilation * (KernelHeight - 1)) + 1;

    internal int WindowWidth => (Dilation * (KernelWidth - 1)) + 1;

    internal int OutputPixels => OutputHeight * OutputWidth;

    internal long InputLength => (long)Batch * Height * Width * Channels;

    internal long OutputLength => (long)Batch * OutputPixels * Filters;

    // Which way decides bits, so it depends on the sizes of one picture alone. Whole vectors of any width; pictures of some size, so that the transformed filters pay; and filters that the caches hold.
    internal bool IsWinograd => (KernelHeight, KernelWidth, StrideHeight, StrideWidth, Dilation, Groups) == (3, 3, 1, 1, 1, 1) && Channels % 16 == 0 && Filters % 16 == 0 && Math.Min(OutputHeight, OutputWidth) >= 6 && (long)Channels * Filters <= 1 << 16;

    // So few planes that lanes are pixels, not channels.
    internal bool IsPlanes => (StrideHeight, StrideWidth, Dilation) == (1, 1, 1) && HasFewPlanes && KernelHeight * KernelWidth > 1;

    internal bool HasFewPlanes => Groups == 1 && Channels <= 4 && Filters <= 2;

    internal bool IsDepthwise => Groups > 1 && Groups == Channels && Groups == Filters;

    /// <summary>Refuses sizes that make no sense.</summary>
    /// <param name="operation">Whose, for the message.</param>
    /// <exception cref="ArgumentException">They do not; the message says why.</exception>
    public void Validate(string operation)
    {
        if (Batch < 0 || Math.Min(Math.Min(Math.Min(Channels, Filters), Math.Min(KernelHeight, Math.Min(KernelWidth, Math.Min(StrideHeight, StrideWidth)))), Math.Min(Dilation, Groups)) < 1 || Math.Min(PaddingHeight, PaddingWidth) < 0)
            throw new ArgumentException($"{operation}: channels, filters, kernel, stride, dilation and groups must be at least 1, batch and padding at least 0; got {this}.");
        if (Channels % Groups != 0 || Filters % Groups != 0)
            throw new ArgumentException($"{operation}: channels and filters must be multiples of the groups; got {this}.");
        if (PaddingHeight >= WindowHeight || PaddingWidth >= WindowWidth)
            throw new ArgumentException($"{operation}: padding must be below the kernel's size, or windows see nothing but zeros; got {this}.");
        if (Height + (2 * PaddingHeight) < WindowHeight || Width + (2 * PaddingWidth) < WindowWidth)
            throw new ArgumentException($"{operation}: the kernel is larger than the padded picture; got {this}.");
        if (Math.Max(Math.Max(InputLength, OutputLength), (long)Filters * Depth) > int.MaxValue)
            throw new ArgumentException($"{operation}: {this} needs arrays beyond 2³¹ − 1 floats; use smaller batches or pictures.");
    }
}
