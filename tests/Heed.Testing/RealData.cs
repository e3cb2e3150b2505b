namespace Heed.Testing;

/// <summary>Finds the real data sets, which are not part of the repository: the folder in HEED_DATA, else ../shared/data beside it.</summary>
public static class RealData
{
    /// <summary>Why a test that wants real data is skipped.</summary>
    public const string Reason = "The real data sets are absent: set HEED_DATA to their folder.";

    /// <summary>The path of a file such as "sst2/train.tsv", or null where it is absent.</summary>
    public static string? Find(string file)
    {
        string? root = Environment.GetEnvironmentVariable("HEED_DATA");
        if (string.IsNullOrEmpty(root))
            root = Repository() is { } repository ? Path.Combine(repository, "..", "shared", "data") : null;
        string? path = root is null ? null : Path.GetFullPath(Path.Combine(root, file));
        return File.Exists(path) ? path : null;
    }

    private static string? Repository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Heed.slnx")))
                return folder;
        }
        return null;
    }
}
