namespace Heed.Kernels;

/// <summary>The sizes of bringing pictures to another size.</summary>
/// <param name="Batch">Pictures.</param>
/// <param name="Height">Rows of a picture.</param>
/// <param name="Width">Columns of a picture.</param>
/// <param name="Channels">Values of a pixel.</param>
/// <param name="OutputHeight">Rows of the result.</param>
/// <param name="OutputWidth">Columns of the result.</param>
public readonly record struct ResizeShape(int Batch, int Height, int Width, int Channels, int OutputHeight, int OutputWidth)
{
    internal long InputLength => (long)Batch * Height * Width * Channels;

    internal long OutputLength => (long)Batch * OutputHeight * OutputWidth * Channels;

    /// <summary>Refuses sizes that make no sense.</summary>
    /// <param name="operation">Whose, for the message.</param>
    /// <exception cref="ArgumentException">They do not; the message says why.</exception>
    public void Validate(string operation)
    {
        if (Batch < 0 || Math.Min(Math.Min(Height, Width), Math.Min(Channels, Math.Min(OutputHeight, OutputWidth))) < 1 || Math.Max(InputLength, OutputLength) > int.MaxValue)
            throw new ArgumentException($"{operation}: heights, widths and channels must be at least 1, the batch at least 0, and no array beyond 2³¹ − 1 floats; got {this}.");
    }
}
