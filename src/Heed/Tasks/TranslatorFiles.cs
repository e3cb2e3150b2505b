using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The file <c>config.json</c> of a translator.</summary>
internal sealed record TranslatorConfig
{
    public const string TaskName = "translation";
    public const string RecurrentName = "encoder-decoder", TransformerName = "transformer-encoder-decoder";
    public const int LatestVersion = 1;

    public string Format { get; init; } = TextClassifierConfig.FormatName;

    public int Version { get; init; } = LatestVersion;

    public string Task { get; init; } = TaskName;

    public string Model { get; init; } = RecurrentName;

    // The network, one of the two.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EncoderDecoderConfig? Network { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TransformerEncoderDecoderConfig? Transformer { get; init; }

    public required int MaximumLength { get; init; }

    public required string LongSentences { get; init; }

    public required DecodingOptions Decoding { get; init; }
}

/// <summary>A translator as a folder.</summary>
internal static class TranslatorFiles
{
    private const string Config = "config.json", SourceTokens = "source-tokenizer.json", TargetTokens = "target-tokenizer.json", Weights = "model.safetensors", Training = "training.json";

    public static TranslatorConfig ConfigOf(Translator translator) => new()
    {
        Model = translator.Network.Config is TransformerEncoderDecoderConfig ? TranslatorConfig.TransformerName : TranslatorConfig.RecurrentName,
        Network = translator.Network.Config as EncoderDecoderConfig,
        Transformer = translator.Network.Config as TransformerEncoderDecoderConfig,
        MaximumLength = translator.Encoding.MaximumLength,
        LongSentences = translator.Encoding.LongSentences,
        Decoding = translator.Decoding,
    };

    public static void Save(Translator translator, string path) => ModelFolder.Write(path, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal)
    {
        [Config] = stream => JsonSerializer.Serialize(stream, ConfigOf(translator), HeedJson.Default.TranslatorConfig),
        [SourceTokens] = translator.SourceEncoder.Save,
        [TargetTokens] = translator.TargetEncoder.Save,
        [Weights] = translator.Network.SaveWeights,
        [Training] = stream => JsonSerializer.Serialize(stream, translator.Record, HeedJson.Default.TrainingRecord),
    });

    public static bool IsIn(string path) => Holds(ModelFolder.Open(path, ModelFolderCheck.Lengths));

    public static bool Holds(ModelFolder folder) => folder.Files.ContainsKey(TargetTokens);

    public static string WeightsOf(string path) => ModelFolder.Open(path, ModelFolderCheck.Lengths).PathOf(Weights);

    public static Translator Load(string path)
    {
        ModelFolder folder = ModelFolder.Open(path);
        string place = folder.PathOf(Config);
        if (!Holds(folder))
            throw new InputException("the model is no translator; this command reads models of 'heed train translate'.", place);
        TranslatorConfig config = folder.ReadJson(Config, HeedJson.Default.TranslatorConfig);
        if (config.Format != TextClassifierConfig.FormatName || config.Task != TranslatorConfig.TaskName || config.Model is not (TranslatorConfig.RecurrentName or TranslatorConfig.TransformerName))
            throw new InputException($"the model is a '{config.Model}' for '{config.Task}'; this command reads translators ('{TranslatorConfig.TaskName}').", place);
        if (config.Version > TranslatorConfig.LatestVersion)
            throw new InputException(FormattableString.Invariant($"the model has format version {config.Version}, this library reads up to {TranslatorConfig.LatestVersion}; update it."), place);
        SequenceToSequenceConfig? shape = config.Model == TranslatorConfig.TransformerName ? config.Transformer : config.Network;
        if (shape is null || config.Decoding is null || config.LongSentences is null)
            throw new InputException($"'{(config.Model == TranslatorConfig.TransformerName ? "transformer" : "network")}', 'decoding' or 'longSentences' is null or not there; copy the whole folder again.", place);
        TextEncoder source = TextEncoder.Load(folder.PathOf(SourceTokens)), target = TextEncoder.Load(folder.PathOf(TargetTokens));
        SequenceToSequence network;
        try
        {
            new TranslatorOptions { Network = shape, Decoding = config.Decoding, MaximumLength = config.MaximumLength, LongSentences = config.LongSentences, Training = new() }.Validate();
            // Before memory is taken: a weight takes at least two bytes of the file.
            if (shape.LeastWeights(source.Vocabulary.Count, target.Vocabulary.Count) > folder.Files[Weights].Length / 2.0)
                throw new InputException($"the network that it describes has more weights than {Weights} holds; copy the whole folder again.", place);
            network = shape.Create(source.Vocabulary.Count, target.Vocabulary.Count);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, place, innerException: e);
        }
        network.LoadWeights(folder.PathOf(Weights)).ThrowIfIncomplete();
        TrainingRecord record = folder.ReadJson(Training, HeedJson.Default.TrainingRecord);
        if (record.Options is null || record.Epochs is null || record.Epochs.Any(e => e is null))
            throw new InputException("'options' or 'epochs' is null; copy the whole folder again.", folder.PathOf(Training));
        return new Translator(network, new PairEncoding(source, target, config.MaximumLength, config.LongSentences, shape.Copies), config.Decoding, record);
    }
}
