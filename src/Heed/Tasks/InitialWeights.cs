namespace Heed;

/// <summary>First weights of an image classifier from another one, with a new head where the classes differ.</summary>
internal static class InitialWeights
{
    /// <summary>Loads what fits, and says what.</summary>
    /// <exception cref="InputException">There is no such model, or a weight is missing or has another shape that belongs neither to the classes nor to an attention block.</exception>
    public static string Load(PictureNetwork network, string path)
    {
        string file = File.Exists(path) ? path : ImageClassifierFiles.WeightsOf(path, network);
        WeightReport report = network.Load(file);
        string[] blocks = [.. network.NamedModules().Where(m => m.Module is PictureAttention).Select(m => m.Name + ".")];
        string[] missing = [.. report.Missing.Where(name => !blocks.Any(block => name.StartsWith(block, StringComparison.Ordinal)))];
        string[] misShaped = [.. report.MisShaped.Where(text => !NameIn(text).StartsWith(network.HeadName + ".", StringComparison.Ordinal))];
        (report with { Missing = missing, MisShaped = misShaped }).ThrowIfIncomplete();
        string[] fresh = [.. report.MisShaped.Select(NameIn).Concat(report.Missing)];
        return FormattableString.Invariant($"{report.Loaded.Count} weights from {path}") + (fresh.Length == 0 ? "" : FormattableString.Invariant($"; {fresh.Length} start from scratch: {NearestName.List(fresh, 6)}"));
    }

    // 'name': the file has …
    private static string NameIn(string text) => text[1..text.IndexOf('\'', 1)];
}
