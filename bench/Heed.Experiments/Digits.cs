namespace Heed.Experiments;

/// <summary>Handwritten digits of 28 × 28 pixels in [0, 1], from the idx files of MNIST.</summary>
internal sealed class Digits
{
    public const int Size = 28, Pixels = Size * Size;
    private readonly ReadOnlyMemory<byte> pixels;

    private Digits(ReadOnlyMemory<byte> pixels, int[] labels) => (this.pixels, Labels) = (pixels, labels);

    public int[] Labels { get; }

    public int Count => Labels.Length;

    /// <summary>Reads <c>train</c> or <c>t10k</c>, at most so many.</summary>
    public static Digits Read(string folder, string part, int most)
    {
        IdxFile images = IdxFile.Read(Path.Combine(folder, "mnist", part + "-images-idx3-ubyte.gz"));
        ReadOnlySpan<byte> labels = IdxFile.Read(Path.Combine(folder, "mnist", part + "-labels-idx1-ubyte.gz")).Values.Span;
        int[] numbers = new int[Math.Min(most, labels.Length)];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = labels[i];
        return new Digits(images.Values, numbers);
    }

    /// <summary>A digit's pixel; 0 outside.</summary>
    public float Pixel(int digit, int row, int column) =>
        (uint)row < Size && (uint)column < Size ? pixels.Span[(((digit * Size) + row) * Size) + column] / 255f : 0;
}
