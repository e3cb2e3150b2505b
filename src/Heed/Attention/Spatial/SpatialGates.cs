namespace Heed;

/// <summary>Turns energies of places into gates; a module of its own, so that a hook sees the map of every forward.</summary>
/// <remarks>Formula: <c>gate = σ(e)</c>. Shapes: e and gates <c>(batch, height, width, 1)</c>, or <c>(batch, height, width, channels)</c> where a block has a gate for each channel of a place.</remarks>
public sealed class SpatialGates : Module
{
    /// <summary>Opens the gates.</summary>
    /// <param name="energies">Shape <c>(batch, height, width, 1 or channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>As the energies, in [0, 1].</returns>
    public Tensor Forward(Tensor energies, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(energies);
        Tensor gates = Return(energies.Sigmoid(), pass);
        GateCapture.Tell(this, gates, pass);
        return gates;
    }
}
