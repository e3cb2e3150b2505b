namespace Heed;

/// <summary>The rows of a PNG one after the other, unpacked and with their filters undone.</summary>
internal sealed class PngRows(Stream unpacked, PngHeader header, string? name)
{
    private readonly byte[][] buffers = [new byte[header.RowLength(header.Width) + 1], new byte[header.RowLength(header.Width) + 1]];
    private int current;

    /// <summary>The next row; valid until the one after the next.</summary>
    /// <param name="width">Pixels across, at most the picture's.</param>
    public ReadOnlySpan<byte> Next(int width)
    {
        current ^= 1;
        Span<byte> line = buffers[current].AsSpan(0, (int)header.RowLength(width) + 1);
        if (unpacked.ReadAtLeast(line, line.Length, throwOnEndOfStream: false) < line.Length)
            throw new InputException("the PNG's data end before its last row. Copy or save it again.", name);
        if (line[0] > PngFilter.Paeth)
            throw new InputException(FormattableString.Invariant($"not a valid PNG: a row has the filter {line[0]}, which does not exist."), name);
        PngFilter.Undo(line[0], line[1..], buffers[current ^ 1].AsSpan(1), header.FilterStep);
        return line[1..];
    }

    /// <summary>Makes the row before the next one zero, as it is for the first row of each pass.</summary>
    public void StartPass() => buffers[current].AsSpan().Clear();

    /// <summary>Reads on behind the last row, where the checksum of the data is compared.</summary>
    public void CheckEnd() => unpacked.ReadByte();
}
