using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Heed;

/// <summary>The model folder of a text classifier: config.json, tokenizer.json, model.safetensors, training.json, and the manifest.</summary>
internal static class TextClassifierFiles
{
    private const string Config = "config.json", Tokenizer = "tokenizer.json", Weights = "model.safetensors", Training = "training.json",
        BaselineTokens = "baseline-tokenizer.json", BaselineWeights = "baseline.safetensors";

    public static void Save(TextClassifier classifier, string path)
    {
        TextClassifierConfig config = new() { Labels = classifier.Labels, Network = classifier.Network.Config, Temperature = classifier.Temperature };
        Dictionary<string, Action<Stream>> files = new(StringComparer.Ordinal)
        {
            [Config] = stream => JsonSerializer.Serialize(stream, config, HeedJson.Default.TextClassifierConfig),
            [Tokenizer] = classifier.Encoder.Save,
            [Weights] = classifier.Network.SaveWeights,
            [Training] = stream => JsonSerializer.Serialize(stream, classifier.Record, HeedJson.Default.TrainingRecord),
        };
        if (classifier.Baseline is { } baseline)
        {
            files.Add(BaselineTokens, stream => TfidfFile.SaveTokens(baseline, stream));
            files.Add(BaselineWeights, stream => TfidfFile.SaveWeights(baseline, stream));
        }
        ModelFolder.Write(path, files);
    }

    public static TextClassifier Load(string path)
    {
        ModelFolder folder = ModelFolder.Open(path);
        TextClassifierConfig config = Read(folder, Config, HeedJson.Default.TextClassifierConfig);
        string place = folder.PathOf(Config);
        if (config.Format != TextClassifierConfig.FormatName)
            throw new InputException($"the format is '{config.Format}', not '{TextClassifierConfig.FormatName}'; this is no model of Heed.", place);
        if (config.Version > TextClassifierConfig.LatestVersion)
            throw new InputException(FormattableString.Invariant($"the model has format version {config.Version}, this library reads up to {TextClassifierConfig.LatestVersion}; update it."), place);
        if (config.Task != TextClassifierConfig.TaskName || config.Model != "blstm")
            throw new InputException($"the model is a '{config.Model}' for '{config.Task}'; this command reads text classifiers ('{TextClassifierConfig.TaskName}').", place);
        if (config.Labels.Count < 2)
            throw new InputException("the list of labels is too short; a classifier has at least two.", place);
        double temperature = config.Temperature ?? 1;
        if (!(temperature > 0) || !double.IsFinite(temperature))
            throw new InputException("the temperature must be a finite number above 0.", place);
        TextEncoder encoder = TextEncoder.Load(folder.PathOf(Tokenizer));
        BlstmClassifier network;
        try
        {
            network = new BlstmClassifier(config.Network, encoder.Vocabulary.Count, config.Labels.Count);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, place, innerException: e);
        }
        network.LoadWeights(folder.PathOf(Weights)).ThrowIfIncomplete();
        return new TextClassifier(network, encoder, config.Labels, Read(folder, Training, HeedJson.Default.TrainingRecord))
        {
            Temperature = temperature,
            Baseline = folder.Files.ContainsKey(BaselineWeights)
                ? TfidfFile.Load(folder.PathOf(BaselineTokens), folder.PathOf(BaselineWeights), config.Labels.Count) : null,
        };
    }

    private static T Read<T>(ModelFolder folder, string name, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            using Stream stream = folder.OpenRead(name);
            return JsonSerializer.Deserialize(stream, type) ?? throw new JsonException("the file holds null.");
        }
        catch (JsonException e)
        {
            throw new InputException($"the file is damaged: {e.Message}", folder.PathOf(name), e.LineNumber + 1 ?? 0, innerException: e);
        }
    }
}
