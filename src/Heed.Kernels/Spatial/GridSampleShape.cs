namespace Heed.Kernels;

/// <summary>The sizes of sampling a picture at free positions.</summary>
/// <param name="Batch">Pictures.</param>
/// <param name="Height">Rows of a picture.</param>
/// <param name="Width">Columns of a picture.</param>
/// <param name="Channels">Values of a pixel.</param>
/// <param name="Points">Positions in each picture.</param>
public readonly record struct GridSampleShape(int Batch, int Height, int Width, int Channels, int Points)
{
    internal long InputLength => (long)Batch * Height * Width * Channels;

    internal long OutputLength => (long)Batch * Points * Channels;

    /// <summary>Refuses sizes that make no sense.</summary>
    /// <param name="operation">Whose, for the message.</param>
    /// <exception cref="ArgumentException">They do not; the message says why.</exception>
    public void Validate(string operation)
    {
        if (Batch < 0 || Points < 0 || Math.Min(Height, Math.Min(Width, Channels)) < 1 || Math.Max(InputLength, Math.Max(OutputLength, 2L * Batch * Points)) > int.MaxValue)
            throw new ArgumentException($"{operation}: height, width and channels must be at least 1, batch and points at least 0, and no array beyond 2³¹ − 1 floats; got {this}.");
    }
}
