namespace Heed;

/// <summary>Writes a file so that a reader sees the old one or the new one, never a part.</summary>
public static class AtomicFile
{
    internal const string Suffix = ".heed-new";

    /// <summary>Writes to a file beside the target and renames it into place when it is whole and on the disk.</summary>
    /// <param name="path">The target; replaced if it exists.</param>
    /// <param name="write">Writes the content. When it throws, the target stays as it was and the error passes through.</param>
    /// <exception cref="InputException">The file system refuses, or another process is writing the same file.</exception>
    /// <remarks>A killed process leaves one file with the ending <c>.heed-new</c>, which the next write to the same target takes over.</remarks>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string temporary = path + Suffix;
        FileStream stream = FileAccessFault.Guard(path, "write", () => new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None));
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (e is IOException or UnauthorizedAccessException)
                throw FileAccessFault.Create(path, "write", e);
            throw;
        }
    }
}
