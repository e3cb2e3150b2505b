namespace Heed;

/// <summary>A highway layer: a gate for each feature decides between a transform of the input and the input itself.</summary>
/// <remarks>
/// <para>Formula: <c>T = σ(x·W_Tᵀ + b_T)</c>, <c>y = T ∘ H(x) + (1 − T) ∘ x</c>, <c>H(x) = ReLU(x·W_Hᵀ + b_H)</c>.</para>
/// <para>Shapes: x, y and gates <c>(…, size)</c>; W_T, W_H <c>(size, size)</c>. b_T starts at a negative value, so that a deep stack carries its input through at first.</para>
/// <para>Variant: the carry gate is 1 − T, as in the paper's experiments. Cost: 4·rows·size² flops. Source: Srivastava, Greff and Schmidhuber, "Highway networks", 2015, equation 3.</para>
/// </remarks>
public sealed class Highway : Module
{
    internal static Mechanism Entry => new("highway", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "T = σ(x·W_Tᵀ + b_T); y = T ∘ ReLU(x·W_Hᵀ + b_H) + (1 − T) ∘ x",
        Shapes = "x, y and gates (…, size)",
        Cost = "4·rows·size² flops",
        Source = "Srivastava, Greff and Schmidhuber, \"Highway networks\", 2015",
        Variant = "The carry gate is 1 − T; b_T starts at −2.",
        Use = "Deep stacks that should carry their input through at first.",
        Avoid = "Layers that change the size: x must pass as it is.",
        Example = new(() =>
        {
            Highway layer = new(size: 3);
            layer.Initialize(seed: 1);
            return Step.Evaluate(pass => layer.Forward(Tensor.From([1, -1, 2], new Shape(1, 3)), pass).Gates!, Capture.Gates);
        }),
        Types = [typeof(Highway)],
        Pages = ["gates"],
    };

    private readonly Linear transform;
    private readonly Parameter gateWeight, gateBias;

    /// <summary>Creates the layer.</summary>
    /// <param name="size">Features, in and out.</param>
    /// <param name="gateBias">b_T at the start; default −2, within the paper's −1 to −4.</param>
    public Highway(int size, float gateBias = -2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        transform = Register("transform", new Linear(size, size));
        gateWeight = Register("gate_weight", new Parameter(new Shape(size, size), Initializer.LecunUniform));
        this.gateBias = Register("gate_bias", new Parameter(new Shape(size), Initializer.Filled(gateBias)));
    }

    /// <summary>Transforms or carries.</summary>
    /// <param name="x">Shape <c>(…, size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Output and transform gates T, each <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">The last axis of x is not size.</exception>
    public GatedResult Forward(Tensor x, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tensor open = Tensor.Linear(x, pass.Use(gateWeight), pass.Use(gateBias)).Sigmoid();
        // x + T∘(H − x): the same, with one product less.
        return new GatedResult(Return(x + (open * (transform.Forward(x, pass).Relu() - x)), pass), pass.Capture.HasFlag(Capture.Gates) ? open : null);
    }
}
