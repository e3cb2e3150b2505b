namespace Heed.Cli;

/// <summary>Where a model or pictures will be saved, looked at before the work that it is for.</summary>
internal static class OutputFolder
{
    private const string Manifest = "manifest.json";

    /// <summary>Makes a folder for pictures.</summary>
    /// <exception cref="InputException">The file system refuses.</exception>
    public static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"no folder can be made there: {e.Message}", folder, innerException: e);
        }
    }

    /// <summary>Throws when a model could not be saved there; changes nothing.</summary>
    /// <exception cref="InputException">It is a file, a folder with something else in it, or not writable.</exception>
    public static void Check(string path)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(folder))
            throw new InputException("is a file; a model is saved as a folder. Choose another name for --out.", path);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(Path.Combine(folder, Manifest)))
            throw new InputException("is not empty and no Heed model, so nothing would be saved there. Choose another folder for --out.", path);
        string? existing = Path.GetDirectoryName(folder);
        while (existing is not null && !Directory.Exists(existing))
            existing = Path.GetDirectoryName(existing);
        try
        {
            string probe = Path.Combine(existing ?? folder, $".heed-{Guid.NewGuid():N}");
            new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"no model can be saved there: {e.Message}", path, innerException: e);
        }
    }
}
