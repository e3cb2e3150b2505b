namespace Heed;

/// <summary>How far one block of channel attention lets each channel through.</summary>
/// <param name="Layer">The block's name in the network.</param>
/// <param name="Values">One gate a channel, from 0 for closed to 1 for open; means where there are several pictures.</param>
public sealed record LayerGates(string Layer, IReadOnlyList<float> Values);
