namespace Heed;

/// <summary>A checkpoint of others in memory, or a model of ours in their form.</summary>
/// <typeparam name="TModel"><see cref="Transformer"/> or <see cref="TransformerLanguageModel"/>.</typeparam>
public sealed class PretrainedTransformer<TModel>
    where TModel : Module
{
    // What belongs to a folder beside its weights: a reader of the saved folder needs the tokenizer.
    private static readonly string[] companions =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "sentencepiece.bpe.model", "generation_config.json",
    ];

    private readonly string? folder;

    internal PretrainedTransformer(TModel model, PretrainedConfig config, WeightReport report, WeightMap map, string? folder) =>
        (Model, Config, Report, Map, this.folder) = (model, config, report, map, folder);

    /// <summary>The model, ready to run or to be trained on.</summary>
    public TModel Model { get; }

    /// <summary>What the configuration says.</summary>
    public PretrainedConfig Config { get; }

    /// <summary>Which tensors were read, and which the model has no use for.</summary>
    public WeightReport Report { get; }

    /// <summary>Which tensor each parameter came from.</summary>
    public WeightMap Map { get; }

    /// <summary>Saves the weights as they are now, in the form from which they were read: the same names, shapes and configuration, float32, in one file; the tokenizer's files are copied.</summary>
    /// <remarks>Tensors that the model has no use for (<see cref="WeightReport.Unused"/>) are not saved. Each file is replaced whole; the folder may be the one that was read, except on Windows while its weights are mapped.</remarks>
    /// <param name="path">The folder; made if absent.</param>
    /// <exception cref="InputException">The file system refuses.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        FileAccessFault.Guard(path, "write", () => Directory.CreateDirectory(path));
        SafetensorsWriter.Write(Path.Combine(path, SafetensorsShards.SingleFile), Map.Save(Model), new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" });
        AtomicFile.Write(Path.Combine(path, PretrainedConfig.FileName), Config.Write);
        foreach (string name in folder is null ? [] : companions)
        {
            string from = Path.Combine(folder!, name), to = Path.Combine(path, name);
            if (File.Exists(from) && Path.GetFullPath(from) != Path.GetFullPath(to))
                FileAccessFault.Guard(to, "write", () => File.Copy(from, to, overwrite: true));
        }
    }
}
