namespace Heed;

/// <summary>Stands between what a model makes of its input and what reads that: may put other values in its place, and keeps the gradient.</summary>
/// <remarks>A place is the module that makes the vectors. Gradients are there once <see cref="Step.Differentiate{T}"/>'s work has gone back, until its step ends. For one forward pass.</remarks>
internal sealed class InputProbe : IPassRequest
{
    private readonly Dictionary<object, float[]?> places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<object, Tensor> leaves = new(ReferenceEqualityComparer.Instance);

    /// <summary>Watches a place.</summary>
    /// <param name="place">The module that makes the vectors.</param>
    /// <param name="values">What shall stand there; null: what the module makes.</param>
    public void Watch(object place, float[]? values = null) => places[place] = values;

    /// <summary>What stands at a place.</summary>
    public Tensor this[object place] => leaves[place];

    /// <summary>Whether vectors came through a place.</summary>
    public bool Has(object place) => leaves.ContainsKey(place);

    /// <summary>The gradient of a place.</summary>
    public float[] GradientOf(object place) => leaves[place].HasGradient ? leaves[place].GradientSpan().ToArray() : new float[leaves[place].Length];

    /// <summary>Passes vectors through; the first time in a pass that a place is watched they become a leaf.</summary>
    public Tensor Through(object place, Tensor made)
    {
        if (!places.TryGetValue(place, out float[]? values) || leaves.ContainsKey(place))
            return made;
        if (values is not null && values.Length != made.Length)
            throw new ShapeException(FormattableString.Invariant($"InputProbe: {values.Length} values came for vectors {made.Shape}."));
        Tensor leaf = made.Step!.New(made.Shape, requiresGradient: true);
        (values is null ? made.Values : values).CopyTo(leaf.Writable);
        return leaves[place] = leaf;
    }
}
