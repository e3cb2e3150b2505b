using System.Text.Json.Serialization;

namespace Heed;

/// <summary>How a block can be made again, for files: its name and reduction, or its options.</summary>
internal sealed record BlockRecipe
{
    public string Block { get; init; } = "";

    public int Reduction { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SqueezeExcitationConfig? SqueezeExcitation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GatherExciteConfig? GatherExcite { get; init; }

    public PictureAttention Create(int channels) =>
        SqueezeExcitation is not null ? new SqueezeExcitation(channels, SqueezeExcitation) : GatherExcite is not null ? new GatherExcite(channels, GatherExcite) : PictureAttention.Create(Block, channels, Reduction);
}

/// <summary>A block that was inserted into a model, for files.</summary>
internal sealed record InsertedBlock
{
    public string After { get; init; } = "";

    public string Name { get; init; } = "";

    public BlockRecipe? Recipe { get; init; }
}
