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
            _ => throw new JsonException($"there is no network of the kind '{model}'; there are {ResNetConfig.ModelName}."),
        };
    }

    public override void Write(Utf8JsonWriter writer, PictureNetworkConfig value, JsonSerializerOptions options)
    {
        switch (value)
        {
            case ResNetConfig residual:
                JsonSerializer.Serialize(writer, residual, HeedJson.Default.ResNetConfig);
                break;
            default:
                throw new JsonException($"no kind is named for {value.GetType().Name}.");
        }
    }
}
