namespace Heed.Kernels;

/// <summary>A function applied to each element of a product's result.</summary>
public enum Activation
{
    /// <summary>x.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>1/(1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>x·clamp(x/6 + ½, 0, 1).</summary>
    HardSwish,

    /// <summary>½x·(1 + tanh(√(2/π)·(x + 0.044715x³))).</summary>
    Gelu,

    /// <summary>x·Φ(x).</summary>
    GeluExact,

    /// <summary>x·σ(x).</summary>
    Silu,
}

/// <summary>What a product does with the values that its destination holds.</summary>
public enum GemmOutput
{
    /// <summary>C = A·B.</summary>
    Overwrite,

    /// <summary>C = C + A·B.</summary>
    Accumulate,
}
