namespace Heed.Kernels;

/// <summary>The function that turns energies of channels into gates.</summary>
public enum ChannelGate
{
    /// <summary>1/(1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>clamp(x/6 + ½, 0, 1).</summary>
    HardSigmoid,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>max(x, 0).</summary>
    Relu,
}
