namespace Heed;

/// <summary>Finds the pictures of a folder or archive, ordered ordinally by their paths inside.</summary>
internal static class PictureFiles
{
    private static readonly string[] endings = [".png", ".jpg", ".jpeg", ".jpe", ".jfif"];

    private static readonly EnumerationOptions everything = new() { RecurseSubdirectories = true, MaxRecursionDepth = 16, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System };

    /// <summary>The pictures by their endings; hidden files are not among them.</summary>
    /// <param name="path">A folder, tar, tar.gz or zip.</param>
    /// <param name="mostBytes">How many bytes the pictures of an archive may have together.</param>
    /// <exception cref="InputException">There is nothing, or no picture in it.</exception>
    public static PictureEntry[] Find(string path, long mostBytes)
    {
        ArgumentNullException.ThrowIfNull(path);
        PictureEntry[] entries = Directory.Exists(path)
            ? FileAccessFault.Guard(path, "read", () => Directory.EnumerateFiles(path, "*", everything)
                .Select(file => (Key: Path.GetRelativePath(path, file).Replace('\\', '/'), File: file)).Where(found => IsPicture(found.Key))
                .Select(found => PictureEntry.OfFile(found.Key, found.File)).ToArray())
            : FileArchive.IsArchive(path)
                ? [.. FileArchive.Read(path, IsPicture, mostBytes).Select(file => PictureEntry.OfBytes(file.Name, path, file.Content))]
                : throw new InputException("this is no folder, tar, tar.gz or zip of pictures.", path);
        if (entries.Length == 0)
            throw new InputException($"there are no pictures in it ({string.Join(", ", endings)}).", path);
        Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return entries;
    }

    /// <summary>Finds a picture by its path inside, or by its file's name where only one has it.</summary>
    public static Dictionary<string, int> ByName(IReadOnlyList<PictureEntry> entries)
    {
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < entries.Count; i++)
        {
            string file = entries[i].Key[(entries[i].Key.LastIndexOf('/') + 1)..];
            // −1 marks a name that says too little.
            names[file] = names.ContainsKey(file) ? -1 : i;
        }
        for (int i = 0; i < entries.Count; i++)
            names[entries[i].Key] = i;
        return names;
    }

    private static bool IsPicture(string key)
    {
        int slash = key.LastIndexOf('/');
        return !key.AsSpan(slash + 1).StartsWith(".", StringComparison.Ordinal) && !key.StartsWith("__MACOSX/", StringComparison.Ordinal)
            && Array.Exists(endings, ending => key.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }
}
