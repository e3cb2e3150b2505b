namespace Heed;

/// <summary>Where a picture is: in a file, in memory still encoded, or in memory decoded.</summary>
internal sealed class PictureEntry
{
    private readonly string? path;
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly Picture? picture;

    private PictureEntry(string key, string name, string? path, ReadOnlyMemory<byte> bytes, Picture? picture) =>
        (Key, Name, this.path, this.bytes, this.picture) = (key, name, path, bytes, picture);

    /// <summary>Its path inside the folder or archive, with forward slashes.</summary>
    public string Key { get; }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>Bytes of the picture in memory; 0 if it is not decoded.</summary>
    public long DecodedBytes => picture?.Samples.Length ?? 0;

    public static PictureEntry OfFile(string key, string path) => new(key, path, path, default, picture: null);

    public static PictureEntry OfBytes(string key, string archive, ReadOnlyMemory<byte> bytes) => new(key, $"{archive}/{key}", path: null, bytes, picture: null);

    public static PictureEntry OfPicture(string name, Picture picture) => new(name, name, path: null, default, picture);

    public Picture Decode(PictureReadOptions options) =>
        picture is null ? PictureDecoder.Decode(Bytes(), Name, options) : options.Channels is { } channels ? picture.ToChannels(channels) : picture;

    /// <summary>The entry with its picture decoded.</summary>
    public PictureEntry Decoded(PictureReadOptions options) => new(Key, Name, path: null, default, Decode(options));

    public (int Width, int Height) Size(PictureReadOptions options)
    {
        if (picture is not null)
            return (picture.Width, picture.Height);
        PictureInfo info = PictureDecoder.Inspect(Bytes(), Name, options);
        return (info.Width, info.Height);
    }

    private ReadOnlyMemory<byte> Bytes() => path is null ? bytes : PictureFile.Read(path);
}
