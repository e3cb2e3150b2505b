using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Heed;

/// <summary>An array of float32 numbers to be written to a safetensors file.</summary>
/// <param name="Name">The name, unique in the file and not <c>__metadata__</c>.</param>
/// <param name="Shape">The dimensions; empty for a single number.</param>
/// <param name="Values">The numbers in row-major order.</param>
public sealed record SafetensorsArray(string Name, IReadOnlyList<int> Shape, ReadOnlyMemory<float> Values);

/// <summary>Writes safetensors files of float32 arrays. The same arrays give the same bytes, in whatever order they come.</summary>
/// <remarks>Header and data are ordered by name (ordinal); the header is padded with spaces so that the data begins at a multiple of 8 bytes.</remarks>
public static class SafetensorsWriter
{
    /// <summary>Writes a file; the target is replaced only when the new file is whole (see <see cref="AtomicFile"/>).</summary>
    /// <param name="path">The file.</param>
    /// <param name="arrays">The arrays; names must differ.</param>
    /// <param name="metadata">Free texts for the header; none by default.</param>
    /// <exception cref="ArgumentException">A name appears twice or is reserved, or a shape does not fit its numbers.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<SafetensorsArray> arrays, IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsArray[] ordered = Order(arrays);
        AtomicFile.Write(path, stream => Write(stream, ordered, metadata));
    }

    /// <summary>Writes to a stream, which stays open.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{SafetensorsArray}, IReadOnlyDictionary{string, string}?)"/>
    /// <param name="stream">Where to write.</param>
    /// <param name="arrays">The arrays; names must differ.</param>
    /// <param name="metadata">Free texts for the header; none by default.</param>
    public static void Write(Stream stream, IEnumerable<SafetensorsArray> arrays, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Write(stream, Order(arrays), metadata);
    }

    private static void Write(Stream stream, SafetensorsArray[] ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        stream.Write(Start([.. ordered.Select(a => (a.Name, SafetensorsType.F32, (IReadOnlyList<long>)[.. a.Shape.Select(d => (long)d)]))], metadata));
        foreach (SafetensorsArray array in ordered)
            WriteValues(stream, array.Values.Span);
    }

    /// <summary>What a file of these arrays begins with, up to their data, which lie behind it in this order without gaps.</summary>
    internal static byte[] Start(IReadOnlyList<(string Name, SafetensorsType Type, IReadOnlyList<long> Shape)> arrays, IReadOnlyDictionary<string, string>? metadata)
    {
        ReadOnlySpan<byte> header = Header(arrays, metadata).WrittenSpan;
        byte[] start = new byte[SafetensorsHeader.PrefixLength + ((header.Length + 7) & ~7)];
        start.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(start, start.Length - SafetensorsHeader.PrefixLength);
        header.CopyTo(start.AsSpan(SafetensorsHeader.PrefixLength));
        return start;
    }

    private static SafetensorsArray[] Order(IEnumerable<SafetensorsArray> arrays)
    {
        SafetensorsArray[] ordered = [.. arrays.OrderBy(a => a.Name, StringComparer.Ordinal)];
        for (int i = 0; i < ordered.Length; i++)
        {
            SafetensorsArray array = ordered[i];
            if (array.Name == "__metadata__" || (i > 0 && array.Name == ordered[i - 1].Name))
                throw new ArgumentException($"SafetensorsWriter.Write: the name '{array.Name}' is reserved or appears twice; every array needs its own.", nameof(arrays));
            long product = array.Shape.Aggregate(1L, (p, dimension) => checked(p * dimension));
            if (product != array.Values.Length || array.Shape.Any(dimension => dimension < 0))
            {
                throw new ArgumentException(FormattableString.Invariant(
                    $"SafetensorsWriter.Write: '{array.Name}' has shape ({string.Join(", ", array.Shape)}) but {array.Values.Length} numbers. Is it a view that must be copied first?"),
                    nameof(arrays));
            }
        }
        return ordered;
    }

    private static ArrayBufferWriter<byte> Header(IReadOnlyList<(string Name, SafetensorsType Type, IReadOnlyList<long> Shape)> arrays, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // Relaxed escaping keeps names in any script as they are; the header is never pasted into a page.
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
        {
            json.WriteStartObject("__metadata__");
            foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                json.WriteString(key, value);
            json.WriteEndObject();
        }
        long offset = 0;
        foreach ((string name, SafetensorsType type, IReadOnlyList<long> shape) in arrays)
        {
            json.WriteStartObject(name);
            json.WriteString("dtype", SafetensorsHeader.NameOf(type));
            json.WriteStartArray("shape");
            foreach (long dimension in shape)
                json.WriteNumberValue(dimension);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            json.WriteNumberValue(offset += shape.Aggregate((long)SafetensorsHeader.ElementSize(type), (p, d) => checked(p * d)));
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.Flush();
        return buffer;
    }

    private static void WriteValues(Stream stream, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            // In slices, because an array of more than 2^29 numbers has more bytes than a span may have.
            for (; values.Length > 0; values = values[Math.Min(values.Length, 1 << 24)..])
                stream.Write(MemoryMarshal.AsBytes(values[..Math.Min(values.Length, 1 << 24)]));
            return;
        }
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            stream.Write(bytes);
        }
    }
}
