namespace Heed.Testing;

/// <summary>Real data sets that are not in the repository: in the folder that HEED_DATA names, else in <c>../shared/data</c> beside the clone.</summary>
public static class RealData
{
    /// <summary>Why a test that wants real data is skipped.</summary>
    public const string Reason = "The real data sets are absent: set HEED_DATA to their folder.";

    public static string Root { get; } = Environment.GetEnvironmentVariable("HEED_DATA") is { Length: > 0 } folder
        ? folder : Path.Combine(Repository.Root, "..", "shared", "data");

    /// <summary>The path of a file such as "sst2/train.tsv", or null where it is absent.</summary>
    public static string? Find(string relative)
    {
        string path = Path.GetFullPath(Path.Combine([Root, .. relative.Split('/')]));
        return File.Exists(path) ? path : null;
    }
}
