using System.Globalization;
using System.Text.Json;
using Heed.Kernels;

namespace Heed.Cli;

/// <summary>What there is to say of a language model, a masked one, a translator, a checkpoint of others or a tokenizer: facts by name, for people and as JSON.</summary>
internal sealed class ModelDescription
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;
    private static readonly string[] tokenizerFiles = ["tokenizer.json", "vocab.json", "vocab.txt"];
    private readonly List<(string Label, string Text)> lines = [];
    private readonly List<Action<Utf8JsonWriter>> properties = [];
    private Module? network;
    private TrainingRecord? record;
    private string length = "";

    /// <summary>Describes what a path holds; null if it is to be read as a text classifier.</summary>
    public static ModelDescription? Of(string path, (int Height, int Width) size = default)
    {
        bool isOurs = File.Exists(Path.Combine(path, "manifest.json"));
        if (!isOurs && PretrainedTransformer.IsIn(path))
            return Checkpoint(path);
        if (!isOurs && (File.Exists(path) || tokenizerFiles.Any(name => File.Exists(Path.Combine(path, name)))))
            return Tokenizer(path);
        return LanguageModel.IsIn(path) ? Writer(path) : MaskedLanguageModel.IsIn(path) ? Guesser(path) : Translator.IsIn(path) ? Translation(path) : ImageClassifier.IsIn(path) ? Pictures(path)
            : Segmenter.IsIn(path) ? Segments(path, size) : Detector.IsIn(path) ? Boxes(path) : null;
    }

    public void Write(Terminal terminal, bool isJson)
    {
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, json =>
            {
                properties.ForEach(write => write(json));
                if (network is not null)
                    ModelTables.WriteParameters(json, network);
                if (record is not null)
                    ModelTables.WriteTraining(json, record);
            }, isIndented: true);
            return;
        }
        foreach ((string label, string text) in lines)
            terminal.Out.WriteLine($"{label,-12}{text}");
        if (record is not null)
            ModelTables.WriteTraining(terminal.Out, record, length);
        if (network is not null)
            ModelTables.WriteParameters(terminal, network);
        if (record is not null)
            ModelTables.WriteEpochs(terminal, record);
    }

    private static ModelDescription Writer(string path)
    {
        LanguageModel model = LanguageModel.Load(path);
        TransformerConfig config = model.Network.Transformer.Config;
        ModelDescription it = new() { network = model.Network, record = model.Record, length = string.Create(culture, $"{model.Record.Epochs.Count} looks at the dev text") };
        it.Say("model", $"language model: {Shape(config)}{(model.Network.IsTied ? ", tied" : "")}", "kind", "language-model");
        it.Tokens(model.Tokenizer);
        it.Weighs(config, model.Network.ParameterCount, isDecoder: true);
        it.Folder(path);
        return it;
    }

    private static ModelDescription Guesser(string path)
    {
        MaskedLanguageModel model = MaskedLanguageModel.Load(path);
        TransformerConfig config = model.Network.Transformer.Config;
        ModelDescription it = new() { network = model.Network, record = model.Record, length = string.Create(culture, $"{model.Record.Epochs.Count} looks at the dev text") };
        it.Say("model", $"masked language model: {Shape(config)}", "kind", "masked-language-model");
        it.Tokens(model.Tokenizer);
        it.Weighs(config, model.Network.ParameterCount, isDecoder: false);
        it.Folder(path);
        return it;
    }

    private static ModelDescription Pictures(string path)
    {
        ImageClassifier model = ImageClassifier.Load(path);
        string answers = model.AveragesMirrored ? "; answers with mirrored pictures, two passes each" : "";
        return OfPictures(path, model.Network, model.Record, ($"image classifier: {model.Network.Config.Describe()}{answers}", "image-classifier"), model.Labels, model.Costs());
    }

    private static ModelDescription Segments(string path, (int Height, int Width) size)
    {
        Segmenter model = Segmenter.Load(path);
        return OfPictures(path, model.Network, model.Record, ("segmenter: " + model.Network.Config.Describe(), "segmenter"), model.Labels, model.Costs(size.Height, size.Width));
    }

    private static ModelDescription Boxes(string path)
    {
        Detector model = Detector.Load(path);
        return OfPictures(path, model.Network, model.Record, ("detector: " + model.Network.Config.Describe(), "detector"), model.Labels, model.Costs());
    }

    private static ModelDescription OfPictures(string path, Module network, TrainingRecord record, (string Words, string Kind) model, IReadOnlyList<string> labels, PictureCosts costs)
    {
        ModelDescription it = new() { network = network, record = record, length = string.Create(culture, $"at most {record.Options.EpochCount} epochs") };
        it.Say("model", model.Words, "kind", model.Kind);
        it.Say("labels", string.Join(", ", labels), "labels", string.Join(", ", labels));
        it.Weighs(null, network.ParameterCount, isDecoder: false);
        it.Works(costs);
        it.Folder(path);
        return it;
    }

    private static ModelDescription Translation(string path)
    {
        Translator model = Translator.Load(path);
        ModelDescription it = new() { network = model.Network, record = model.Record, length = string.Create(culture, $"at most {model.Record.Options.EpochCount} epochs") };
        it.Say("model", "translator: " + (model.Network.Config is EncoderDecoderConfig config ? Shape(config) : Shape((TransformerEncoderDecoderConfig)model.Network.Config)), "kind", "translator");
        foreach ((string side, string name, TextEncoder encoder) in new[] { ("source", "sourceVocabulary", model.SourceEncoder), ("target", "targetVocabulary", model.TargetEncoder) })
        {
            it.lines.Add((side, string.Create(culture, $"{encoder.Tokenizer.Name}, {encoder.Vocabulary.Count:N0} in the vocabulary")));
            it.properties.Add(json => json.WriteNumber(name, encoder.Vocabulary.Count));
        }
        it.Weighs(null, model.Network.ParameterCount, isDecoder: false);
        it.Folder(path);
        return it;
    }

    // No weight is read.
    private static ModelDescription Checkpoint(string path)
    {
        PretrainedFacts facts = PretrainedTransformer.Describe(path);
        ModelDescription it = new();
        it.Say("model", $"{facts.Architecture}, {(facts.Config.IsDecoder ? "a decoder" : "an encoder")}: {Shape(facts.Config.Transformer)}{(facts.Config.IsTied ? ", tied" : "")}", "kind", "checkpoint");
        it.properties.Add(json => json.WriteString("architecture", facts.Architecture));
        it.properties.Add(json => json.WriteBoolean("isDecoder", facts.Config.IsDecoder));
        it.lines.Add(("vocabulary", facts.Config.VocabularySize.ToString("N0", culture)));
        it.properties.Add(json => json.WriteNumber("vocabulary", facts.Config.VocabularySize));
        it.Weighs(facts.Config.Transformer, facts.ParameterCount, facts.Config.IsDecoder);
        string types = string.Join(", ", facts.Types).ToLowerInvariant();
        it.lines.Add(("folder", string.Create(culture, $"{path}, {facts.FileBytes:N0} bytes of weights in {facts.FileCount} {(facts.FileCount == 1 ? "file" : "files")}, as {types}")));
        it.properties.Add(json =>
        {
            json.WriteString("path", path);
            json.WriteNumber("bytes", facts.FileBytes);
            json.WriteNumber("files", facts.FileCount);
            json.WriteString("types", types);
        });
        return it;
    }

    private static ModelDescription Tokenizer(string path)
    {
        ModelDescription it = new();
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(path);
        it.Say("model", "tokenizer, no weights", "kind", "tokenizer");
        it.Tokens(tokenizer);
        (string Role, int? Id)[] roles =
        [
            ("pad", tokenizer.PadId), ("unknown", tokenizer.UnknownId), ("cls", tokenizer.ClsId), ("sep", tokenizer.SepId), ("mask", tokenizer.MaskId), ("begin", tokenizer.BosId), ("end", tokenizer.EosId),
        ];
        string special = string.Join(", ", roles.Where(r => r.Id is not null).Select(r => string.Create(culture, $"{r.Role} {tokenizer.TokenOf(r.Id!.Value)} ({r.Id})")));
        it.lines.Add(("special", special.Length > 0 ? special : "none"));
        it.lines.Add(("context", tokenizer.MaximumLength is { } most ? string.Create(culture, $"{most:N0} tokens") : "any number of tokens"));
        it.properties.Add(json =>
        {
            foreach ((string role, int? id) in roles)
            {
                if (id is { } known)
                    json.WriteNumber(role, known);
            }
            if (tokenizer.MaximumLength is { } limit)
                json.WriteNumber("context", limit);
            json.WriteString("path", path);
        });
        return it;
    }

    private void Say(string label, string text, string name, string value)
    {
        lines.Add((label, text));
        properties.Add(json => json.WriteString(name, value));
    }

    private void Tokens(PretrainedTokenizer tokenizer)
    {
        lines.Add(("tokens", string.Create(culture, $"{tokenizer.Kind}, {tokenizer.VocabularySize:N0} in the vocabulary")));
        properties.Add(json =>
        {
            json.WriteString("tokens", tokenizer.Kind);
            json.WriteNumber("vocabulary", tokenizer.VocabularySize);
        });
    }

    // The work for one picture, and what attention has of it.
    private void Works(PictureCosts costs)
    {
        string Share(long part, long whole) => (part / Math.Max(1.0, whole)).ToString(part == 0 || part >= whole / 1000 ? "0.0 %" : "0.0000 %", culture);
        string Sum(IEnumerable<ModuleCost> blocks)
        {
            (long parameters, long work) = (blocks.Sum(b => b.ParameterCount), blocks.Sum(b => b.MultiplyAdds));
            return string.Create(culture, $"{parameters:N0} parameters ({Share(parameters, costs.ParameterCount)}), {work:N0} multiply-adds ({Share(work, costs.MultiplyAdds)})");
        }
        lines.Add(("work", string.Create(culture, $"{costs.MultiplyAdds:N0} multiply-adds for a picture of {costs.Height} x {costs.Width}")));
        foreach (IGrouping<string, ModuleCost> kind in costs.Blocks.GroupBy(b => b.Kind, StringComparer.Ordinal))
            lines.Add(("attention", string.Create(culture, $"{kind.Count()} {kind.Key}, the first {kind.First().Name}: {Sum(kind)}")));
        foreach (var kind in costs.Inserted.GroupBy(b => b.Block.Kind, StringComparer.Ordinal))
            lines.Add(("inserted", string.Create(culture, $"{kind.Count()} {kind.Key}, the first {kind.First().Block.Name} behind {kind.First().After}: {Sum(kind.Select(b => b.Block))}")));
        properties.Add(json =>
        {
            json.WriteNumber("height", costs.Height);
            json.WriteNumber("width", costs.Width);
            json.WriteNumber("multiplyAdds", costs.MultiplyAdds);
            json.WriteStartArray("attention");
            foreach (ModuleCost block in costs.Blocks)
                Write(json, block, costs.Inserted.FirstOrDefault(b => b.Block.Name == block.Name).After);
            json.WriteEndArray();
        });
    }

    private static void Write(Utf8JsonWriter json, ModuleCost block, string? insertedAfter)
    {
        json.WriteStartObject();
        json.WriteString("name", block.Name);
        json.WriteString("kind", block.Kind);
        if (insertedAfter is not null)
            json.WriteString("insertedAfter", insertedAfter);
        json.WriteNumber("parameters", block.ParameterCount);
        json.WriteNumber("multiplyAdds", block.MultiplyAdds);
        json.WriteEndObject();
    }

    private void Weighs(TransformerConfig? config, long parameters, bool isDecoder)
    {
        lines.Add(("parameters", parameters.ToString("N0", culture)));
        string cache = "";
        if (config is not null)
        {
            lines.Add(("context", string.Create(culture, $"{config.MaximumLength:N0} tokens")));
            long bytes = config.CacheBytes(config.MaximumLength), half = config.CacheBytes(config.MaximumLength, KeyValueFormat.BFloat16);
            cache = isDecoder ? $"; {Size(bytes)} for the keys and values of a full context, {Size(half)} as bfloat16" : "";
            properties.Add(json =>
            {
                WriteShape(json, config);
                json.WriteNumber("context", config.MaximumLength);
                if (isDecoder)
                    json.WriteNumber("cacheBytes", bytes);
            });
        }
        lines.Add(("memory", $"{Size(4 * parameters)} of weights as float32{cache}"));
        properties.Add(json => json.WriteNumber("memoryBytes", 4 * parameters));
    }

    private void Folder(string path)
    {
        ModelFolder folder = ModelFolder.Open(path, ModelFolderCheck.Lengths);
        long bytes = folder.Files.Values.Sum(file => file.Length);
        lines.Add(("folder", string.Create(culture, $"{folder.Path}, {bytes:N0} bytes, written by Heed {folder.LibraryVersion}")));
        properties.Add(json =>
        {
            json.WriteString("path", folder.Path);
            json.WriteString("library", folder.LibraryVersion);
            json.WriteNumber("bytes", bytes);
        });
    }

    private static void WriteShape(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteStartObject("network");
        json.WriteNumber("layers", config.LayerCount);
        json.WriteNumber("heads", config.HeadCount);
        json.WriteNumber("keyValueHeads", config.KeyValueHeadCount == 0 ? config.HeadCount : config.KeyValueHeadCount);
        json.WriteNumber("size", config.Size);
        json.WriteString("position", config.Position);
        json.WriteString("activation", config.Activation);
        json.WriteString("norm", config.Norm);
        json.WriteBoolean("isPreNorm", config.IsPreNorm);
        json.WriteEndObject();
    }

    private static string Shape(EncoderDecoderConfig config) => string.Create(culture,
        $"encoder-decoder, {config.Decoder} decoder, {config.Cell}, {config.Score} score, {config.Distribution}; embedding {config.EmbeddingSize}, hidden {config.HiddenSize}, layers {config.LayerCount}{(config.Coverage ? ", coverage" : "")}{(config.Copy ? ", copies" : "")}");

    private static string Shape(TransformerEncoderDecoderConfig config) => string.Create(culture,
        $"Transformer, {Shape(config.Stack)}, {(config.DecoderLayerCount == 0 ? config.Stack.LayerCount : config.DecoderLayerCount)} layers of the decoder{(config.SharesEmbeddings ? ", one table" : "")}");

    private static string Shape(TransformerConfig config) => string.Create(culture,
        $"{config.LayerCount} layers, {config.HeadCount} heads{(config.KeyValueHeadCount > 0 ? $" over {config.KeyValueHeadCount} of keys and values" : "")}, {config.Size} wide, {config.Position} positions, {config.Activation}, {config.Norm} norm {(config.IsPreNorm ? "before" : "after")} sublayers");

    private static string Size(long bytes) => bytes >= 1 << 30 ? string.Create(culture, $"{bytes / (double)(1 << 30):F2} GiB") : bytes >= 1 << 20 ? string.Create(culture, $"{bytes / (double)(1 << 20):F1} MiB") : string.Create(culture, $"{bytes / 1024.0:F1} KiB");
}
