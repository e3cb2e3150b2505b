using System.Buffers.Binary;
using System.IO.Compression;

namespace Heed.Experiments;

/// <summary>Handwritten digits of 28 × 28 pixels in [0, 1], from the idx files of MNIST.</summary>
internal sealed class Digits
{
    public const int Size = 28, Pixels = Size * Size;
    private readonly byte[] pixels;

    private Digits(byte[] pixels, int[] labels) => (this.pixels, Labels) = (pixels, labels);

    public int[] Labels { get; }

    public int Count => Labels.Length;

    /// <summary>Reads <c>train</c> or <c>t10k</c>, at most so many.</summary>
    public static Digits Read(string folder, string part, int most)
    {
        byte[] images = Content(Path.Combine(folder, "mnist", part + "-images-idx3-ubyte.gz"), 0x803, 16);
        byte[] labels = Content(Path.Combine(folder, "mnist", part + "-labels-idx1-ubyte.gz"), 0x801, 8);
        int count = Math.Min(most, labels.Length);
        return new Digits(images, [.. labels.Take(count).Select(label => (int)label)]);
    }

    /// <summary>A digit's pixel; 0 outside.</summary>
    public float Pixel(int digit, int row, int column) =>
        (uint)row < Size && (uint)column < Size ? pixels[(((digit * Size) + row) * Size) + column] / 255f : 0;

    private static byte[] Content(string path, uint magic, int header)
    {
        using GZipStream stream = new(File.OpenRead(path), CompressionMode.Decompress);
        using MemoryStream memory = new();
        stream.CopyTo(memory);
        byte[] all = memory.ToArray();
        return BinaryPrimitives.ReadUInt32BigEndian(all) == magic ? all[header..] : throw new InvalidDataException($"{path} is no idx file of the kind {magic:X}.");
    }
}
