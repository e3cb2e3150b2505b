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
    /// <summary>Distance of neighbouring windows.</summary>
    /// <value>Default 1.</value>
    public int Stride { get; init; } = 1;

    /// <summary>Rows of zeros above and below.</summary>
    public int PaddingHeight { get; init; }

    /// <summary>Columns of zeros on the left and on the right.</summary>
    public int PaddingWidth { get; init; }

    /// <summary>Rows of the result: (height + 2·padding − kernel)/stride + 1, rounded down.</summary>
    public int OutputHeight => ((Height + (2 * PaddingHeight) - KernelHeight) / Stride) + 1;

    /// <summary>Columns of the result, likewise.</summary>
    public int OutputWidth => ((Width + (2 * PaddingWidth) - KernelWidth) / Stride) + 1;

    /// <summary>Values under a filter: kernel height · kernel width · channels.</summary>
    public int Depth => KernelHeight * KernelWidth * Channels;

    internal int OutputPixels => OutputHeight * OutputWidth;

    internal long InputLength => (long)Batch * Height * Width * Channels;

    internal long OutputLength => (long)Batch * OutputPixels * Filters;

    /// <summary>Refuses sizes that make no sense.</summary>
    /// <param name="operation">Whose, for the message.</param>
    /// <exception cref="ArgumentException">They do not; the message says why.</exception>
    public void Validate(string operation)
    {
        if (Batch < 0 || Math.Min(Math.Min(Channels, Filters), Math.Min(KernelHeight, Math.Min(KernelWidth, Stride))) < 1 || Math.Min(PaddingHeight, PaddingWidth) < 0)
            throw new ArgumentException($"{operation}: channels, filters, kernel and stride must be at least 1, batch and padding at least 0; got {this}.");
        if (PaddingHeight >= KernelHeight || PaddingWidth >= KernelWidth)
            throw new ArgumentException($"{operation}: padding must be below the kernel's size, or windows see nothing but zeros; got {this}.");
        if (Height + (2 * PaddingHeight) < KernelHeight || Width + (2 * PaddingWidth) < KernelWidth)
            throw new ArgumentException($"{operation}: the kernel is larger than the padded picture; got {this}.");
        if (Math.Max(Math.Max(InputLength, OutputLength), Math.Max((long)OutputPixels * Depth, (long)Filters * Depth)) > int.MaxValue)
            throw new ArgumentException($"{operation}: {this} needs arrays beyond 2³¹ − 1 floats; use smaller batches.");
    }
}
