namespace Heed;

/// <summary>What a picture network starts from: first weights of another model, with a new head where the classes differ, and attention blocks that are put into it.</summary>
internal static class InitialWeights
{
    /// <summary>Starts an image classifier's network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The folder of an image classifier, or a safetensors file of torchvision or timm; null for a start from scratch.</param>
    /// <param name="insertions">Blocks to be put into it; beside those that the folder's model has.</param>
    /// <param name="seed">Seed of the first weights.</param>
    /// <param name="look">How pictures are read, for what the blocks cost.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">An insertion matches nothing, or its block is not known.</exception>
    /// <exception cref="InputException">There is no such model, or a weight is missing or has another shape that belongs neither to the classes nor to an attention block.</exception>
    public static string[] Start(PictureNetwork network, string? path, IReadOnlyList<PictureInsertion> insertions, ulong seed, PictureBatchOptions look)
    {
        network.Initialize(seed);
        string? file = path is null ? null : WeightsOf(network, "", path);
        string[] notes = Insert(network, insertions, seed, look, network.Look);
        return file is null ? notes : [.. notes, Load(network, network.Load(file), path!, network.HeadName + ".")];
    }

    /// <summary>Starts a segmenter's network; as for an image classifier, whose weights its backbone may take.</summary>
    public static string[] Start(UNet network, string? path, IReadOnlyList<PictureInsertion> insertions, ulong seed, PictureBatchOptions look)
    {
        network.Initialize(seed);
        string? own = IsOf(path, SegmenterConfig.TaskName) ? PictureModelFiles.WeightsOf(path!, HeedJson.Default.SegmenterConfig, network) : null;
        return Start(network, network.Backbone, path, own, "head.", insertions, seed, look, network.Look);
    }

    /// <summary>Starts a detector's network; as for an image classifier, whose weights its backbone may take.</summary>
    public static string[] Start(Fcos network, string? path, IReadOnlyList<PictureInsertion> insertions, ulong seed, PictureBatchOptions look)
    {
        network.Initialize(seed);
        string? own = IsOf(path, DetectorConfig.TaskName) ? PictureModelFiles.WeightsOf(path!, HeedJson.Default.DetectorConfig, network) : null;
        return Start(network, network.Backbone, path, own, "head.class_", insertions, seed, look, network.Look);
    }

    private static string[] Start(
        Module network, PictureNetwork? backbone, string? path, string? own, string head, IReadOnlyList<PictureInsertion> insertions, ulong seed, PictureBatchOptions look, Func<int, int, Func<Pass, Tensor>> pass)
    {
        string? others = path is null || own is not null ? null
            : backbone is null ? throw new InputException("the network has no backbone that could take such weights; give the folder of a model of its own kind, or a backbone.", path)
            : WeightsOf(network, "backbone.", path);
        string[] notes = Insert(network, insertions, seed, look, pass);
        return own is not null ? [.. notes, Load(network, network.LoadWeights(own), path!, head)]
            : others is not null ? [.. notes, "backbone: " + Load(backbone!, backbone!.Load(others), path!, backbone.HeadName + ".")] : notes;
    }

    private static string[] Insert(Module network, IReadOnlyList<PictureInsertion> insertions, ulong seed, PictureBatchOptions look, Func<int, int, Func<Pass, Tensor>> pass) =>
        [.. insertions.Select(i => $"inserted {i.Block}: " + network.Insert(i.After, i.Block, i.Reduction, seed: seed, startOpen: i.StartOpen).Describe(look.Height, look.Width, pass(look.Height, look.Width)))];

    private static bool IsOf(string? path, string task) => path is not null && !File.Exists(path) && ModelFolder.Open(path, ModelFolderCheck.Lengths).TaskOf() == task;

    private static string WeightsOf(Module network, string part, string path)
    {
        if (File.Exists(path))
            return path;
        ModelFolder folder = ModelFolder.Open(path, ModelFolderCheck.Lengths);
        return folder.TaskOf() == ImageClassifierConfig.TaskName ? PictureModelFiles.WeightsOf(path, HeedJson.Default.ImageClassifierConfig, network, part)
            : throw new InputException($"the model is for '{folder.TaskOf()}'; first weights come from an image classifier ('{ImageClassifierConfig.TaskName}') or a model of the same kind.", folder.PathOf(PictureModelFiles.Config));
    }

    // What fits is loaded; of the rest, heads for other classes and attention blocks may start from scratch.
    private static string Load(Module network, WeightReport report, string path, string head)
    {
        string[] blocks = [.. network.NamedModules().Where(m => m.Module is PictureAttention).Select(m => m.Name + ".")];
        bool IsBlock(string name) => Array.Exists(blocks, block => name.StartsWith(block, StringComparison.Ordinal));
        bool IsHead(string name) => name.StartsWith(head, StringComparison.Ordinal);
        string[] missing = [.. report.MissingParameters.Where(name => !IsBlock(name))];
        string[] misShaped = [.. report.MisShaped.Zip(report.MisShapedParameters).Where(pair => !IsHead(pair.Second)).Select(pair => pair.First)];
        (report with { Missing = missing, MisShaped = misShaped }).ThrowIfIncomplete();
        string[] fresh = [.. report.MisShapedParameters.Concat(report.MissingParameters)];
        return FormattableString.Invariant($"{report.Loaded.Count} weights from {path}") + (fresh.Length == 0 ? "" : FormattableString.Invariant($"; {fresh.Length} start from scratch: {NearestName.List(fresh, 6)}"));
    }
}
