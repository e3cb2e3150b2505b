namespace Heed;

/// <summary>Pictures in the binary format of CIFAR: a label byte (CIFAR-100: a coarse and a fine one), then 1,024 red, green and blue bytes.</summary>
/// <remarks>Plain or gzip, by content. Pictures of 32 × 32 with three channels. Immutable and thread-safe.</remarks>
public sealed class CifarFile
{
    /// <summary>Pixels across and down.</summary>
    public const int Size = 32;

    private const int Pixels = Size * Size, Channels = 3;
    private const int MostBytes = 1 << 30;

    private readonly byte[] samples;
    private readonly byte[] labels;
    private readonly int labelCount;

    private CifarFile(byte[] samples, byte[] labels, int labelCount) => (this.samples, this.labels, this.labelCount) = (samples, labels, labelCount);

    /// <summary>Label bytes of a picture: 1 (CIFAR-10) or 2 (CIFAR-100).</summary>
    public int LabelCount => labelCount;

    /// <summary>How many pictures there are.</summary>
    public int Count => labels.Length / labelCount;

    /// <summary>Reads a file into memory.</summary>
    /// <param name="path">The file, plain or gzip.</param>
    /// <param name="labelCount">Label bytes of a picture: 1 for CIFAR-10, 2 for CIFAR-100; 0 for what gives a whole number of pictures, CIFAR-10 first.</param>
    /// <exception cref="InputException">The file is missing, empty, cut off, or no whole number of records.</exception>
    public static CifarFile Read(string path, int labelCount = 1)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (labelCount is not (0 or 1 or 2))
            throw new ArgumentOutOfRangeException(nameof(labelCount), labelCount, "CifarFile.Read: labelCount must be 1 (CIFAR-10), 2 (CIFAR-100) or 0 (what the length says).");
        byte[] bytes;
        using (UnpackedStream stream = UnpackedStream.Open(path))
        {
            try
            {
                bytes = BoundedRead.ToEnd(stream, MostBytes);
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                throw new InputException($"the file cannot be read to its end ({e.Message.TrimEnd('.')}). Copy or pack it again.", path, innerException: e);
            }
        }
        if (labelCount == 0)
            labelCount = bytes.Length % (1 + (Pixels * Channels)) != 0 && bytes.Length % (2 + (Pixels * Channels)) == 0 ? 2 : 1;
        int record = labelCount + Pixels * Channels;
        if (bytes.Length == 0 || bytes.Length % record != 0)
        {
            throw new InputException(FormattableString.Invariant(
                $"{bytes.Length} bytes are no whole number of CIFAR pictures of {record} bytes. Is it a CIFAR-{(labelCount == 1 ? 10 : 100)} binary file, and whole?"), path);
        }
        return Parse(bytes, labelCount, record);
    }

    /// <summary>A picture, over the memory of the file.</summary>
    /// <param name="index">From 0.</param>
    public Picture Picture(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return new Picture(Size, Size, Channels, samples.AsMemory(index * Pixels * Channels, Pixels * Channels));
    }

    /// <summary>A label of a picture.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="which">0 for the first label byte (CIFAR-100: the coarse one), 1 for the second.</param>
    public int Label(int index, int which = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)which, (uint)labelCount, nameof(which));
        return labels[index * labelCount + which];
    }

    // From planes to channels last.
    private static CifarFile Parse(byte[] bytes, int labelCount, int record)
    {
        int count = bytes.Length / record;
        byte[] pixels = new byte[count * Pixels * Channels], classes = new byte[count * labelCount];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> from = bytes.AsSpan(i * record, record);
            from[..labelCount].CopyTo(classes.AsSpan(i * labelCount));
            ReadOnlySpan<byte> red = from.Slice(labelCount, Pixels), green = from.Slice(labelCount + Pixels, Pixels), blue = from.Slice(labelCount + 2 * Pixels, Pixels);
            Span<byte> to = pixels.AsSpan(i * Pixels * Channels, Pixels * Channels);
            for (int p = 0; p < Pixels; p++)
                (to[3 * p], to[3 * p + 1], to[3 * p + 2]) = (red[p], green[p], blue[p]);
        }
        return new CifarFile(pixels, classes, labelCount);
    }
}
