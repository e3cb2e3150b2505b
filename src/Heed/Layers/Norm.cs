namespace Heed;

/// <summary>A normalisation of rows, one by one: <see cref="LayerNorm"/> or <see cref="RmsNorm"/>.</summary>
/// <remarks>Formula: see there. Shapes: x and y <c>(…, size)</c>.</remarks>
public abstract class Norm : Module
{
    /// <summary>The normalisations that have a name: <c>layer</c>, <c>rms</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["layer", "rms"];

    /// <summary>Builds one by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="size">Length of the last axis.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ArgumentException">There is no such name.</exception>
    public static Norm Create(string name, int size, double epsilon) => name switch
    {
        "layer" => new LayerNorm(size, epsilon),
        "rms" => new RmsNorm(size, epsilon),
        _ => throw new ArgumentException($"Norm.Create: there is no normalisation '{name}'; there are {string.Join(", ", Names)}.{NearestName.Hint(name, Names)}", nameof(name)),
    };

    /// <summary>Normalises.</summary>
    /// <param name="x">Shape <c>(…, size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">The last axis of x is not size.</exception>
    public abstract Tensor Forward(Tensor x, in Pass pass);
}
