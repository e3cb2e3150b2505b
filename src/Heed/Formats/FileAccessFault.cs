namespace Heed;

/// <summary>Turns what the file system refuses (missing, locked, no permission, disk full) into the one error for bad input.</summary>
internal static class FileAccessFault
{
    /// <summary>Runs an action on a file.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="verb">What was tried, as in "cannot read it".</param>
    /// <param name="action">The action.</param>
    public static T Guard<T>(string path, string verb, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || (e is ArgumentException && IsNoPath(path)))
        {
            throw Create(path, verb, e);
        }
    }

    /// <inheritdoc cref="Guard{T}(string, string, Func{T})"/>
    public static void Guard(string path, string verb, Action action) => Guard(path, verb, () =>
    {
        action();
        return true;
    });

    public static InputException Create(string path, string verb, Exception cause) => cause switch
    {
        FileNotFoundException or DirectoryNotFoundException => new InputException("not found. Is the path right?", path, innerException: cause),
        _ => new InputException($"cannot {verb} it: {cause.Message}", path, innerException: cause),
    };

    // The base library answers such a path with an ArgumentException; it comes from the user as much as a missing file does.
    private static bool IsNoPath(string path) => path.Length == 0 || path.Contains('\0', StringComparison.Ordinal);
}
