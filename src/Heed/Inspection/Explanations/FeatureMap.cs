namespace Heed;

/// <summary>The last feature map of a network of convolutions on one picture, and the gradient of the explained value there.</summary>
/// <param name="Rows">Rows of the map.</param>
/// <param name="Columns">Columns of the map.</param>
/// <param name="Values">Shape <c>(rows, columns, channels)</c>.</param>
/// <param name="Gradient">As the values.</param>
public sealed record FeatureMap(int Rows, int Columns, ReadOnlyMemory<float> Values, ReadOnlyMemory<float> Gradient)
{
    /// <summary>Channels of the map.</summary>
    public int Channels => Values.Length / Math.Max(1, Rows * Columns);
}
