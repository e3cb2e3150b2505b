namespace Heed;

/// <summary>A picture in memory: one byte a sample, rows from the top, channels last.</summary>
/// <remarks>
/// <para>Shape (height, width, channels), row-major: the sample of row y, column x and channel c is <c>Samples[(y · Width + x) · Channels + c]</c>.
/// Channels: 1 grey, 3 red, green, blue, 4 with alpha (not premultiplied). Values are those of the file, sRGB as a rule.</para>
/// <para>Thread safety: a picture does not change. The memory it was made of must not be changed either.</para>
/// </remarks>
public sealed class Picture
{
    /// <summary>A picture over samples, which are not copied.</summary>
    /// <param name="width">Pixels across, at least 1.</param>
    /// <param name="height">Pixels down, at least 1.</param>
    /// <param name="channels">1, 3 or 4.</param>
    /// <param name="samples">height · width · channels bytes.</param>
    /// <exception cref="ArgumentException">A number is out of range, or the samples are too many or too few.</exception>
    public Picture(int width, int height, int channels, ReadOnlyMemory<byte> samples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3 or 4))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "Picture: channels must be 1 (grey), 3 (RGB) or 4 (RGBA).");
        if ((long)width * height * channels != samples.Length)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"Picture: samples has {samples.Length} bytes but (height, width, channels) = ({height}, {width}, {channels}) needs {(long)width * height * channels}."), nameof(samples));
        }
        (Width, Height, Channels, Samples) = (width, height, channels, samples);
    }

    /// <summary>Pixels across.</summary>
    public int Width { get; }

    /// <summary>Pixels down.</summary>
    public int Height { get; }

    /// <summary>1 (grey), 3 (red, green, blue) or 4 (with alpha).</summary>
    public int Channels { get; }

    /// <summary>All samples, (height, width, channels), row-major.</summary>
    public ReadOnlyMemory<byte> Samples { get; }

    /// <summary>One sample.</summary>
    /// <param name="row">From the top, from 0.</param>
    /// <param name="column">From the left, from 0.</param>
    /// <param name="channel">From 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sample.</exception>
    public byte this[int row, int column, int channel]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Height, nameof(row));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Width, nameof(column));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)channel, (uint)Channels, nameof(channel));
            return Samples.Span[(row * Width + column) * Channels + channel];
        }
    }

    /// <summary>Reads a PNG or JPEG file; which of them it is, its first bytes say.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is decoded; null for the defaults.</param>
    /// <exception cref="InputException">The file is missing, damaged, cut off, too large or of a kind that is not read; the message names it.</exception>
    public static Picture Read(string path, PictureReadOptions? options = null) => Decode(PictureFile.Read(path), path, options);

    /// <summary>Reads a PNG or JPEG from a stream, to the stream's end.</summary>
    /// <param name="stream">The stream; it is not closed.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How it is decoded; null for the defaults.</param>
    /// <exception cref="InputException">See <see cref="Read(string, PictureReadOptions?)"/>.</exception>
    public static Picture Read(Stream stream, string? name = null, PictureReadOptions? options = null) =>
        Decode(PictureFile.Read(stream, name), name, options);

    /// <summary>Decodes the bytes of a PNG or JPEG file.</summary>
    /// <param name="file">The bytes.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How it is decoded; null for the defaults.</param>
    /// <exception cref="InputException">See <see cref="Read(string, PictureReadOptions?)"/>.</exception>
    public static Picture Decode(ReadOnlyMemory<byte> file, string? name = null, PictureReadOptions? options = null) =>
        PictureDecoder.Decode(file, name, options);

    /// <summary>The rows of the picture in another number of channels; the picture itself where it has them.</summary>
    /// <param name="channels">1, 3 or 4. Colour becomes grey by ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B); alpha is dropped, or 255 where there was none.</param>
    /// <remarks>Allocates the new picture.</remarks>
    public Picture ToChannels(int channels)
    {
        if (channels == Channels)
            return this;
        byte[] result = new byte[(long)Width * Height * channels];
        ReadOnlySpan<byte> source = Samples.Span;
        for (int from = 0, to = 0; from < source.Length; from += Channels, to += channels)
        {
            if (channels == 1)
                result[to] = Luma(source[from], source[from + 1], source[from + 2]);
            else if (Channels == 1)
                result.AsSpan(to, 3).Fill(source[from]);
            else
                source.Slice(from, 3).CopyTo(result.AsSpan(to));
            if (channels == 4)
                result[to + 3] = byte.MaxValue;
        }
        return new Picture(Width, Height, channels, result);
    }

    /// <summary>The bytes of a PNG file of the picture, 8 bits a sample.</summary>
    public byte[] ToPng()
    {
        using var stream = new MemoryStream();
        PngEncoder.Write(this, stream);
        return stream.ToArray();
    }

    /// <summary>Writes a PNG file; a reader sees the old file or the whole new one.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <exception cref="InputException">The file system refuses.</exception>
    public void WritePng(string path) => AtomicFile.Write(path, stream => PngEncoder.Write(this, stream));

    // The weights in 1/65,536; they add up to one.
    private static byte Luma(int red, int green, int blue) => (byte)((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}
