using System.Text.Json;

namespace Heed;

/// <summary>Checkpoints of others: encoders and decoders from Hugging Face folders, and ours written as such.</summary>
/// <remarks>
/// <para>A folder has <c>config.json</c> and <c>model.safetensors</c>, or several files that <c>model.safetensors.index.json</c> joins; float32, float16 or bfloat16. Names with and without the prefix of the stack
/// (<c>bert.</c>, <c>model.</c> …) are understood.</para>
/// <para>Nothing is downloaded, and no code of a folder is run. Before memory is taken, what the configuration says is held against the file's size.</para>
/// <example><code>
/// PretrainedTransformer&lt;Transformer&gt; bert = PretrainedTransformer.LoadEncoder("all-MiniLM-L6-v2");
/// Tensor states = Step.Evaluate(pass => bert.Model.Forward(ids, ranges, pass).States);
/// </code></example>
/// </remarks>
public static class PretrainedTransformer
{
    /// <summary>Loads an encoder: BERT, MiniLM, RoBERTa, DistilBERT.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isMapped">Whether float32 matrices are used where they lie in the file, shared by processes (a large file is read once meanwhile, so that no page has to be waited for); false copies them, so that the file may be changed. Default true.</param>
    /// <exception cref="InputException">The folder is no such checkpoint, is damaged, or lacks weights; says what.</exception>
    public static PretrainedTransformer<Transformer> LoadEncoder(string folder, bool isMapped = true)
    {
        PretrainedConfig config = PretrainedConfig.Read(folder);
        if (config.IsDecoder)
            throw new InputException($"'{config.Architecture}' is a decoder; read it with PretrainedTransformer.LoadLanguageModel.", config.Path);
        using SafetensorsShards shards = Open(folder, config);
        return Load(folder, config, shards, new Transformer(config.Transformer, config.VocabularySize), isMapped);
    }

    /// <summary>Loads a decoder: GPT-2, Llama.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isMapped">As in <see cref="LoadEncoder"/>.</param>
    /// <exception cref="InputException">The folder is no such checkpoint, is damaged, or lacks weights; says what.</exception>
    public static PretrainedTransformer<TransformerLanguageModel> LoadLanguageModel(string folder, bool isMapped = true)
    {
        PretrainedConfig config = PretrainedConfig.Read(folder);
        if (!config.IsDecoder)
            throw new InputException($"'{config.Architecture}' is an encoder and foretells nothing; read it with PretrainedTransformer.LoadEncoder.", config.Path);
        using SafetensorsShards shards = Open(folder, config);
        return Load(folder, config, shards, new TransformerLanguageModel(config.Transformer, config.VocabularySize, config.IsTied), isMapped);
    }

    /// <summary>Whether a folder's <c>config.json</c> is that of a checkpoint of others, read or not; one of Heed's names no <c>model_type</c>.</summary>
    /// <param name="folder">The folder.</param>
    public static bool IsIn(string folder)
    {
        string path = Path.Combine(folder, PretrainedConfig.FileName);
        if (!File.Exists(path))
            return false;
        try
        {
            using FileStream stream = File.OpenRead(path);
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("model_type", out _);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The pooler of a BERT-form checkpoint, a dense layer behind the first token's state; null if the folder has none.</summary>
    internal static Linear? LoadPooler(string folder, TransformerConfig config)
    {
        using SafetensorsShards shards = SafetensorsShards.Open(folder);
        string? weight = shards.Names.FirstOrDefault(n => n == "pooler.dense.weight" || n.EndsWith(".pooler.dense.weight", StringComparison.Ordinal));
        if (weight is null)
            return null;
        Linear pooler = new(config.Size, config.Size);
        WeightMap map = new([new WeightPlace("weight", weight), new WeightPlace("bias", weight.Replace(".weight", ".bias", StringComparison.Ordinal))]);
        map.Load(pooler, shards).ThrowIfIncomplete();
        return pooler;
    }

    /// <summary>What a folder holds, from its configuration and the headers of its files; no weight is read.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InputException">The folder is no such checkpoint, or is damaged; says what.</exception>
    public static PretrainedFacts Describe(string folder)
    {
        PretrainedConfig config = PretrainedConfig.Read(folder);
        using SafetensorsShards shards = Open(folder, config);
        // Parameters without values cost nothing.
        Module model = config.IsDecoder ? new TransformerLanguageModel(config.Transformer, config.VocabularySize, config.IsTied) : new Transformer(config.Transformer, config.VocabularySize);
        return new PretrainedFacts(config, model.ParameterCount, shards.ByteCount, shards.FileCount, [.. shards.Types])
        {
            Unexpected = [.. MapOf(config, shards).Others(shards.Names)[false]],
        };
    }

    /// <summary>An encoder of ours in the form of BERT or RoBERTa, to be saved for other systems.</summary>
    /// <param name="model">Post-norm, with learned positions and its embedding normalised; attends to no memory.</param>
    /// <exception cref="ArgumentException">The network has parts that these forms lack.</exception>
    public static PretrainedTransformer<Transformer> Of(Transformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(model, PretrainedConfig.Of(model.Config, model.VocabularySize, isDecoder: false, isTied: false), "");
    }

    /// <summary>A language model of ours in the form of GPT-2 or Llama, to be saved for other systems.</summary>
    /// <param name="model">With learned positions and layer norm, or rotary positions, RMS norm and a gated network.</param>
    /// <exception cref="ArgumentException">The network has parts that these forms lack.</exception>
    public static PretrainedTransformer<TransformerLanguageModel> Of(TransformerLanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(model, PretrainedConfig.Of(model.Transformer.Config, model.Transformer.VocabularySize, isDecoder: true, model.IsTied), "transformer.");
    }

    private static PretrainedTransformer<T> Of<T>(T model, PretrainedConfig config, string ours)
        where T : Module
    {
        // Language models are written with the prefix of the stack, since a head stands beside it.
        WeightMap map = config.Form.Map(config.Transformer, config.IsDecoder ? [config.Form.Prefix] : [], ours, hasHead: config.IsDecoder && !config.IsTied);
        HashSet<string> mapped = [.. map.Places.Select(p => p.Parameter)];
        if (model.NamedParameters().FirstOrDefault(p => !mapped.Contains(p.Name)).Name is { } unmapped)
            throw new ArgumentException($"PretrainedTransformer.Of: '{unmapped}' has no name in a checkpoint of {config.Architecture}.", nameof(model));
        return new PretrainedTransformer<T>(model, config, new WeightReport(config.Path, [], [], [], []), map, null);
    }

    // A hostile configuration must not make us build a million layers, nor matrices longer than an array may be.
    private static SafetensorsShards Open(string folder, PretrainedConfig config)
    {
        SafetensorsShards shards = SafetensorsShards.Open(folder);
        TransformerConfig c = config.Transformer;
        long heads = (long)c.HeadCount * (c.HeadSize == 0 ? c.Size / c.HeadCount : c.HeadSize);
        long largest = new[] { config.VocabularySize, c.Inner, heads, c.AddsPositions ? c.FirstPosition + c.MaximumLength : 0, c.SegmentCount }.Max() * c.Size;
        // Nine tensors a layer at the least, two bytes a weight.
        if (c.LayerCount <= shards.Names.Count / 9 && largest <= Math.Min(shards.ByteCount / 2, int.MaxValue))
            return shards;
        shards.Dispose();
        throw new InputException(FormattableString.Invariant(
            $"the network that it describes has more weights than the {shards.Names.Count} tensors of {shards.ByteCount} bytes beside it; copy the whole folder again."), config.Path);
    }

    private static WeightMap MapOf(PretrainedConfig config, SafetensorsShards shards) =>
        config.Form.Map(config.Transformer, shards.Names, config.IsDecoder ? "transformer." : "", hasHead: config.IsDecoder && !config.IsTied);

    private static PretrainedTransformer<T> Load<T>(string folder, PretrainedConfig config, SafetensorsShards shards, T model, bool isMapped)
        where T : Module
    {
        Thread? ahead = isMapped ? shards.ReadAhead() : null;
        WeightMap map = MapOf(config, shards);
        WeightReport report = map.Load(model, shards, isMapped);
        // Threads that compute would take processors from it, only to wait for the same disk.
        ahead?.Join();
        report.ThrowIfIncomplete();
        return new PretrainedTransformer<T>(model, config, report, map, folder);
    }
}
