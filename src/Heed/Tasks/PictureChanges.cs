using System.Text.Json;

namespace Heed;

/// <summary>What a training on pictures is told beyond its network and <see cref="TrainingOptions"/>; part of what the run is known by.</summary>
/// <param name="Augmentation">How training pictures are changed.</param>
/// <param name="Freeze">What stays as it is.</param>
/// <param name="FirstScale">The share of rows and columns that the first pictures have.</param>
/// <param name="Dice">The weight of the Dice loss.</param>
internal sealed record PictureChanges(PictureAugmentation? Augmentation, IReadOnlyList<string> Freeze, double FirstScale = 1, double Dice = 0)
{
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, HeedJson.Default.PictureChanges);
}
