using System.Text.Json;

namespace Heed;

/// <summary>The model folder of a text classifier: config.json, tokenizer.json, model.safetensors, training.json, and the manifest.</summary>
internal static class TextClassifierFiles
{
    private const string Config = "config.json", Tokenizer = "tokenizer.json", Weights = "model.safetensors", Training = "training.json", Features = "features.json",
        BaselineTokens = "baseline-tokenizer.json", BaselineWeights = "baseline.safetensors";

    public static void Save(TextClassifier classifier, string path)
    {
        NumberHead? number = classifier.Head as NumberHead;
        TextClassifierConfig config = new()
        {
            Model = classifier.Network.Config is TransformerClassifierConfig ? TextClassifierConfig.Transforming : TextClassifierConfig.Recurrent,
            Labels = classifier.Labels,
            Network = classifier.Network.Config as BlstmConfig,
            Transformer = classifier.Network.Config as TransformerClassifierConfig,
            Tokens = classifier.Tokens is PretrainedEncoder tokens ? new PretrainedTokens { MaximumLength = tokens.MaximumLength, Redaction = tokens.Redaction } : null,
            Target = classifier.Target,
            Temperature = classifier.Temperature,
            Thresholds = classifier.Target == TargetKind.Multi ? classifier.Thresholds : null,
            Mean = number?.Mean,
            Deviation = number?.Deviation,
        };
        Dictionary<string, Action<Stream>> files = new(StringComparer.Ordinal)
        {
            [Config] = stream => JsonSerializer.Serialize(stream, config, HeedJson.Default.TextClassifierConfig),
            [Weights] = classifier.Network.SaveWeights,
            [Training] = stream => JsonSerializer.Serialize(stream, classifier.Record, HeedJson.Default.TrainingRecord),
        };
        if (classifier.Tokens is PretrainedEncoder pretrained)
        {
            foreach ((string name, byte[] content) in pretrained.Files)
                files.Add(name, stream => stream.Write(content));
        }
        else
        {
            files.Add(Tokenizer, classifier.Encoder.Save);
        }
        if (classifier.Features.FieldCount > 0)
            files.Add(Features, classifier.Features.Save);
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
        string? other = folder.TaskOf() switch
        {
            TranslatorConfig.TaskName => "is a translator, no text classifier; ask it with 'heed translate' (Translator.Load)",
            LanguageModelConfig.TaskName => "is a language model, no text classifier; write with it by 'heed generate' (LanguageModel.Load)",
            MaskedLanguageModelConfig.TaskName => "is a masked language model, no text classifier yet; make one of it by 'heed train text --model FOLDER' (TextClassifierOptions.Pretrained)",
            _ => null,
        };
        if (other is not null)
            throw new InputException($"the model {other}.", folder.PathOf(Config));
        TextClassifierConfig config = folder.ReadJson(Config, HeedJson.Default.TextClassifierConfig);
        string place = folder.PathOf(Config);
        if (config.Format != TextClassifierConfig.FormatName)
            throw new InputException($"the format is '{config.Format}', not '{TextClassifierConfig.FormatName}'; this is no model of Heed.", place);
        if (config.Version > TextClassifierConfig.LatestVersion)
            throw new InputException(FormattableString.Invariant($"the model has format version {config.Version}, this library reads up to {TextClassifierConfig.LatestVersion}; update it."), place);
        if (config.Task != TextClassifierConfig.TaskName || config.Model is not (TextClassifierConfig.Recurrent or TextClassifierConfig.Transforming))
            throw new InputException($"the model is a '{config.Model}' for '{config.Task}'; this command reads text classifiers ('{TextClassifierConfig.TaskName}').", place);
        TextNetworkConfig? shape = config.Model == TextClassifierConfig.Recurrent ? config.Network : config.Transformer;
        if (config.Labels is null || shape is null)
            throw new InputException($"'labels' or '{(config.Model == TextClassifierConfig.Recurrent ? "network" : "transformer")}' is null; copy the whole folder again.", place);
        (TextHead head, AnswerRule rule) = Head(config, place);
        Task<TfidfModel?> simple = Task.Run(() => Baseline(folder, head));
        TokenEncoder encoder = config.Tokens is { } tokens ? Guard(place, () => PretrainedEncoder.Load(folder.Path, tokens.MaximumLength, tokens.Redaction)) : TextEncoder.Load(folder.PathOf(Tokenizer));
        FeatureEncoder features = folder.Files.ContainsKey(Features) ? FeatureEncoder.Load(folder.PathOf(Features)) : new FeatureEncoder([], []);
        TextNetwork network = Guard(place, () =>
        {
            shape.Validate();
            // Before memory is taken: a weight takes at least two bytes of the file.
            if (shape.LeastWeights(encoder.VocabularySize) > folder.Files[Weights].Length / 2.0)
                throw new InputException($"the network that it describes has more weights than {Weights} holds; copy the whole folder again.", place);
            return shape.Create(encoder.VocabularySize, head.OutputCount, features.VectorSize, (encoder as TextEncoder)?.SeparatorId ?? Vocabulary.Unknown);
        });
        network.LoadWeights(folder.PathOf(Weights)).ThrowIfIncomplete();
        TfidfModel? baseline = simple.GetAwaiter().GetResult();
        if (baseline is null && shape.Evidence)
            throw new InputException($"the network reads evidence of the simple model, but {BaselineWeights} is not there; copy the whole folder again.", place);
        return new TextClassifier(network, encoder, head, features) { Rule = rule, Baseline = baseline, LateRecord = Record(folder) };
    }

    /// <summary>The tokens as they are saved; for a pretrained tokenizer all of its files.</summary>
    public static void SaveTokens(TokenEncoder tokens, Stream stream)
    {
        if (tokens is TextEncoder encoder)
        {
            encoder.Save(stream);
            return;
        }
        foreach ((string name, byte[] content) in ((PretrainedEncoder)tokens).Files.OrderBy(file => file.Key, StringComparer.Ordinal))
            stream.Write(content);
    }

    /// <summary>A network's shape as it is saved.</summary>
    public static byte[] Bytes(TextNetworkConfig config) => config is BlstmConfig recurrent
        ? JsonSerializer.SerializeToUtf8Bytes(recurrent, HeedJson.Default.BlstmConfig) : JsonSerializer.SerializeToUtf8Bytes((TransformerClassifierConfig)config, HeedJson.Default.TransformerClassifierConfig);

    /// <summary>Builds what a file describes; values that make no sense are the file's fault.</summary>
    public static T Guard<T>(string place, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, place, innerException: e);
        }
    }

    // Its bytes now, as another model may lie in the folder later; what they say when it is asked for.
    private static Lazy<TrainingRecord> Record(ModelFolder folder)
    {
        string place = folder.PathOf(Training);
        byte[] json = FileAccessFault.Guard(place, "read", () => File.ReadAllBytes(place));
        return new Lazy<TrainingRecord>(() =>
        {
            TrainingRecord record = FolderJson.Parse(new MemoryStream(json), place, HeedJson.Default.TrainingRecord);
            return record.Options is null || record.Epochs is null || record.Epochs.Any(e => e is null)
                ? throw new InputException("'options' or 'epochs' is null; copy the whole folder again.", place) : record;
        });
    }

    // What a file says about the answers, checked: a damaged figure must not become a wrong answer.
    private static (TextHead Head, AnswerRule Rule) Head(TextClassifierConfig config, string place)
    {
        TargetKind target = config.Target ?? TargetKind.Single;
        int least = target switch { TargetKind.Number => 0, TargetKind.Multi => 1, _ => 2 };
        if (!Enum.IsDefined(target) || config.Labels.Count < least || (target == TargetKind.Number && config.Labels.Count > 0) || config.Labels.Any(label => label is null))
            throw new InputException(FormattableString.Invariant($"the list of labels does not fit the target: {config.Labels.Count} labels for {target}."), place);
        double temperature = config.Temperature ?? 1;
        if (!(temperature > 0) || !double.IsFinite(temperature))
            throw new InputException("the temperature must be a finite number above 0.", place);
        float[] thresholds = [.. config.Thresholds ?? []];
        if (thresholds.Length != (target == TargetKind.Multi ? config.Labels.Count : 0) || !thresholds.All(t => t is >= 0 and <= 1))
            throw new InputException(FormattableString.Invariant($"thresholds must be one for each of {config.Labels.Count} labels, from 0 to 1, and stand there for sets of labels alone."), place);
        TextHead head = TextHead.Create(target, config.Labels);
        if (head is NumberHead number)
        {
            (number.Mean, number.Deviation) = (config.Mean ?? double.NaN, config.Deviation ?? double.NaN);
            if (!double.IsFinite(number.Mean) || !(number.Deviation > 0) || !double.IsFinite(number.Deviation))
                throw new InputException("mean and deviation of the numbers must be finite, the deviation above 0.", place);
        }
        return (head, new AnswerRule(temperature, thresholds));
    }

    private static TfidfModel? Baseline(ModelFolder folder, TextHead head)
    {
        if (!folder.Files.ContainsKey(BaselineWeights))
            return null;
        TfidfModel model = TfidfFile.Load(folder.PathOf(BaselineTokens), folder.PathOf(BaselineWeights), head.OutputCount);
        int settings = 1 + (head.Kind == TargetKind.Multi ? head.Labels.Count : 0);
        return model.Settings.Length == settings && model.Settings[0] > 0 ? model
            : throw new InputException(FormattableString.Invariant($"the baseline has {model.Settings.Length} settings, {settings} are required."), folder.PathOf(BaselineWeights));
    }
}
