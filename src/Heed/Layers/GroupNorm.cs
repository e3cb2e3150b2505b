namespace Heed;

/// <summary>Normalises each picture over its positions and the channels of a group, then scales and shifts each channel: the same in training and evaluation, whatever the batch.</summary>
/// <remarks>
/// <para>Formula: <c>y = (x − mean)/√(var + ε)∘γ + β</c>, mean and biased variance of a picture's group.</para>
/// <para>Shapes: x and y <c>(batch, …, channels)</c>; γ (<c>weight</c>) and β (<c>bias</c>) <c>(channels)</c>. Cost: three sweeps.</para>
/// <para>Source: Wu and He, "Group normalization", 2018. One group for each channel is instance normalisation.</para>
/// </remarks>
public sealed class GroupNorm : Module
{
    private readonly Parameter weight, bias;

    /// <summary>Creates the layer.</summary>
    /// <param name="groups">Parts into which channels are cut.</param>
    /// <param name="channels">Values of a pixel, a multiple of the groups.</param>
    /// <param name="epsilon">ε, default 1e-5.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value does not suit.</exception>
    public GroupNorm(int groups, int channels, double epsilon = 1e-5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(epsilon, 0);
        if (groups < 1 || channels % groups != 0)
            throw new ArgumentOutOfRangeException(nameof(groups), groups, FormattableString.Invariant($"GroupNorm: {channels} channels must be a multiple of the groups."));
        (Groups, Epsilon) = (groups, epsilon);
        weight = Register("weight", new Parameter(new Shape(channels), Initializer.Ones));
        bias = Register("bias", new Parameter(new Shape(channels), Initializer.Zeros));
    }

    /// <summary>Parts into which channels are cut.</summary>
    public int Groups { get; }

    /// <summary>ε.</summary>
    public double Epsilon { get; }

    /// <summary>Normalises.</summary>
    /// <param name="x">Shape <c>(batch, …, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="addend">Added to the result, in the same sweep; as x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0, in the same sweep.</param>
    /// <returns>Shape <c>(batch, …, channels)</c>.</returns>
    /// <exception cref="ShapeException">The last axis of x is not the channels.</exception>
    public Tensor Forward(Tensor x, in Pass pass, Tensor? addend = null, bool rectifies = false)
    {
        // A hook sees what the layer alone makes.
        if (HasHooks && (addend is not null || rectifies))
        {
            Tensor y = Forward(x, pass);
            y = addend is null ? y : y + addend;
            return rectifies ? y.Relu() : y;
        }
        return Return(Tensor.GroupNorm(x, Groups, pass.Use(weight), pass.Use(bias), addend, rectifies, (float)Epsilon), pass);
    }
}
