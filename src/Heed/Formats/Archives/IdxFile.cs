using System.Buffers.Binary;

namespace Heed;

/// <summary>An array in the idx format of MNIST: two zeros, the type, the number of axes, their sizes (big-endian), the data.</summary>
/// <remarks>Plain or gzip, by content. Immutable and thread-safe.</remarks>
public sealed class IdxFile
{
    private const int MaximumRank = 8;
    private const int MostValues = 1 << 30;
    private const byte UnsignedByte = 8;

    private IdxFile(int[] shape, byte[] values) => (Shape, Values) = (shape, values);

    /// <summary>The sizes of the axes, the slowest first: (count, height, width) for pictures, (count) for labels.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The values, row-major.</summary>
    public ReadOnlyMemory<byte> Values { get; }

    /// <summary>Reads a file into memory.</summary>
    /// <param name="path">The file, plain or gzip.</param>
    /// <exception cref="InputException">The file is missing, no idx file of unsigned bytes, cut off, or longer than it says.</exception>
    public static IdxFile Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using UnpackedStream stream = UnpackedStream.Open(path);
        try
        {
            Span<byte> head = stackalloc byte[4 * (MaximumRank + 1)];
            if (stream.ReadAtLeast(head[..4], 4, throwOnEndOfStream: false) < 4 || head[0] != 0 || head[1] != 0 || head[3] is 0 or > MaximumRank)
                throw new InputException("this is no idx file: it does not begin with two zeros, a type and 1 to 8 axes.", path);
            if (head[2] != UnsignedByte)
                throw new InputException(FormattableString.Invariant($"the idx file has values of type {head[2]:X2}; unsigned bytes (08) are read."), path);
            int[] shape = new int[head[3]];
            stream.ReadExactly(head[..(4 * shape.Length)]);
            long size = 1;
            for (int i = 0; i < shape.Length; i++)
            {
                shape[i] = BinaryPrimitives.ReadInt32BigEndian(head[(4 * i)..]);
                size *= shape[i];
                if (shape[i] < 0 || size > MostValues)
                    throw new InputException(FormattableString.Invariant($"the idx file declares more than {MostValues} values. Is it damaged?"), path);
            }
            return new IdxFile(shape, ReadValues(stream, (int)size, path));
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new InputException($"the idx file cannot be read to its end ({e.Message.TrimEnd('.')}). Copy or pack it again.", path, innerException: e);
        }
    }

    private static byte[] ReadValues(UnpackedStream stream, int size, string path)
    {
        byte[] values = BoundedRead.ToEnd(stream, size + 1L);
        return values.Length == size ? values : throw new InputException(FormattableString.Invariant(
            $"the idx file declares {size} values but holds {(values.Length > size ? "more" : values.Length)}. Copy it again."), path);
    }
}
