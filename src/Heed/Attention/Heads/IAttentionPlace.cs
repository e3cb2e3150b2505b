namespace Heed;

/// <summary>A module whose attention weights a pass can ask for (<see cref="AttentionCapture"/>) and replace (<see cref="AttentionOverride"/>).</summary>
/// <remarks>A place tells its weights as a <see cref="CaptureSource"/>, and takes changed ones from <see cref="AttentionOverride.Of"/>.</remarks>
internal interface IAttentionPlace
{
    /// <summary>Whether something learned decides over its weights: a mean has none to change.</summary>
    bool IsLed => true;

    /// <summary>Whether it sums up its keys for the answer: its heads are views, or hops, of one row each.</summary>
    bool IsPooling => false;

    /// <summary>The places of a model by their names, in the order of its modules.</summary>
    /// <param name="model">The model, or a part of it.</param>
    /// <param name="poolings">Whether poolings count.</param>
    /// <param name="layers">Whether layers of attention count.</param>
    static IEnumerable<(string Name, Module Module)> In(Module model, bool poolings = true, bool layers = true) =>
        model.NamedModules().Where(m => m.Module is IAttentionPlace { IsLed: true } place && (place.IsPooling ? poolings : layers));
}
