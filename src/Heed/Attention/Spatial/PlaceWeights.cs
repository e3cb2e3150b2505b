namespace Heed;

/// <summary>Attention weights over the places of pictures; a module of its own, so that a hook sees them.</summary>
/// <remarks>Formula: <c>α = softmax over places of e</c>, for each map. Shapes: e <c>(batch, height, width, maps)</c>; α <c>(batch, maps, height·width)</c>, rows that sum to 1.</remarks>
public sealed class PlaceWeights : Module
{
    /// <summary>Weighs.</summary>
    /// <param name="energies">Shape <c>(batch, height, width, maps)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, maps, height·width)</c>.</returns>
    public Tensor Forward(Tensor energies, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(energies);
        int places = energies.Shape[1] * energies.Shape[2];
        Tensor weights = Return(energies.Reshape(new Shape(energies.Shape[0], places, energies.Shape[3])).SoftmaxOverTime(SequenceRanges.Full(energies.Shape[0], places)), pass);
        GateCapture.Tell(this, weights, pass);
        return weights;
    }
}
