using Heed.Kernels;

namespace Heed;

/// <summary>The position-wise network of a Transformer layer: two dense layers with a function between them, or three where one gates another.</summary>
/// <remarks>
/// <para>Formula: <c>y = f(x·W₁ᵀ + b₁)·W₂ᵀ + b₂</c> (Vaswani et al. 2017); gated: <c>y = (f(x·W_gᵀ)∘(x·W₁ᵀ))·W₂ᵀ</c> with f = SiLU (<c>swiglu</c>) or GELU (<c>geglu</c>) (Shazeer 2020).</para>
/// <para>Shapes: x and y <c>(…, size)</c>; <c>up_proj</c> and <c>gate_proj</c> (inner, size), <c>down_proj</c> (size, inner). Cost: 4·rows·size·inner flops, gated 6.</para>
/// </remarks>
public sealed class FeedForward : Module
{
    private readonly Slot<Linear> up, down;
    private readonly Slot<Linear>? gate;
    private readonly Dropout dropout;
    private readonly Activation function;

    /// <summary>Creates the layer.</summary>
    /// <param name="size">Features in and out.</param>
    /// <param name="inner">Features between.</param>
    /// <param name="activation">One of <see cref="Activations"/>.</param>
    /// <param name="hasBias">Whether the dense layers add a bias.</param>
    /// <param name="dropout">Probability that an inner feature is dropped in training.</param>
    /// <exception cref="ArgumentException">There is no such activation.</exception>
    public FeedForward(int size, int inner, string activation = "gelu", bool hasBias = true, double dropout = 0)
    {
        RequireActivation(nameof(FeedForward), activation);
        Activation = activation;
        function = Function(activation);
        if (activation.EndsWith("glu", StringComparison.Ordinal))
            gate = RegisterSlot("gate_proj", new Linear(size, inner, hasBias));
        up = RegisterSlot("up_proj", new Linear(size, inner, hasBias));
        down = RegisterSlot("down_proj", new Linear(inner, size, hasBias));
        this.dropout = Register("dropout", new Dropout(dropout));
    }

    /// <summary>The functions by name: <c>relu</c>, <c>gelu</c> (as defined), <c>gelu-tanh</c>, <c>silu</c>, <c>swiglu</c>, <c>geglu</c>.</summary>
    public static IReadOnlyList<string> Activations { get; } = ["relu", "gelu", "gelu-tanh", "silu", "swiglu", "geglu"];

    /// <summary>The function's name.</summary>
    public string Activation { get; }

    /// <summary>Runs the network.</summary>
    /// <param name="x">Shape <c>(…, size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    public Tensor Forward(Tensor x, in Pass pass)
    {
        Tensor inner = up.Module.Forward(x, pass, gate is null ? function : Kernels.Activation.None);
        if (gate is not null)
            inner = gate.Module.Forward(x, pass, function) * inner;
        return Return(down.Module.Forward(dropout.Forward(inner, pass), pass), pass);
    }

    internal static void RequireActivation(string who, string activation)
    {
        if (!Activations.Contains(activation, StringComparer.Ordinal))
            throw new ArgumentException($"{who}: there is no activation '{activation}'; there are {string.Join(", ", Activations)}.{NearestName.Hint(activation, Activations)}", nameof(activation));
    }

    private static Activation Function(string activation) => activation switch
    {
        "relu" => Kernels.Activation.Relu,
        "gelu" or "geglu" => Kernels.Activation.GeluExact,
        "gelu-tanh" => Kernels.Activation.Gelu,
        _ => Kernels.Activation.Silu,
    };
}
