using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The file <c>config.json</c> of a language model.</summary>
internal sealed record LanguageModelConfig
{
    public const string TaskName = "language-model";
    public const int LatestVersion = 1;

    public string Format { get; init; } = TextClassifierConfig.FormatName;

    public int Version { get; init; } = LatestVersion;

    public string Task { get; init; } = TaskName;

    public string Model { get; init; } = "transformer";

    public required TransformerConfig Network { get; init; }

    public bool IsTied { get; init; }

    // From here on of checkpoints of others. Rows of the table, where the tokenizer has fewer.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int VocabularySize { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool HasBeginning { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int[]? Ends { get; init; }
}

/// <summary>A language model as a folder.</summary>
internal static class LanguageModelFiles
{
    public const string Tokenizer = "tokenizer.json";
    private const string Config = "config.json", Weights = "model.safetensors", Training = "training.json";

    public static LanguageModelConfig ConfigOf(LanguageModel model) => new()
    {
        Network = model.Network.Transformer.Config, IsTied = model.Network.IsTied, HasBeginning = model.HasBeginning,
        VocabularySize = model.Network.Transformer.VocabularySize == model.Tokenizer.VocabularySize ? 0 : model.Network.Transformer.VocabularySize,
        Ends = model.Ends.Count == 0 ? null : [.. model.Ends],
    };

    /// <summary>The tokenizer that options ask for, and its file.</summary>
    public static (PretrainedTokenizer Tokenizer, byte[] File) Tokens(LanguageModelOptions options, string text, CancellationToken cancellation)
    {
        using MemoryStream file = new();
        switch (options.Tokens)
        {
            case "characters":
                CharacterAlphabet.Write([text], file);
                break;
            case "bpe" or "unigram":
                TokenizerTraining training = new() { Kind = options.Tokens == "bpe" ? TrainedTokenizerKind.BytePair : TrainedTokenizerKind.Unigram, VocabularySize = options.VocabularySize };
                training.Train(text.Split('\n').Select(line => line + "\n"), file, null, cancellation);
                break;
            default:
                string path = Directory.Exists(options.Tokens) ? Path.Combine(options.Tokens, Tokenizer) : options.Tokens;
                if (!File.Exists(path))
                    throw new InputException("there is no such tokenizer; give characters, bpe, unigram, or the path of a tokenizer.json.", options.Tokens);
                return (PretrainedTokenizer.Load(path), FileAccessFault.Guard(path, "read", () => File.ReadAllBytes(path)));
        }
        byte[] bytes = file.ToArray();
        return (PretrainedTokenizer.Parse(bytes), bytes);
    }

    public static void Save(LanguageModel model, string path)
    {
        Dictionary<string, Action<Stream>> files = new(StringComparer.Ordinal)
        {
            [Config] = stream => JsonSerializer.Serialize(stream, ConfigOf(model), HeedJson.Default.LanguageModelConfig),
            [Weights] = model.Network.SaveWeights,
            [Training] = stream => JsonSerializer.Serialize(stream, model.Record, HeedJson.Default.TrainingRecord),
        };
        foreach ((string name, byte[] bytes) in model.TokenizerFiles)
            files.Add(name, stream => stream.Write(bytes));
        ModelFolder.Write(path, files);
    }

    public static bool IsIn(string path) => ModelFolder.Open(path, ModelFolderCheck.Lengths).TaskOf() == LanguageModelConfig.TaskName;

    public static LanguageModel Load(string path)
    {
        ModelFolder folder = ModelFolder.Open(path);
        string place = folder.PathOf(Config);
        if (folder.TaskOf() is not ("" or LanguageModelConfig.TaskName) and string task)
            throw new InputException($"the model is for '{task}'; this command reads language models ('{LanguageModelConfig.TaskName}').", place);
        LanguageModelConfig config = folder.ReadJson(Config, HeedJson.Default.LanguageModelConfig);
        if (config.Format != TextClassifierConfig.FormatName || config.Task != LanguageModelConfig.TaskName || config.Model != "transformer")
            throw new InputException($"the model is a '{config.Model}' for '{config.Task}'; this command reads language models ('{LanguageModelConfig.TaskName}').", place);
        if (config.Version > LanguageModelConfig.LatestVersion)
            throw new InputException(FormattableString.Invariant($"the model has format version {config.Version}, this library reads up to {LanguageModelConfig.LatestVersion}; update it."), place);
        if (config.Network is null)
            throw new InputException("'network' is null; copy the whole folder again.", place);
        // Checkpoints of others may have their tokens in other files.
        string tokenizerPath = folder.PathOf(new[] { Tokenizer, "vocab.json", "vocab.txt" }.FirstOrDefault(folder.Files.ContainsKey) ?? Tokenizer);
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(tokenizerPath);
        int vectors = config.VocabularySize == 0 ? tokenizer.VocabularySize : config.VocabularySize;
        tokenizer.RequireVectors(vectors, place);
        TransformerLanguageModel network;
        try
        {
            config.Network.Validate();
            // Before memory is taken: a weight takes at least two bytes of the file.
            if (config.Network.LeastWeights(vectors) > folder.Files[Weights].Length / 2.0)
                throw new InputException($"the network that it describes has more weights than {Weights} holds; copy the whole folder again.", place);
            network = new TransformerLanguageModel(config.Network, vectors, config.IsTied);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, place, innerException: e);
        }
        network.LoadWeights(folder.PathOf(Weights)).ThrowIfIncomplete();
        TrainingRecord record = folder.ReadJson(Training, HeedJson.Default.TrainingRecord);
        if (record.Options is null || record.Epochs is null || record.Epochs.Any(e => e is null))
            throw new InputException("'options' or 'epochs' is null; copy the whole folder again.", folder.PathOf(Training));
        // Other files of the folder are the user's own.
        return new LanguageModel(network, tokenizer, PretrainedEncoder.FilesOf(folder.Path, folder.Files.ContainsKey), record) { HasBeginning = config.HasBeginning, Ends = config.Ends ?? [] };
    }
}
