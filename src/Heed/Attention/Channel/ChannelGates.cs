namespace Heed;

/// <summary>Turns energies of channels into gates; a module of its own, so that a hook sees the gates of every forward.</summary>
/// <remarks>Formula: <c>gate = σ(e)</c>, or <c>clamp(e/6 + 1/2, 0, 1)</c> (hard sigmoid). Shapes: e and gates <c>(batch, channels)</c>.</remarks>
public sealed class ChannelGates : Module
{
    /// <summary>Creates the gates.</summary>
    /// <param name="kind"><c>sigmoid</c> or <c>hard-sigmoid</c>.</param>
    /// <exception cref="ArgumentException">There is no such gate.</exception>
    public ChannelGates(string kind = "sigmoid")
    {
        if (kind is not ("sigmoid" or "hard-sigmoid"))
            throw new ArgumentException($"ChannelGates: there is no gate '{kind}'; there are sigmoid, hard-sigmoid.", nameof(kind));
        Kind = kind;
    }

    /// <summary><c>sigmoid</c> or <c>hard-sigmoid</c>.</summary>
    public string Kind { get; }

    /// <summary>Opens the gates.</summary>
    /// <param name="energies">Shape <c>(batch, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, channels)</c>, in [0, 1].</returns>
    public Tensor Forward(Tensor energies, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(energies);
        // clamp(a, 0, 1) = relu(a) − relu(a − 1).
        Tensor a = Kind == "sigmoid" ? energies : energies.Scale(1 / 6f, 0.5f);
        Tensor gates = Kind == "sigmoid" ? a.Sigmoid() : a.Relu() - a.Scale(1, -1).Relu();
        pass.Find<GateCapture>()?.Take(this, gates);
        return Return(gates, pass);
    }
}
