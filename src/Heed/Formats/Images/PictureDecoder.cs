namespace Heed;

/// <summary>One entry to the decoders: the first bytes say which of them reads a file.</summary>
/// <remarks>
/// <para>Bad input costs one <see cref="InputException"/> that names the file: another format (named where it is known), a file that was cut off or
/// damaged, more pixels than are allowed or than the file can hold. No size is believed before it is checked against the bound and the file's
/// length, and no file takes more time than its bytes and its pixels explain.</para>
/// <para>Thread safety: all members are safe.</para>
/// </remarks>
public static class PictureDecoder
{
    /// <summary>Decodes the bytes of a file.</summary>
    /// <param name="file">The bytes of a PNG or JPEG file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How it is decoded; null for the defaults.</param>
    /// <exception cref="InputException">The bytes are damaged, cut off, declare too many pixels, or are of a kind that is not read.</exception>
    public static Picture Decode(ReadOnlyMemory<byte> file, string? name = null, PictureReadOptions? options = null)
    {
        options ??= PictureReadOptions.Default;
        options.Validate();
        PictureFormat format = FormatOf(file.Span, name);
        if (options.KeepNumbers && format != PictureFormat.Png)
            throw new InputException("a JPEG cannot hold class numbers, since its samples are approximate. Save the mask as a palette or grey PNG.", name);
        Picture picture = format == PictureFormat.Png ? PngDecoder.Decode(file, name, options) : JpegDecoder.Decode(file.Span, name, options);
        return options.Channels is { } channels ? picture.ToChannels(channels) : picture;
    }

    /// <summary>Reads the header alone: format and size. Cost: a few steps, whatever the picture's size.</summary>
    /// <param name="file">The bytes of a PNG or JPEG file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">Bounds, and whether EXIF turns the picture; null for the defaults.</param>
    /// <exception cref="InputException">The header is damaged or missing, or declares what <see cref="Decode"/> refuses.</exception>
    public static PictureInfo Inspect(ReadOnlyMemory<byte> file, string? name = null, PictureReadOptions? options = null)
    {
        options ??= PictureReadOptions.Default;
        options.Validate();
        return FormatOf(file.Span, name) == PictureFormat.Png ? PngDecoder.Inspect(file, name, options) : JpegDecoder.Inspect(file.Span, name, options);
    }

    /// <summary>The format that the first bytes tell.</summary>
    /// <param name="file">The beginning of a file, at least 16 bytes of it where it has them.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="InputException">Neither PNG nor JPEG.</exception>
    public static PictureFormat FormatOf(ReadOnlySpan<byte> file, string? name = null)
    {
        if (file.StartsWith(PngDecoder.Signature))
            return PictureFormat.Png;
        if (file is [0xFF, 0xD8, 0xFF, ..])
            return PictureFormat.Jpeg;
        if (file.IsEmpty)
            throw new InputException("the file is empty. Copy it again, or remove it.", name);
        throw new InputException($"this is {KindOf(file)}, neither PNG nor JPEG. Convert it to one of them.", name);
    }

    private static string KindOf(ReadOnlySpan<byte> file) => file switch
    {
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "a GIF",
        [(byte)'B', (byte)'M', ..] => "a BMP",
        [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] or [(byte)'I', (byte)'I', 43, 0, ..] => "a TIFF",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "a WebP",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => "a HEIF, AVIF or video file",
        [0, 0, 0, 12, (byte)'j', (byte)'P', ..] or [0xFF, 0x4F, 0xFF, 0x51, ..] => "a JPEG 2000",
        [0xFF, 0x0A, ..] or [0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', ..] => "a JPEG XL",
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => "a PDF",
        [(byte)'P', (byte)'K', 3, 4, ..] => "a zip archive",
        [0x1F, 0x8B, ..] => "a gzip file",
        [(byte)'<', ..] => "a text (SVG or HTML?)",
        [(byte)'P', >= (byte)'1' and <= (byte)'7', ..] => "a netpbm picture",
        _ => "a file of another kind",
    };
}
