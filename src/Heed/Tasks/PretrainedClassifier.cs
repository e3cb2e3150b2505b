using System.Globalization;
using System.Text.Json;

namespace Heed;

/// <summary>Text classifiers of others: Hugging Face folders of BERT, RoBERTa, XLM-R or DistilBERT form that were saved with a head for sequence classification.</summary>
internal static class PretrainedClassifier
{
    private const string Architecture = "ForSequenceClassification";
    private const long LargestConfig = 4 << 20;
    private const int MaximumDepth = 32, MostLabels = 1 << 16;

    /// <summary>Whether a folder holds one, by its <c>config.json</c>.</summary>
    public static bool IsIn(string folder) => !File.Exists(Path.Combine(folder, "manifest.json")) && File.Exists(ConfigOf(folder))
        && Read(folder, root => root.TryGetProperty("architectures", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            && names.EnumerateArray().Any(name => name.ValueKind == JsonValueKind.String && name.GetString()!.EndsWith(Architecture, StringComparison.Ordinal)));

    /// <summary>Refuses a folder of others that has no such head, and says what it is good for.</summary>
    /// <exception cref="InputException">It is one.</exception>
    public static void RefuseOther(string folder)
    {
        if (!PretrainedLanguageModel.IsFolderOfOthers(folder))
            return;
        PretrainedConfig config = PretrainedConfig.Read(folder);
        throw new InputException(config.IsDecoder ? $"is a language model ('{config.Architecture}'), no text classifier; write with it by 'heed generate' (LanguageModel.Load)."
            : $"is an encoder ('{config.Architecture}') without a head for text classification; make a classifier of it by 'heed train text --model FOLDER' (TextClassifierOptions.Pretrained), or take its vectors by 'heed embed'.", config.Path);
    }

    /// <summary>Loads it.</summary>
    /// <exception cref="InputException">It is damaged, or its head is of another form; says what.</exception>
    public static TextClassifier Load(string folder)
    {
        TrainedEncoder encoder = TrainedEncoder.Load(folder);
        string architecture = PretrainedConfig.Read(folder).Architecture;
        (string[] labels, bool isMulti) = Read(folder, root => (Labels(root), root.TryGetProperty("problem_type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() == "multi_label_classification"));
        TextHead head = TextHead.Create(isMulti ? TargetKind.Multi : TargetKind.Single, labels);
        TransformerClassifierConfig config = new()
        {
            Encoder = encoder.Network.Config, VocabularySize = encoder.Network.VocabularySize, Pooling = TransformerClassifierConfig.FirstToken, HasPooler = true, PoolerActivation = architecture == "distilbert" ? "relu" : "tanh",
        };
        TransformerClassifier network = new(config, encoder.Network.VocabularySize, head.OutputCount);
        encoder.CopyTo(network);
        (string pooler, string output) = architecture switch
        {
            "bert" => ("bert.pooler.dense", "classifier"),
            "distilbert" => ("pre_classifier", "classifier"),
            _ => ("classifier.dense", "classifier.out_proj"),
        };
        WeightMap map = new([
            new("pooler.weight", pooler + ".weight"), new("pooler.bias", pooler + ".bias"), new("output.weight", output + ".weight"), new("output.bias", output + ".bias"),
        ]);
        map.Load(network, folder).ThrowIfIncomplete();
        return new TextClassifier(network, encoder.Tokens, head, new FeatureEncoder([], []));
    }

    // One name for each output; a head of one output gives a number of unknown scale.
    private static string[] Labels(JsonElement root)
    {
        if (!root.TryGetProperty("id2label", out JsonElement names) || names.ValueKind != JsonValueKind.Object)
            throw new FormatException("'id2label' is missing: the names of the labels");
        Dictionary<int, string> labels = [];
        foreach (JsonProperty name in names.EnumerateObject())
        {
            if (!int.TryParse(name.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= MostLabels || name.Value.ValueKind != JsonValueKind.String || !labels.TryAdd(id, name.Value.GetString()!))
                throw new FormatException($"'id2label': '{NearestName.Shown(name.Name)}' must be the number of a label, with its name");
        }
        if (labels.Count < 2 || labels.Keys.Max() != labels.Count - 1 || labels.Values.Distinct(StringComparer.Ordinal).Count() < labels.Count)
            throw new FormatException(FormattableString.Invariant($"'id2label' must name two labels or more, numbered from 0, no two alike; there are {labels.Count}"));
        return [.. Enumerable.Range(0, labels.Count).Select(id => labels[id])];
    }

    private static string ConfigOf(string folder) => Path.Combine(folder, "config.json");

    private static T Read<T>(string folder, Func<JsonElement, T> read) => JsonFile.Read(ConfigOf(folder), "configuration of a checkpoint", LargestConfig, MaximumDepth,
        root => root.ValueKind == JsonValueKind.Object ? read(root) : throw new FormatException("it is no object"), "see docs/checkpoints.md for what is read");
}
