using System.Buffers;

namespace Heed;

/// <summary>One colour component of a frame: its sampling, its tables and its samples.</summary>
/// <param name="id">Its number in the file.</param>
/// <param name="horizontal">Horizontal sampling factor, 1 to 4.</param>
/// <param name="vertical">Vertical sampling factor, 1 to 4.</param>
/// <param name="quantization">Which table of four.</param>
internal sealed class JpegComponent(int id, int horizontal, int vertical, int quantization) : IDisposable
{
    private byte[]? samples;
    private short[]? coefficients;

    public int Id => id;

    public int Horizontal => horizontal;

    public int Vertical => vertical;

    public int QuantizationIndex => quantization;

    /// <summary>Samples that belong to the picture, and blocks that hold them.</summary>
    public int Width { get; private set; }

    public int Height { get; private set; }

    public int BlocksAcross => (Width + 7) / 8;

    public int BlocksDown => (Height + 7) / 8;

    /// <summary>Blocks with those that fill up the last units of interleaved scans.</summary>
    public int Stride { get; private set; }

    public int Rows { get; private set; }

    /// <summary>The quantisation table as it was at the component's first scan, in natural order; null before.</summary>
    public ushort[]? Quantization { get; set; }

    public JpegHuffmanTable? Direct { get; set; }

    public JpegHuffmanTable? Alternating { get; set; }

    /// <summary>The last direct coefficient of the scan.</summary>
    public int Predictor { get; set; }

    /// <summary>Of each coefficient in zigzag order, how many low bits are still to come; −1 before its first scan.</summary>
    public sbyte[] PendingBits { get; } = [.. Enumerable.Repeat((sbyte)-1, 64)];

    /// <summary>The samples, rows of 8 · <see cref="Stride"/> bytes.</summary>
    public Span<byte> Samples => samples;

    /// <summary>The coefficients of a progressive picture, block after block in natural order.</summary>
    public Span<short> Coefficients => coefficients;

    public void Measure(int width, int height, int mostHorizontal, int mostVertical)
    {
        Width = (int)(((long)width * horizontal + mostHorizontal - 1) / mostHorizontal);
        Height = (int)(((long)height * vertical + mostVertical - 1) / mostVertical);
        Stride = (width + 8 * mostHorizontal - 1) / (8 * mostHorizontal) * horizontal;
        Rows = (height + 8 * mostVertical - 1) / (8 * mostVertical) * vertical;
    }

    public void Allocate(bool withCoefficients)
    {
        samples = ArrayPool<byte>.Shared.Rent(checked(Stride * Rows * 64));
        if (withCoefficients)
        {
            coefficients = ArrayPool<short>.Shared.Rent(checked(Stride * Rows * 64));
            coefficients.AsSpan(0, Stride * Rows * 64).Clear();
        }
    }

    public void Dispose()
    {
        if (samples is not null)
            ArrayPool<byte>.Shared.Return(samples);
        if (coefficients is not null)
            ArrayPool<short>.Shared.Return(coefficients);
        (samples, coefficients) = (null, null);
    }
}
