namespace Heed.Cli;

/// <summary>Where a model will be saved, looked at before the training that it is for.</summary>
internal static class OutputFolder
{
    private const string Manifest = "manifest.json";

    /// <summary>Throws when a model could not be saved there; changes nothing.</summary>
    /// <exception cref="InputException">It is a file, a folder with something else in it, or not writable.</exception>
    public static void Check(string path)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(folder))
            throw new InputException("is a file; a model is saved as a folder. Choose another name for --out.", path);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(Path.Combine(folder, Manifest)))
            throw new InputException("is not empty and no Heed model, so nothing would be saved there. Choose another folder for --out.", path);
        CheckWritable(folder, "no model can be saved there", path);
    }

    /// <summary>Throws when nothing could be written where a file or folder shall be; changes nothing.</summary>
    /// <param name="target">The file or folder.</param>
    /// <param name="what">How the message begins.</param>
    /// <param name="path">What the user called it.</param>
    /// <exception cref="InputException">It is not writable.</exception>
    public static void CheckWritable(string target, string what, string? path = null)
    {
        string full = Path.GetFullPath(target);
        string? existing = Path.GetDirectoryName(full);
        while (existing is not null && !Directory.Exists(existing))
            existing = Path.GetDirectoryName(existing);
        try
        {
            string probe = Path.Combine(existing ?? full, $".heed-{Guid.NewGuid():N}");
            new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{what}: {e.Message}", path ?? target, innerException: e);
        }
    }
}
