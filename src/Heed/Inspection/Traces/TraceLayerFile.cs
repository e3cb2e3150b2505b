using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Heed;

/// <summary>A layer's file in a trace while it is written: its size is known from the first row on, and every row goes to its place.</summary>
/// <remarks>Arrays: <c>weights</c> (heads, rows, keys), and of each coarser level <c>mean1</c>, <c>max1</c>, …; of <see cref="TraceType.U8"/> also <c>weights.scale</c> (heads, rows) and so on, float32.</remarks>
internal sealed class TraceLayerFile : IDisposable
{
    private readonly SafeFileHandle handle;
    private readonly TraceType type;
    private readonly int heads, rows, keys;
    private readonly Dictionary<string, long> offsets = new(StringComparer.Ordinal);
    private readonly TracePyramid[] pyramids;
    private byte[] buffer = [];
    private int next;

    public TraceLayerFile(string path, TraceType type, int heads, int rows, int keys)
    {
        (this.type, this.heads, this.rows, this.keys) = (type, heads, rows, keys);
        (string Name, SafetensorsType Type, IReadOnlyList<long> Shape)[] arrays = [.. Arrays()];
        byte[] start = SafetensorsWriter.Start(arrays, metadata: null);
        long at = start.Length;
        foreach ((string name, SafetensorsType stored, IReadOnlyList<long> shape) in arrays)
        {
            offsets[name] = at;
            at += shape.Aggregate((long)SafetensorsHeader.ElementSize(stored), (p, d) => checked(p * d));
        }
        handle = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, FileOptions.None);
        RandomAccess.SetLength(handle, at);
        RandomAccess.Write(handle, start, 0);
        pyramids = [.. Enumerable.Range(0, heads).Select(head => new TracePyramid(rows, keys, (level, row, means, maxima) =>
        {
            WriteRows(NameOf(level, TracePooling.Mean), head, TracePyramid.Side(rows, level), row, means, means.Length);
            WriteRows(NameOf(level, TracePooling.Max), head, TracePyramid.Side(rows, level), row, maxima, maxima.Length);
        }))];
    }

    /// <summary>Whether all rows came.</summary>
    public bool IsWhole => next == rows;

    /// <summary>The array that holds a level.</summary>
    public static string NameOf(int level, TracePooling pooling) => level == 0 ? "weights" : FormattableString.Invariant($"{(pooling == TracePooling.Mean ? "mean" : "max")}{level}");

    /// <summary>Writes the next rows of all heads.</summary>
    public void Add(CapturedAttention part)
    {
        if (part.FirstRow != next || part.Heads.Count != heads || part.KeyCount != keys || part.AllRowCount != rows)
            throw new InvalidOperationException(FormattableString.Invariant($"AttentionTrace: '{part.Name}' answered twice, or in another form; a trace is of one forward pass over one whole sequence."));
        for (int head = 0; head < heads; head++)
        {
            WriteRows("weights", head, rows, part.FirstRow, part.Rows(0, head, 0, part.RowCount * keys).Span, keys);
            for (int row = 0; row < part.RowCount; row++)
                pyramids[head].Add(part.Row(0, head, row));
        }
        next += part.RowCount;
        if (next == rows)
        {
            foreach (TracePyramid pyramid in pyramids)
                pyramid.Finish();
        }
    }

    public void Dispose() => handle.Dispose();

    private IEnumerable<(string, SafetensorsType, IReadOnlyList<long>)> Arrays()
    {
        int levels = TracePyramid.CountOf(rows, keys);
        (string Name, int Level)[] names = [("weights", 0), .. Enumerable.Range(1, levels).SelectMany(level => new[] { (NameOf(level, TracePooling.Mean), level), (NameOf(level, TracePooling.Max), level) })];
        // The four-byte scales first, so that all arrays begin at multiples of their elements.
        if (type == TraceType.U8)
        {
            foreach ((string name, int level) in names)
                yield return (name + ".scale", SafetensorsType.F32, [heads, TracePyramid.Side(rows, level)]);
        }
        foreach ((string name, int level) in names)
            yield return (name, TraceCode.Stored(type), [heads, TracePyramid.Side(rows, level), TracePyramid.Side(keys, level)]);
    }

    private void WriteRows(string name, int head, int rowCount, int first, ReadOnlySpan<float> values, int width)
    {
        int count = width == 0 ? 0 : values.Length / width, size = width * TraceCode.Size(type);
        if (buffer.Length < Math.Max(size, sizeof(float)))
            buffer = new byte[Math.Max(size, sizeof(float))];
        for (int row = 0; row < count; row++)
        {
            long place = ((long)head * rowCount) + first + row;
            float scale = TraceCode.Encode(type, values.Slice(row * width, width), buffer);
            RandomAccess.Write(handle, buffer.AsSpan(0, size), offsets[name] + (place * size));
            if (type != TraceType.U8)
                continue;
            BinaryPrimitives.WriteSingleLittleEndian(buffer, scale);
            RandomAccess.Write(handle, buffer.AsSpan(0, sizeof(float)), offsets[name + ".scale"] + (place * sizeof(float)));
        }
    }
}
