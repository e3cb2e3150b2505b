namespace Heed;

/// <summary>One array of a safetensors file: what its header says about it.</summary>
/// <param name="Name">The name, unique in the file; ordinal, case-sensitive.</param>
/// <param name="Type">How the numbers are stored.</param>
/// <param name="Shape">The dimensions; empty for a single number.</param>
/// <param name="Offset">Where the data begins, in bytes from the start of the file.</param>
/// <param name="ByteCount">How long the data is, in bytes.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Offset, long ByteCount)
{
    /// <summary>How many numbers the array holds: the product of <see cref="Shape"/>, 1 for a single number.</summary>
    public long ElementCount => ByteCount / SafetensorsHeader.ElementSize(Type);

    /// <summary>Name, type and shape, as <c>encoder.weight F32 (512, 128)</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Name} {Type} ({string.Join(", ", Shape)})");
}
