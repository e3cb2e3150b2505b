namespace Heed;

/// <summary>Asks for the lengths of the states that a pooling reads: ‖h_t‖, (batch · time).</summary>
internal sealed class PoolingCapture : IPassRequest
{
    /// <summary>The last pooling's; null until one ran.</summary>
    public float[]? Norms { get; private set; }

    public void Take(Tensor states)
    {
        int size = states.Shape[2];
        float[] norms = new float[states.Length / size];
        for (int i = 0; i < norms.Length; i++)
            norms[i] = System.Numerics.Tensors.TensorPrimitives.Norm(states.Values.Slice(i * size, size));
        Norms = norms;
    }
}
