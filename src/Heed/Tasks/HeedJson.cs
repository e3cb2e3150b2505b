using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The first lines of a model folder's <c>config.json</c>.</summary>
internal sealed record TextClassifierConfig
{
    public const string FormatName = "heed-model";
    public const string TaskName = "text-classification";
    public const string Recurrent = "blstm";
    public const string Transforming = "transformer";
    public const int LatestVersion = 2;

    public string Format { get; init; } = FormatName;

    public int Version { get; init; } = LatestVersion;

    public string Task { get; init; } = TaskName;

    public string Model { get; init; } = Recurrent;

    public required IReadOnlyList<string> Labels { get; init; }

    // Of the two that which Model names.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BlstmConfig? Network { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TransformerClassifierConfig? Transformer { get; init; }

    // Where the tokenizer is that of a pretrained encoder.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PretrainedTokens? Tokens { get; init; }

    // Since version 2; the generated reader gives what a file lacks its type's default.
    public TargetKind? Target { get; init; }

    public double? Temperature { get; init; }

    public IReadOnlyList<float>? Thresholds { get; init; }

    public double? Mean { get; init; }

    public double? Deviation { get; init; }
}

/// <summary>What a tokenizer's own files do not say.</summary>
internal sealed record PretrainedTokens
{
    public int MaximumLength { get; init; }

    public TextRedaction Redaction { get; init; }
}

/// <summary>The JSON of our files, generated at compile time: safe to trim.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(TextClassifierConfig))]
[JsonSerializable(typeof(TranslatorConfig))]
[JsonSerializable(typeof(LanguageModelConfig))]
[JsonSerializable(typeof(ImageClassifierConfig))]
[JsonSerializable(typeof(ResNetConfig))]
[JsonSerializable(typeof(SegmenterConfig))]
[JsonSerializable(typeof(DetectorConfig))]
[JsonSerializable(typeof(MobileNetV3Config))]
[JsonSerializable(typeof(VisionTransformerConfig))]
[JsonSerializable(typeof(MaskedLanguageModelConfig))]
[JsonSerializable(typeof(PictureChanges))]
[JsonSerializable(typeof(TrainingRecord))]
[JsonSerializable(typeof(BlstmConfig))]
[JsonSerializable(typeof(TransformerClassifierConfig))]
internal sealed partial class HeedJson : JsonSerializerContext;
