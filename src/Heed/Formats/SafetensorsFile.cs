using System.Buffers;
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Heed.Kernels;
using Microsoft.Win32.SafeHandles;

namespace Heed;

/// <summary>An open safetensors file: named arrays of numbers behind a JSON header.</summary>
/// <remarks>
/// <para>Opening reads and checks the header alone; the data stays in the file until it is asked for, so a large file costs no memory.
/// Every fault of the file is one <see cref="InputException"/>: a header that is too long or no JSON, repeated names, unknown types, shapes
/// that do not fill their bytes, overlaps, holes, missing or surplus bytes.</para>
/// <para>Format: little-endian 64-bit header length, JSON header, data. At most 100 MB of header and 32 dimensions.</para>
/// <para>Thread safety: all members may be called from several threads until <see cref="Dispose"/>.</para>
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly SafeFileHandle? handle;
    private readonly ReadOnlyMemory<byte> memory;
    private readonly SafetensorsHeader header;
    private readonly Lazy<MappedFile?> mapping;

    private SafetensorsFile(SafeFileHandle? handle, ReadOnlyMemory<byte> memory, string? path)
    {
        (this.handle, this.memory, Path) = (handle, memory, path);
        mapping = new Lazy<MappedFile?>(Map);
        long length = handle is null ? memory.Length : RandomAccess.GetLength(handle);
        if (length < SafetensorsHeader.PrefixLength)
            throw new InputException(FormattableString.Invariant($"not a safetensors file: it has {length} bytes and needs at least 8."), path);
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
        ReadBytes(0, prefix);
        byte[] json = new byte[SafetensorsHeader.CheckLength(BinaryPrimitives.ReadUInt64LittleEndian(prefix), length, path)];
        ReadBytes(SafetensorsHeader.PrefixLength, json);
        header = SafetensorsHeader.Parse(json, length, path);
    }

    /// <summary>Where the file lies, if it was opened by path.</summary>
    public string? Path { get; }

    /// <summary>The arrays by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => header.Entries;

    /// <summary>The free texts that the writer added, ordered by key; often empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file cannot be read or is not valid, or holds pickled weights.</exception>
    public static SafetensorsFile Open(string path)
    {
        PickledWeights.Refuse(path);
        SafeFileHandle opened = FileAccessFault.Guard(path, "read", () => File.OpenHandle(path));
        try
        {
            return new SafetensorsFile(opened, default, path);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file that is already in memory; the bytes are not copied.</summary>
    /// <param name="bytes">The whole file; must not change while this object is in use.</param>
    /// <param name="path">The name for messages.</param>
    /// <exception cref="InputException">The bytes are not a valid file.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> bytes, string? path = null) => new(null, bytes, path);

    /// <summary>Copies an array out as float32: F32 as it is, F16 and BF16 exactly, F64 rounded to nearest even.</summary>
    /// <param name="name">The array.</param>
    /// <param name="destination">Receives the numbers in row-major order; its length is the array's element count.</param>
    /// <exception cref="InputException">There is no such array, it does not hold floating-point numbers, or the file cannot be read.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void ReadSingle(string name, Span<float> destination)
    {
        SafetensorsEntry entry = Find(name);
        if (destination.Length != entry.ElementCount)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"SafetensorsFile.ReadSingle: destination has length {destination.Length} but '{entry}' holds {entry.ElementCount} numbers. Was it made for another shape?"),
                nameof(destination));
        }
        switch (entry.Type)
        {
            case SafetensorsType.F32:
                ReadFloat32(entry.Offset, destination);
                break;
            case SafetensorsType.F16:
                ReadInChunks(entry, destination, 2, static (bytes, to) =>
                {
                    Span<short> words = MemoryMarshal.Cast<byte, short>(bytes);
                    if (!BitConverter.IsLittleEndian)
                        BinaryPrimitives.ReverseEndianness(words, words);
                    TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<short, Half>(words), to);
                });
                break;
            case SafetensorsType.BF16:
                ReadInChunks(entry, destination, 2, static (bytes, to) =>
                {
                    for (int i = 0; i < to.Length; i++)
                        to[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                });
                break;
            case SafetensorsType.F64:
                ReadInChunks(entry, destination, 8, static (bytes, to) =>
                {
                    for (int i = 0; i < to.Length; i++)
                        to[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                });
                break;
            default:
                throw new InputException($"'{entry}' cannot be read as float32: only F64, F32, F16 and BF16 can.", Path);
        }
    }

    /// <summary>Copies an array out as its stored bytes (little-endian), whatever its type.</summary>
    /// <param name="name">The array.</param>
    /// <param name="destination">Receives the bytes; its length is the array's <see cref="SafetensorsEntry.ByteCount"/>.</param>
    /// <exception cref="InputException">There is no such array, or the file cannot be read.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void ReadBytes(string name, Span<byte> destination)
    {
        SafetensorsEntry entry = Find(name);
        if (destination.Length != entry.ByteCount)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"SafetensorsFile.ReadBytes: destination has length {destination.Length} but '{entry}' takes {entry.ByteCount} bytes. Was it made for another shape?"),
                nameof(destination));
        }
        ReadBytes(entry.Offset, destination);
    }

    /// <summary>Copies a part of an array's stored bytes out; nothing else of the file is read.</summary>
    /// <param name="name">The array.</param>
    /// <param name="offset">Where the part begins within the array, in bytes.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <exception cref="InputException">There is no such array, or the file cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the array.</exception>
    public void ReadBytes(string name, long offset, Span<byte> destination)
    {
        SafetensorsEntry entry = Find(name);
        if (offset < 0 || offset > entry.ByteCount - destination.Length)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, FormattableString.Invariant($"SafetensorsFile.ReadBytes: {destination.Length} bytes from {offset} on are not within the {entry.ByteCount} of '{entry}'."));
        ReadBytes(entry.Offset + offset, destination);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => handle?.Dispose();

    /// <summary>An array where it lies in the file, without copying; writing to it does not change the file. Stays valid after <see cref="Dispose"/>.</summary>
    /// <param name="name">The array.</param>
    /// <param name="values">Its numbers.</param>
    /// <returns>False where only <see cref="ReadSingle"/> can do it: other types than F32, odd places, file systems that map nothing.</returns>
    internal bool TryMap(string name, out Memory<float> values)
    {
        SafetensorsEntry entry = Find(name);
        bool fits = entry.Type == SafetensorsType.F32 && BitConverter.IsLittleEndian && entry.Offset % sizeof(float) == 0 && entry.ElementCount is > 0 and <= int.MaxValue;
        MappedFile? mapped = fits ? mapping.Value : null;
        values = mapped is null || mapped.Length < entry.Offset + entry.ByteCount ? default : mapped.Part<float>(entry.Offset, (int)entry.ElementCount);
        return !values.IsEmpty;
    }

    private MappedFile? Map()
    {
        try
        {
            return handle is null ? null : MappedFile.Open(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    private SafetensorsEntry Find(string name) =>
        Entries.TryGetValue(name, out SafetensorsEntry? entry) ? entry
        : throw new InputException(FormattableString.Invariant($"there is no array '{name}' among the {Entries.Count} of this file."), Path);

    // In slices, because an array of more than 2^29 numbers has more bytes than a span may have.
    private void ReadFloat32(long offset, Span<float> destination)
    {
        while (!destination.IsEmpty)
        {
            Span<float> slice = destination[..Math.Min(destination.Length, 1 << 24)];
            Span<byte> bytes = MemoryMarshal.AsBytes(slice);
            ReadBytes(offset, bytes);
            if (!BitConverter.IsLittleEndian)
                BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(slice), MemoryMarshal.Cast<float, int>(slice));
            destination = destination[slice.Length..];
            offset += bytes.Length;
        }
    }

    private delegate void Convert(Span<byte> bytes, Span<float> to);

    private void ReadInChunks(SafetensorsEntry entry, Span<float> destination, int elementSize, Convert convert)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long offset = entry.Offset;
            while (!destination.IsEmpty)
            {
                int count = Math.Min(destination.Length, BufferBytes / elementSize);
                Span<byte> bytes = buffer.AsSpan(0, count * elementSize);
                ReadBytes(offset, bytes);
                convert(bytes, destination[..count]);
                destination = destination[count..];
                offset += bytes.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void ReadBytes(long offset, Span<byte> destination)
    {
        if (handle is null)
        {
            memory.Span.Slice((int)offset, destination.Length).CopyTo(destination);
            return;
        }
        while (!destination.IsEmpty)
        {
            int read;
            try
            {
                read = RandomAccess.Read(handle, destination, offset);
            }
            catch (IOException e)
            {
                throw FileAccessFault.Create(Path!, "read", e);
            }
            if (read == 0)
                throw new InputException("the file became shorter while it was read.", Path);
            destination = destination[read..];
            offset += read;
        }
    }
}
