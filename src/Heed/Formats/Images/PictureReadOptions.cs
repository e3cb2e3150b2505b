namespace Heed;

/// <summary>How pictures are decoded.</summary>
public sealed record PictureReadOptions
{
    /// <summary>The options that count where none are given.</summary>
    public static PictureReadOptions Default { get; } = new();

    /// <summary>The most pixels that a picture may declare.</summary>
    /// <value>2²⁶ (8,192 × 8,192) unless set; 1 to 2²⁸. A decoder takes at most about 12 bytes for each; nothing is allocated for a picture that declares more.</value>
    public long MaximumPixels { get; init; } = 1L << 26;

    /// <summary>How many channels the picture shall have: 1 (grey), 3 (RGB), 4 (RGBA), or null for those of the file.</summary>
    /// <value>null unless set. See <see cref="Picture.ToChannels"/>.</value>
    public int? Channels { get; init; }

    /// <summary>Whether the picture is turned and mirrored as its EXIF data ask for.</summary>
    /// <value>true unless set.</value>
    public bool ApplyOrientation { get; init; } = true;

    /// <summary>Whether the samples of a PNG are numbers rather than colours, as in a mask of class numbers: palette numbers are kept,
    /// grey levels of 1, 2 and 4 bits are not stretched to 0 … 255.</summary>
    /// <value>false unless set. When true, every file but a palette or grey PNG of at most 8 bits is refused.</value>
    public bool KeepNumbers { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumPixels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumPixels, 1L << 28);
        if (Channels is not (null or 1 or 3 or 4))
            throw new ArgumentOutOfRangeException(nameof(Channels), Channels, "PictureReadOptions: Channels must be 1 (grey), 3 (RGB) or 4 (RGBA).");
    }

    /// <summary>Refuses a size before anything is allocated for it.</summary>
    internal void CheckSize(long width, long height, string? name)
    {
        if (width == 0 || height == 0)
            throw new InputException(FormattableString.Invariant($"the picture declares {width} × {height} pixels. Is the file whole?"), name);
        if (width > int.MaxValue || height > int.MaxValue || width * height > MaximumPixels)
        {
            throw new InputException(FormattableString.Invariant(
                $"the picture declares {width} × {height} pixels; at most {MaximumPixels} in all are read. Make it smaller; in code, MaximumPixels raises the bound."), name);
        }
    }
}
