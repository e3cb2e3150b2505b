namespace Heed;

/// <summary>Asks a forward pass for the gates of all channel attention, layer by layer in the order in which they run.</summary>
internal sealed class GateCapture : IPassRequest
{
    private readonly Dictionary<ChannelGates, string> names = [];

    public GateCapture(Module model)
    {
        foreach ((string name, Module module) in model.NamedModules())
        {
            if (module is ChannelGates gates)
                names.TryAdd(gates, name.EndsWith(".gate", StringComparison.Ordinal) ? name[..^5] : name);
        }
    }

    /// <summary>(batch · channels) of each layer.</summary>
    public List<(string Layer, float[] Values)> Results { get; } = [];

    public void Take(ChannelGates gates, Tensor values)
    {
        if (names.TryGetValue(gates, out string? name))
            Results.Add((name, values.ToArray()));
    }
}
