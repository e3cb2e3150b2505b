namespace Heed;

/// <summary>A block that weighs the channels or places of pictures by what they hold, and drops into any convolutional network: shapes stay as they are.</summary>
/// <remarks>
/// <para>Shapes: x and result <c>(batch, height, width, channels)</c>.</para>
/// <para>What usually follows in a residual block, an addition and a rectifier, can be done by the block in its last sweep.</para>
/// </remarks>
public abstract class PictureAttention : Module
{
    /// <summary>Names of the blocks that <see cref="Create"/> makes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["se", "ese", "eca"];

    /// <summary>Makes a block by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">Reduction ratio, where the block has one; default 16.</param>
    /// <exception cref="ArgumentException">No block has this name.</exception>
    public static PictureAttention Create(string name, int channels, int reduction = 16) => name switch
    {
        "se" => new SqueezeExcitation(channels, new SqueezeExcitationConfig { Reduction = reduction }),
        "ese" => new EffectiveSqueezeExcitation(channels),
        "eca" => new EfficientChannelAttention(channels),
        _ => throw new ArgumentException($"PictureAttention.Create: there is no block '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>Weighs.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="addend">Added to the weighed pictures; as x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <returns>As x.</returns>
    /// <exception cref="ShapeException">x has not four axes, or other channels.</exception>
    public Tensor Forward(Tensor x, in Pass pass, Tensor? addend = null, bool rectifies = false)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 4)
            throw ShapeException.For(GetType().Name, nameof(x), "(batch, height, width, channels)", x.Shape, "Pictures have their channels last.");
        // A hook sees what the block alone makes.
        if (!HasHooks)
            return Weigh(x, pass, addend, rectifies);
        Tensor y = Return(Weigh(x, pass, null, rectifies: false), pass);
        y = addend is null ? y : y + addend;
        return rectifies ? y.Relu() : y;
    }

    /// <summary>The block itself, with the addition and the rectifier that it was asked for.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="addend">As x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    protected abstract Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies);

    /// <summary>The mean over all places: the squeeze.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <returns>Shape <c>(batch, channels)</c>.</returns>
    protected static Tensor MeanOverPlaces(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.MeanOverPlaces();
    }

    /// <summary>The maximum over all places.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <returns>Shape <c>(batch, channels)</c>.</returns>
    protected static Tensor MaxOverPlaces(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        int places = x.Shape[1] * x.Shape[2];
        return x.Reshape(new Shape(x.Shape[0], places, x.Shape[3])).MaxOverTime(new SequenceRanges(Enumerable.Repeat(places, x.Shape[0]).ToArray()), out _);
    }
}
