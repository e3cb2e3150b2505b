using System.Text.Json;

namespace Heed;

/// <summary>The file <c>config.json</c> of a masked language model.</summary>
internal sealed record MaskedLanguageModelConfig
{
    public const string TaskName = "masked-language-model";
    public const int LatestVersion = 1;

    public string Format { get; init; } = TextClassifierConfig.FormatName;

    public int Version { get; init; } = LatestVersion;

    public string Task { get; init; } = TaskName;

    public string Model { get; init; } = TextClassifierConfig.Transforming;

    public required TransformerConfig Network { get; init; }

    public double MaskedShare { get; init; }
}

/// <summary>A masked language model as a folder.</summary>
internal static class MaskedLanguageModelFiles
{
    private const string Config = "config.json", Tokenizer = "tokenizer.json", Weights = "model.safetensors", Training = "training.json";

    public static MaskedLanguageModelConfig ConfigOf(MaskedLanguageModel model) => new() { Network = model.Network.Transformer.Config, MaskedShare = model.MaskedShare };

    public static void Save(MaskedLanguageModel model, string path)
    {
        byte[] tokenizer = model.TokenizerFile.ToArray();
        ModelFolder.Write(path, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal)
        {
            [Config] = stream => JsonSerializer.Serialize(stream, ConfigOf(model), HeedJson.Default.MaskedLanguageModelConfig),
            [Tokenizer] = stream => stream.Write(tokenizer),
            [Weights] = model.Network.SaveWeights,
            [Training] = stream => JsonSerializer.Serialize(stream, model.Record, HeedJson.Default.TrainingRecord),
        });
    }

    public static MaskedLanguageModel Load(string path)
    {
        ModelFolder folder = ModelFolder.Open(path);
        string place = folder.PathOf(Config);
        if (folder.TaskOf() is not ("" or MaskedLanguageModelConfig.TaskName) and string task)
            throw new InputException($"the model is for '{task}'; this command reads masked language models ('{MaskedLanguageModelConfig.TaskName}').", place);
        MaskedLanguageModelConfig config = folder.ReadJson(Config, HeedJson.Default.MaskedLanguageModelConfig);
        if (config.Format != TextClassifierConfig.FormatName || config.Task != MaskedLanguageModelConfig.TaskName || config.Model != TextClassifierConfig.Transforming)
            throw new InputException($"the model is a '{config.Model}' for '{config.Task}'; this command reads masked language models ('{MaskedLanguageModelConfig.TaskName}').", place);
        if (config.Version > MaskedLanguageModelConfig.LatestVersion)
            throw new InputException(FormattableString.Invariant($"the model has format version {config.Version}, this library reads up to {MaskedLanguageModelConfig.LatestVersion}; update it."), place);
        if (config.Network is null || config.MaskedShare is not (> 0 and < 1))
            throw new InputException("'network' is null, or 'maskedShare' not in (0, 1); copy the whole folder again.", place);
        string tokenizerPath = folder.PathOf(Tokenizer);
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(tokenizerPath);
        if (tokenizer.MaskId is null)
            throw new InputException("there is no token to hide others by, as [MASK]; copy the whole folder again.", tokenizerPath);
        TransformerMaskedLanguageModel network = TextClassifierFiles.Guard(place, () =>
        {
            config.Network.Validate();
            // Before memory is taken: a weight takes at least two bytes of the file.
            if (config.Network.LeastWeights(tokenizer.VocabularySize) > folder.Files[Weights].Length / 2.0)
                throw new InputException($"the network that it describes has more weights than {Weights} holds; copy the whole folder again.", place);
            return new TransformerMaskedLanguageModel(config.Network, tokenizer.VocabularySize);
        });
        network.LoadWeights(folder.PathOf(Weights)).ThrowIfIncomplete();
        TrainingRecord record = folder.ReadJson(Training, HeedJson.Default.TrainingRecord);
        if (record.Options is null || record.Epochs is null || record.Epochs.Any(e => e is null))
            throw new InputException("'options' or 'epochs' is null; copy the whole folder again.", folder.PathOf(Training));
        return new MaskedLanguageModel(network, tokenizer, FileAccessFault.Guard(tokenizerPath, "read", () => File.ReadAllBytes(tokenizerPath)), config.MaskedShare, record);
    }
}
