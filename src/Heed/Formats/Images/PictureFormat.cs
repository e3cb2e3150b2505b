namespace Heed;

/// <summary>The file formats of pictures that can be read.</summary>
public enum PictureFormat
{
    /// <summary>Portable Network Graphics (ISO/IEC 15948): all colour types and bit depths, interlaced or not.</summary>
    Png,

    /// <summary>JPEG (ITU-T T.81): baseline, extended sequential and progressive, Huffman coded, 8 bits.</summary>
    Jpeg,
}

/// <summary>What the header of a picture's file says.</summary>
/// <param name="Format">The format, by the first bytes.</param>
/// <param name="Width">Pixels across, as shown: after the rotation that EXIF asks for.</param>
/// <param name="Height">Pixels down, as shown.</param>
public readonly record struct PictureInfo(PictureFormat Format, int Width, int Height);
