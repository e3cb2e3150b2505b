namespace Heed.Testing;

/// <summary>The clone that the tests were built from, found upwards from the test's own folder.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The absolute path of a file or folder, named from the root with forward slashes.</summary>
    public static string PathOf(string relative) => Path.Combine([Root, .. relative.Split('/')]);

    /// <summary>Files below a folder, named from the root with forward slashes, ordered; none if the folder is absent.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
    {
        if (!Directory.Exists(PathOf(folder))) return [];
        return Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }

    private static string Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Heed.slnx"))) return at.FullName;
        }
        throw new DirectoryNotFoundException($"Repository: no folder with Heed.slnx above {AppContext.BaseDirectory}.");
    }
}
