using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed describe MODEL</c>: what a model is made of and how it came to be.</summary>
internal static class DescribeCommand
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = CommonOptions.Model();
        Option<bool> json = CommonOptions.Json();
        Option<bool> privacy = new("--privacy") { Description = "List what the folder holds of the training data." };
        Command command = new("describe", "Shows labels, network, parameters and training of a model.") { model, privacy, json };
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
        TrainingOptions training = record.Options;
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
        output.WriteLine(string.Create(culture,
            $"training    seed {training.Seed}, batch {training.BatchSize}, {training.Optimizer} {training.LearningRate} {training.Schedule}, at most {training.EpochCount} epochs by {training.Monitor}"));
        output.WriteLine(string.Create(culture, $"best epoch  {record.BestEpoch}{(record.WasCancelled ? ", interrupted" : "")}"));
        output.WriteLine($"data        train {record.TrainHash}");
        output.WriteLine($"            dev   {record.DevHash}");
        output.WriteLine(string.Create(culture, $"parameters  {classifier.Network.ParameterCount:N0}"));
        output.WriteLine();
        Styled.WriteTable(terminal, ["parameter", "shape", ">values"], classifier.Network.NamedParameters().Select(p =>
            new[] { p.Name, p.Parameter.Shape.ToString(), p.Parameter.Shape.Length.ToString("N0", culture) }));
        if (record.Epochs.Count == 0)
            return;
        output.WriteLine();
        Styled.WriteTable(terminal, [">epoch", ">train loss", ">dev loss", ">accuracy", ">macro F1", ">seconds", ""], record.Epochs.Select(e => new[]
        {
            e.Epoch.ToString(culture), Figure(e.TrainLoss), Figure(e.DevLoss), Figure(e.Accuracy), Figure(e.MacroF1),
            e.Duration.TotalSeconds.ToString("F1", culture), e.Epoch == record.BestEpoch ? "best" : "",
        }));
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
        WriteParameters(json, classifier.Network);
        WriteTraining(json, record);
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

    private static void WriteParameters(Utf8JsonWriter json, TextNetwork network)
    {
        json.WriteNumber("parameterCount", network.ParameterCount);
        json.WriteStartArray("parameters");
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteStartArray("shape");
            foreach (int size in parameter.Shape.Sizes)
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteTraining(Utf8JsonWriter json, TrainingRecord record)
    {
        json.WriteStartObject("training");
        json.WriteNumber("seed", record.Options.Seed);
        json.WriteString("monitor", record.Options.Monitor);
        json.WriteNumber("bestEpoch", record.BestEpoch);
        json.WriteBoolean("wasCancelled", record.WasCancelled);
        json.WriteString("trainHash", record.TrainHash);
        json.WriteString("devHash", record.DevHash);
        json.WriteStartArray("epochs");
        foreach (EpochReport epoch in record.Epochs)
        {
            json.WriteStartObject();
            json.WriteNumber("epoch", epoch.Epoch);
            json.WriteFinite("trainLoss", epoch.TrainLoss);
            json.WriteFinite("devLoss", epoch.DevLoss);
            json.WriteFinite("accuracy", epoch.Accuracy);
            json.WriteFinite("macroF1", epoch.MacroF1);
            json.WriteFinite("seconds", epoch.Duration.TotalSeconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
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

    private static string Figure(double value) => value.ToString("F4", culture);
}
