namespace Heed;

/// <summary>Turns energies of channels into gates; a module of its own, so that a hook sees the gates of every forward.</summary>
/// <remarks>Formula: <c>gate = σ(e)</c>; <c>clamp(e/6 + 1/2, 0, 1)</c> (hard sigmoid); <c>tanh e</c>; or <c>max(e, 0)</c>. Shapes: e and gates <c>(batch, channels)</c>.
/// Source: Hu, Shen and Sun 2018, which compares sigmoid, tanh and relu and recommends the first.</remarks>
public sealed class ChannelGates : Module
{
    /// <summary>Creates the gates.</summary>
    /// <param name="kind">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is no such gate.</exception>
    public ChannelGates(string kind = "sigmoid") => Kind = GateFunction.Require(nameof(ChannelGates), kind);

    /// <summary>The gates: <c>sigmoid</c>, <c>hard-sigmoid</c>, <c>tanh</c>, <c>relu</c>.</summary>
    public static IReadOnlyList<string> Names => GateFunction.Names;

    /// <summary>One of <see cref="Names"/>.</summary>
    public string Kind { get; }

    /// <summary>Opens the gates.</summary>
    /// <param name="energies">Shape <c>(batch, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, channels)</c>; in [0, 1] with either sigmoid.</returns>
    public Tensor Forward(Tensor energies, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(energies);
        Tensor gates = Return(GateFunction.Apply(Kind, energies), pass);
        GateCapture.Tell(this, gates, pass);
        return gates;
    }
}
