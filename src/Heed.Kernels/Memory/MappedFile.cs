using System.Buffers;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Heed.Kernels;

/// <summary>A file as memory: pages come from the disk when they are first read, several processes share them, and what is written stays private.</summary>
/// <remarks>
/// <para>The mapping lives as long as any <see cref="Memory{T}"/> of it does; a span alone does not hold it. Values are as they lie in the file: little-endian for ours.</para>
/// <para>A file that another program cuts off while it is mapped ends this process when a lost page is read, as in every program that maps files; replacing a file by renaming is harmless.</para>
/// <para>Thread-safe.</para>
/// </remarks>
public sealed unsafe class MappedFile
{
    private readonly SafeMemoryMappedViewHandle view;

    private MappedFile(SafeMemoryMappedViewHandle view, long length) => (this.view, Length) = (view, length);

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Maps a whole file.</summary>
    /// <param name="file">An open file with at least one byte; may be closed afterwards.</param>
    /// <exception cref="IOException">The file system does not map files.</exception>
    /// <exception cref="ArgumentException">The file is empty.</exception>
    public static MappedFile Open(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        long length = RandomAccess.GetLength(file);
        using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(file, mapName: null, length, MemoryMappedFileAccess.CopyOnWrite, HandleInheritability.None, leaveOpen: true);
        return new MappedFile(mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.CopyOnWrite).SafeMemoryMappedViewHandle, length);
    }

    /// <summary>A part of the file.</summary>
    /// <param name="offset">Where it begins, in bytes; a multiple of T's size.</param>
    /// <param name="count">Values.</param>
    /// <typeparam name="T">What lies there.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the file, or its start suits no T.</exception>
    public Memory<T> Part<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % sizeof(T), 0, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (Length - offset) / sizeof(T));
        // In bounds: offset + count·sizeof(T) ≤ Length, checked above.
        return new Values<T>(view, (T*)((byte*)view.DangerousGetHandle() + offset), count).Memory;
    }

    private sealed class Values<T>(SafeMemoryMappedViewHandle view, T* start, int count) : MemoryManager<T>
        where T : unmanaged
    {
        // What keeps the pages: the handle closes when nothing reaches it any more.
        private readonly SafeMemoryMappedViewHandle owner = view;

        public override Span<T> GetSpan() => owner.IsClosed ? throw new ObjectDisposedException(nameof(MappedFile)) : new Span<T>(start, count);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)count, nameof(elementIndex));
            return new MemoryHandle(start + elementIndex, default, this);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
