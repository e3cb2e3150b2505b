namespace Heed;

/// <summary>Gates or weights that a layer made in a forward pass.</summary>
/// <param name="Layer">Its full name, as <c>layer1.0.se.gate</c>.</param>
/// <param name="Shape">As <see cref="ChannelGates"/>, <see cref="SpatialGates"/> or <see cref="PlaceWeights"/> say.</param>
/// <param name="Values">Row by row.</param>
public sealed record CapturedGates(string Layer, Shape Shape, IReadOnlyList<float> Values);

/// <summary>Asks a forward pass for the gates of all attention blocks for pictures, and for their weights over places.</summary>
/// <remarks>Give it to <see cref="Step.Evaluate{T}"/>. The pass is as without it, to the last bit. For one forward pass at a time.</remarks>
public sealed class GateCapture : IPassRequest
{
    private readonly Dictionary<Module, string> names = [];
    private readonly List<CapturedGates> results = [];

    /// <summary>Makes a request.</summary>
    /// <param name="model">The model that will run.</param>
    public GateCapture(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach ((string name, Module module) in model.NamedModules())
            names.TryAdd(module, name);
    }

    /// <summary>What was captured, in the order of the pass.</summary>
    public IReadOnlyList<CapturedGates> Results => results;

    internal static void Tell(Module layer, Tensor gates, in Pass pass)
    {
        if (pass.Find<GateCapture>() is { } capture)
            capture.results.Add(new CapturedGates(capture.names.GetValueOrDefault(layer, ""), gates.Shape, gates.ToArray()));
    }
}
