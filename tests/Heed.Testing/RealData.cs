namespace Heed.Testing;

/// <summary>Real data sets that are not in the repository: in the folder that HEED_DATA names, else in <c>../shared/data</c> beside the clone.</summary>
public static class RealData
{
    public static string Root { get; } = Environment.GetEnvironmentVariable("HEED_DATA") is { Length: > 0 } folder
        ? folder : Path.Combine(Repository.Root, "..", "shared", "data");

    /// <summary>The path of a file, and null with the reason for skipping the test where it is absent.</summary>
    public static string? Find(string relative, out string reason)
    {
        string path = Path.Combine([Root, .. relative.Split('/')]);
        reason = $"needs {relative} of the real data; set HEED_DATA to its folder";
        return File.Exists(path) ? path : null;
    }
}
