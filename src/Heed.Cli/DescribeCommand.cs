using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed describe MODEL</c>: what a model, a checkpoint of others or a tokenizer is made of, and how it came to be.</summary>
internal static class DescribeCommand
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = new("model") { Description = "The folder of a model, of a checkpoint of others, or of a tokenizer." };
        Option<bool> json = CommonOptions.Json();
        Option<bool> privacy = new("--privacy") { Description = "List what the folder holds of the training data." };
        Option<string?> heads = new("--heads") { Description = "What each attention head of a Transformer does on this text, instead.", HelpName = "text" };
        Option<string?> trace = new("--trace") { Description = "With --heads: write the attention of every layer and head to this folder, a trace that 'heed report' shows.", HelpName = "folder" };
        Option<string> type = new("--trace-type") { Description = "How a trace stores weights: f32, f16 or u8.", HelpName = "type", DefaultValueFactory = _ => "f16" };
        Option<string> size = new("--size") { Description = "Rows and columns of the picture for which a segmenter's work is counted, as 240x320; 0 for those to which it scales pictures, or 256x256.", HelpName = "HxW", DefaultValueFactory = _ => "0" };
        Command command = new("describe", "Shows network, parameters, memory and training of a model.") { model, privacy, heads, trace, type, size, json };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(model)!;
            if (parsed.GetValue(privacy))
            {
                IReadOnlyList<PrivacyItem> items = ModelPrivacy.List(path);
                if (parsed.GetValue(json))
                    JsonText.WriteObject(terminal.Out, writer => PrivacyListing.Write(writer, items), isIndented: true);
                else
                    PrivacyListing.Write(terminal, items);
                return ExitCode.Done;
            }
            if (parsed.GetValue(heads) is { } text)
                return HeadListing.Write(terminal, path, text, parsed.GetValue(json), parsed.GetValue(trace), HeadListing.TypeOf(parsed.GetValue(type)!));
            if (parsed.GetValue(trace) is not null)
                throw new UsageException("--trace is of a text: give it with --heads TEXT.");
            if (ModelDescription.Of(path, SegmentSettings.Size("--size", parsed.GetValue(size)!)) is { } description)
            {
                UnexpectedTensors.Say(terminal.Say, path);
                description.Write(terminal, parsed.GetValue(json));
                return ExitCode.Done;
            }
            TextClassifier classifier = TextClassifier.Load(path);
            ModelFolder folder = ModelFolder.Open(path, ModelFolderCheck.Lengths);
            if (parsed.GetValue(json))
                JsonText.WriteObject(terminal.Out, writer => Write(writer, classifier, folder), isIndented: true);
            else
                Write(terminal, classifier, folder);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(Terminal terminal, TextClassifier classifier, ModelFolder folder)
    {
        TrainingRecord record = classifier.Record;
        TextWriter output = terminal.Out;
        output.WriteLine($"model       {Network(classifier.Network.Config)}");
        output.WriteLine($"target      {Target(classifier)}");
        if (classifier.Labels.Count > 0)
            output.WriteLine($"labels      {classifier.Labels.Count.ToString(culture)}: {string.Join(", ", classifier.Labels)}");
        if (classifier.Features.FieldCount > 0)
            output.WriteLine($"columns     {string.Join(", ", classifier.Features.Categories.Select(c => c.Name).Concat(classifier.Features.Numbers.Select(n => n.Name)))}");
        if (classifier.Baseline is { } baseline)
            output.WriteLine(string.Create(culture, $"beside it   bag of words, {baseline.FeatureCount:N0} features, strength {baseline.Strength}"));
        output.WriteLine($"tokens      {Tokens(classifier.Tokens)}");
        long bytes = folder.Files.Values.Sum(file => file.Length);
        output.WriteLine(string.Create(culture, $"folder      {folder.Path}, {bytes:N0} bytes, written by Heed {folder.LibraryVersion}"));
        ModelTables.WriteTraining(output, record, string.Create(culture, $"at most {record.Options.EpochCount} epochs"));
        output.WriteLine(string.Create(culture, $"parameters  {classifier.Network.ParameterCount:N0}"));
        ModelTables.WriteParameters(terminal, classifier.Network);
        ModelTables.WriteEpochs(terminal, record);
    }

    private static void Write(Utf8JsonWriter json, TextClassifier classifier, ModelFolder folder)
    {
        TrainingRecord record = classifier.Record;
        json.WriteString("path", folder.Path);
        json.WriteString("library", folder.LibraryVersion);
        json.WriteNumber("bytes", folder.Files.Values.Sum(file => file.Length));
        json.WriteString("target", classifier.Target switch { TargetKind.Multi => "multi", TargetKind.Ordinal => "ordinal", TargetKind.Number => "number", _ => "single" });
        json.WriteNumber("temperature", classifier.Temperature);
        json.WriteStartArray("labels");
        foreach (string label in classifier.Labels)
            json.WriteStringValue(label);
        json.WriteEndArray();
        json.WriteStartObject("tokens");
        json.WriteString("tokenizer", (classifier.Tokens as TextEncoder)?.Tokenizer.Name ?? "pretrained");
        if (classifier.Tokens is TextEncoder own)
            json.WriteBoolean("lowerCase", own.Tokenizer.LowerCase);
        json.WriteNumber("vocabulary", classifier.Tokens.VocabularySize);
        json.WriteNumber("maximumLength", classifier.Tokens.MaximumLength);
        json.WriteEndObject();
        json.WriteStartObject("network");
        Write(json, classifier.Network.Config);
        json.WriteEndObject();
        ModelTables.WriteParameters(json, classifier.Network);
        ModelTables.WriteTraining(json, record);
    }

    private static void Write(Utf8JsonWriter json, TextNetworkConfig config)
    {
        if (config is BlstmConfig network)
        {
            json.WriteString("cell", network.Cell);
            json.WriteString("structure", network.Structure);
            json.WriteString("pairForm", network.PairForm);
            json.WriteString("pooling", network.Pooling);
            json.WriteNumber("embedding", network.EmbeddingSize);
            json.WriteNumber("hidden", network.HiddenSize);
            json.WriteNumber("layers", network.LayerCount);
            json.WriteNumber("views", network.Views);
        }
        else if (config is TransformerClassifierConfig { Encoder: var encoder } transformer)
        {
            json.WriteString("structure", "transformer");
            json.WriteString("pooling", transformer.Pooling);
            json.WriteString("position", encoder.Position);
            json.WriteNumber("size", encoder.Size);
            json.WriteNumber("layers", encoder.LayerCount);
            json.WriteNumber("heads", encoder.HeadCount);
        }
    }

    private static string Target(TextClassifier classifier) => classifier.Target switch
    {
        TargetKind.Multi => $"a set of labels, from these probabilities on: {string.Join(", ", classifier.Labels.Zip(classifier.Thresholds, (l, t) => string.Create(culture, $"{l} {t:F2}")))}",
        TargetKind.Ordinal => string.Create(culture, $"one of several ordered labels; temperature {classifier.Temperature:F2}"),
        TargetKind.Number => "a number",
        _ => string.Create(culture, $"one label; temperature {classifier.Temperature:F2}"),
    };

    private static string Network(TextNetworkConfig network) => network is BlstmConfig recurrent ? Network(recurrent) : Network((TransformerClassifierConfig)network);

    private static string Network(TransformerClassifierConfig network) => string.Create(culture,
        $"Transformer of {network.Encoder.LayerCount} layers, {network.Encoder.HeadCount} heads, {network.Encoder.Size} wide, {network.Encoder.Position} positions, {network.Pooling} pooling{(network.HasPooler ? " with a pooler" : "")}")
        + (network.Evidence ? ", evidence of the bag of words" : "");

    private static string Network(BlstmConfig network) => string.Create(culture,
        $"{network.Structure switch { "flat" => $"bidirectional {network.Cell}", "directional" => "directional self-attention", var other => $"{other}, bidirectional {network.Cell}" }}, {network.Pooling} pooling; embedding {network.EmbeddingSize}, hidden {network.HiddenSize}")
        + (network.PairForm == "joined" ? "" : network.PairForm == "towers" ? ", each text of a pair for itself" : $", {network.PairForm} co-attention between the texts of a pair")
        + (network.Evidence ? ", evidence of the bag of words" : "")
        + (network.LayerCount > 1 ? string.Create(culture, $", layers {network.LayerCount}") : "")
        + (network.Pooling is "additive" or "structured" ? string.Create(culture, $", attention {network.AttentionSize}") : "")
        + (network.Views > 1 ? string.Create(culture, $", views {network.Views}{(network.AverageViews ? " (averaged)" : "")}") : "");

    private static string Tokens(TokenEncoder tokens)
    {
        if (tokens is not TextEncoder encoder)
            return string.Create(culture, $"tokenizer of a pretrained encoder, {tokens.VocabularySize:N0} in the vocabulary, at most {tokens.MaximumLength:N0} a text");
        string letters = encoder.Tokenizer.LowerCase ? "lower case" : "upper and lower case";
        return string.Create(culture, $"{encoder.Tokenizer.Name}, {letters}, {encoder.Vocabulary.Count:N0} in the vocabulary, at most {encoder.MaximumLength:N0} a text");
    }
}
