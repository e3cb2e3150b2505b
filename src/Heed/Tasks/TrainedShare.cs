namespace Heed;

/// <summary>How much of a network is trained, where something is frozen.</summary>
internal static class TrainedShare
{
    /// <summary>A line that says it; none where all is trained.</summary>
    /// <exception cref="ArgumentException">Everything is frozen.</exception>
    public static IEnumerable<string> Of(Module network)
    {
        long trained = network.NamedParameters().Where(p => p.Parameter.IsTrained).Sum(p => (long)p.Parameter.Shape.Length);
        if (trained == 0)
            throw new ArgumentException("Train: every parameter is frozen; nothing is left to train.", nameof(network));
        return trained == network.ParameterCount ? [] : [FormattableString.Invariant($"{trained:N0} of {network.ParameterCount:N0} parameters are trained, the others frozen")];
    }
}
