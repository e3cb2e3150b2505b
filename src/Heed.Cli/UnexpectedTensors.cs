namespace Heed.Cli;

/// <summary>What a checkpoint of others holds beside what its configuration describes: said once, since the model may not be what its folder says.</summary>
internal static class UnexpectedTensors
{
    private const int Named = 3;

    /// <summary>Says one line if there are such tensors; nothing of a model of ours. Headers alone are read.</summary>
    public static void Say(Action<string> say, string path)
    {
        if (File.Exists(Path.Combine(path, "manifest.json")) || !PretrainedTransformer.IsIn(path))
            return;
        IReadOnlyList<string> names = PretrainedTransformer.Describe(path).Unexpected;
        if (names.Count > 0)
            say(FormattableString.Invariant($"{path}: {names.Count:N0} {(names.Count == 1 ? "tensor was" : "tensors were")} not expected and not read: {string.Join(", ", names.Take(Named))}{(names.Count > Named ? ", …" : "")}"));
    }
}
