using Heed.Kernels;

namespace Heed;

/// <summary>A dense layer.</summary>
/// <remarks>
/// <para>Formula: <c>y = x·Wᵀ + b</c>.</para>
/// <para>Shapes: x <c>(…, in)</c>; W <c>(out, in)</c>; b <c>(out)</c>; y <c>(…, out)</c>.</para>
/// <para>Starts uniform in ±1/√in, weights and bias, as PyTorch's. Cost: 2·rows·in·out flops.</para>
/// </remarks>
public sealed class Linear : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputSize">in.</param>
    /// <param name="outputSize">out.</param>
    /// <param name="hasBias">Whether b is added; default true.</param>
    /// <param name="initializer">How W starts; default <see cref="Initializer.LecunUniform"/>.</param>
    /// <param name="biasInitializer">How b starts; default uniform in ±1/√in.</param>
    public Linear(int inputSize, int outputSize, bool hasBias = true, Initializer? initializer = null, Initializer? biasInitializer = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputSize, 1);
        weight = Register("weight", new Parameter(new Shape(outputSize, inputSize), initializer ?? Initializer.LecunUniform));
        if (hasBias)
            bias = Register("bias", new Parameter(new Shape(outputSize), biasInitializer ?? Initializer.Uniform(1 / Math.Sqrt(inputSize))));
    }

    /// <summary>W.</summary>
    public Parameter Weight => weight;

    /// <summary>b, if there is one.</summary>
    public Parameter? Bias => bias;

    internal override int OutputChannels => weight.Shape[0];

    internal override long MultiplyAdds(Shape output) => (long)output.Length * weight.Shape[1];

    /// <summary>Multiplies.</summary>
    /// <param name="x">Shape <c>(…, in)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(…, out)</c>.</returns>
    /// <exception cref="ShapeException">The last axis of x is not in.</exception>
    public Tensor Forward(Tensor x, in Pass pass)
    {
        Tensor y = Tensor.Linear(x, pass.Use(weight), bias is null ? null : pass.Use(bias));
        return Return(Adapter is null ? y : y + Adapter.Forward(x, pass), pass);
    }

    /// <summary>φ(x·Wᵀ + b), where no gradient is wanted and nothing asks for what lies between, with φ in the product's own sweep.</summary>
    /// <param name="x">Shape <c>(…, in)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="activation">φ.</param>
    /// <returns>Shape <c>(…, out)</c>.</returns>
    internal Tensor Forward(Tensor x, in Pass pass, Activation activation)
    {
        if (Adapter is null && !HasHooks && !pass.Step.Records)
            return Tensor.Linear(x, pass.Use(weight), bias is null ? null : pass.Use(bias), activation);
        Tensor y = Forward(x, pass);
        return activation switch
        {
            Activation.None => y,
            Activation.Relu => y.Relu(),
            Activation.Tanh => y.Tanh(),
            Activation.Sigmoid => y.Sigmoid(),
            Activation.HardSwish => y.HardSwish(),
            Activation.Gelu => y.Gelu(),
            Activation.GeluExact => y.GeluExact(),
            Activation.Silu => y.Silu(),
            _ => throw new ArgumentOutOfRangeException(nameof(activation)),
        };
    }

    /// <summary>What is learned beside frozen weights; null for nothing.</summary>
    internal LoraAdapter? Adapter { get; private set; }

    internal void Adapt(LoraAdapter adapter)
    {
        if (Adapter is not null)
            throw new ArgumentException("LoraAdapter.Apply: the layer is adapted already; merge first.", nameof(adapter));
        Adapter = Register("lora", adapter);
    }

    internal void Merge()
    {
        Adapter?.AddTo(weight);
        Adapter = null;
        Unregister("lora");
    }
}
