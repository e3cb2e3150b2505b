using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Heed;

/// <summary>Reads large files in the background, from start to end, only so that the system's cache has them when the pages of a mapping are first needed.</summary>
/// <remarks>A mapped page that is not in memory stops the thread that reads it, and the next one stops it again; one long reading keeps the disk busy meanwhile. Nothing is kept. It ends by itself: at
/// the end, at the first fault (whoever reads the mapping meets that, too), or as soon as the parts come faster than from any disk, since the file is in memory then.</remarks>
internal static class FileReadAhead
{
    private const int PartBytes = 1 << 20;

    // More than a system reads ahead of a reader, which comes as fast as if the file were in memory: 8 MiB have been seen.
    private const int ProbedParts = 32;

    // Smaller files are read before a thread has started.
    private const long LeastBytes = 32L << 20;

    // A copy out of the system's cache is about twice as fast, the fastest disks reach half of it.
    private const double FastestDisk = 8e9;

    /// <summary>Starts reading; does nothing for files that are small, or that would fill more than half of the memory.</summary>
    /// <param name="paths">The files, the first one first.</param>
    /// <returns>The thread that reads; null if there is nothing to do.</returns>
    public static Thread? Start(IReadOnlyList<string> paths)
    {
        long[] lengths = [.. paths.Select(LengthOf)];
        if (lengths.Max() < LeastBytes || lengths.Sum() > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2)
            return null;
        Thread thread = new(() =>
        {
            for (int i = 0; i < lengths.Length; i++)
            {
                if (lengths[i] >= LeastBytes)
                    Read(paths[i]);
            }
        })
        { IsBackground = true, Name = "heed read-ahead" };
        thread.Start();
        return thread;
    }

    /// <summary>Reads one file.</summary>
    /// <returns>The bytes that were read.</returns>
    public static long Read(string path)
    {
        long at = 0;
        try
        {
            // Others may delete or replace it: nothing depends on us.
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            byte[] part = GC.AllocateUninitializedArray<byte>(PartBytes);
            long start = 0, from = 0;
            for (int read = 1, parts = 0; read > 0; at += read, parts++)
            {
                // The first parts pay for the start of this thread, or were read ahead by the system.
                if (parts == ProbedParts)
                    (start, from) = (Stopwatch.GetTimestamp(), at);
                if (parts == 2 * ProbedParts && (at - from) / Stopwatch.GetElapsedTime(start).TotalSeconds > FastestDisk)
                    break;
                read = RandomAccess.Read(file, part, at);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
        return at;
    }

    private static long LengthOf(string path)
    {
        FileInfo file = new(path);
        return file.Exists ? file.Length : 0;
    }
}
