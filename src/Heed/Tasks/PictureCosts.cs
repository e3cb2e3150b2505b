namespace Heed;

/// <summary>What a network for pictures costs.</summary>
/// <param name="Height">Rows of the picture.</param>
/// <param name="Width">Columns of the picture.</param>
/// <param name="ParameterCount">Values in its parameters.</param>
/// <param name="MultiplyAdds">Multiplications with additions for one picture, as <see cref="ModuleCost.MultiplyAdds"/>; interpolation does not count.</param>
/// <param name="Blocks">Its attention blocks, and the convolutions that attend.</param>
public sealed record PictureCosts(int Height, int Width, long ParameterCount, long MultiplyAdds, IReadOnlyList<ModuleCost> Blocks)
{
    /// <summary>The blocks that were inserted, each with the name of the module that it follows.</summary>
    public IReadOnlyList<(string After, ModuleCost Block)> Inserted { get; init; } = [];

    /// <summary>Measures a forward pass, with hooks: not while other threads use the network.</summary>
    internal static PictureCosts Measure(Module network, int height, int width, Func<Pass, Tensor> look)
    {
        IReadOnlyList<ModuleCost> costs = ModuleCost.Measure(network, look);
        HashSet<string> blocks = [.. network.NamedModules().Where(m => m.Module is PictureAttention or PictureConvolution).Select(m => m.Name)];
        Dictionary<string, ModuleCost> byName = costs.ToDictionary(c => c.Name, StringComparer.Ordinal);
        // A block within a block is counted with it.
        return new PictureCosts(height, width, network.ParameterCount, costs[0].MultiplyAdds, [.. costs.Where(c => blocks.Contains(c.Name) && !blocks.Any(outer => c.Name.StartsWith(outer + ".", StringComparison.Ordinal)))])
        {
            Inserted = [.. network.Changes.OfType<Insertion>().SelectMany(i => i.Blocks).Select(b => (b.After, byName[b.Name]))],
        };
    }
}
