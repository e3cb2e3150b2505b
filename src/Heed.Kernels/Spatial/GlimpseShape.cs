namespace Heed.Kernels;

/// <summary>The sizes of glimpses into pictures.</summary>
/// <param name="Batch">Pictures, and glimpses: one into each.</param>
/// <param name="Height">Rows of a picture.</param>
/// <param name="Width">Columns of a picture.</param>
/// <param name="Channels">Values of a pixel.</param>
/// <param name="Size">Rows and columns of a patch.</param>
/// <param name="Scales">Patches around one position: patch s covers size·2^s rows and columns of the picture.</param>
public readonly record struct GlimpseShape(int Batch, int Height, int Width, int Channels, int Size, int Scales)
{
    internal long InputLength => (long)Batch * Height * Width * Channels;

    internal long OutputLength => (long)Batch * Scales * Size * Size * Channels;

    /// <summary>Refuses sizes that make no sense.</summary>
    /// <param name="operation">Whose, for the message.</param>
    /// <exception cref="ArgumentException">They do not; the message says why.</exception>
    public void Validate(string operation)
    {
        if (Batch < 0 || Math.Min(Math.Min(Height, Width), Math.Min(Channels, Size)) < 1 || Scales is < 1 or > 12 || Math.Max(InputLength, OutputLength) > int.MaxValue)
            throw new ArgumentException($"{operation}: height, width, channels and size must be at least 1, scales 1 to 12, batch at least 0, and no array beyond 2³¹ − 1 floats; got {this}.");
    }
}
