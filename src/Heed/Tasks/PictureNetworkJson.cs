using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The shape of a picture network in our files: its property <c>model</c> names the family; where there is none it is a residual network, as before there were others.</summary>
internal sealed class PictureNetworkJson : JsonConverter<PictureNetworkConfig>
{
    public override PictureNetworkConfig? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        JsonElement root = document.RootElement;
        string? model = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("model", out JsonElement name) ? name.ToString() : ResNetConfig.ModelName;
        return model switch
        {
            ResNetConfig.ModelName => root.Deserialize(HeedJson.Default.ResNetConfig),
            MobileNetV3Config.ModelName => root.Deserialize(HeedJson.Default.MobileNetV3Config),
            VisionTransformerConfig.ModelName => root.Deserialize(HeedJson.Default.VisionTransformerConfig),
            _ => throw new JsonException($"there is no network of the kind '{model}'; there are {ResNetConfig.ModelName}, {MobileNetV3Config.ModelName}, {VisionTransformerConfig.ModelName}."),
        };
    }

    public override void Write(Utf8JsonWriter writer, PictureNetworkConfig value, JsonSerializerOptions options)
    {
        switch (value)
        {
            case ResNetConfig residual:
                JsonSerializer.Serialize(writer, residual, HeedJson.Default.ResNetConfig);
                break;
            case MobileNetV3Config mobile:
                JsonSerializer.Serialize(writer, mobile, HeedJson.Default.MobileNetV3Config);
                break;
            case VisionTransformerConfig vision:
                JsonSerializer.Serialize(writer, vision, HeedJson.Default.VisionTransformerConfig);
                break;
            default:
                throw new JsonException($"no kind is named for {value.GetType().Name}.");
        }
    }
}
