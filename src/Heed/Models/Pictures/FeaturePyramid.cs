namespace Heed;

/// <summary>Makes levels of one width out of a network's levels, each of which knows what the coarser ones know.</summary>
/// <remarks>
/// <para>Formula: p_N = inner_N·x_N; p_n = inner_n·x_n + the interpolation of p_{n+1} to its size; result n = layer_n·p_n, with 1 × 1 convolutions inside and 3 × 3 ones at the end.</para>
/// <para>Shapes: level n <c>(batch, height_n, width_n, c_n)</c> in, <c>(batch, height_n, width_n, width)</c> out. Interpolation is bilinear, where the paper takes the nearest pixel. Parameter names: <c>inner1</c> and <c>layer1</c> for the finest level.</para>
/// <para>Source: Lin, Dollár, Girshick, He, Hariharan and Belongie, "Feature pyramid networks for object detection", 2017.</para>
/// </remarks>
public sealed class FeaturePyramid : Module
{
    private readonly Convolution[] inner, layers;

    /// <summary>Creates the pyramid.</summary>
    /// <param name="channels">Values of a place of each level, the finest first; at least one level.</param>
    /// <param name="width">Values of a place of the results.</param>
    /// <exception cref="ArgumentException">There is no level, or a size is below 1.</exception>
    public FeaturePyramid(IReadOnlyList<int> channels, int width)
    {
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels.Count, 1, nameof(channels));
        inner = [.. channels.Select((c, n) => Register(FormattableString.Invariant($"inner{n + 1}"), new Convolution(c, width, (1, 1), initializer: Initializer.HeUniform)))];
        layers = [.. channels.Select((_, n) => Register(FormattableString.Invariant($"layer{n + 1}"), new Convolution(width, width, (3, 3), 1, (1, 1), initializer: Initializer.HeUniform)))];
    }

    /// <summary>Joins the levels.</summary>
    /// <param name="levels">As many as there are channels, the finest first.</param>
    /// <param name="pass">The call.</param>
    /// <returns>As many.</returns>
    /// <exception cref="ArgumentException">There are more or fewer levels.</exception>
    public IReadOnlyList<Tensor> Forward(IReadOnlyList<Tensor> levels, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(levels);
        if (levels.Count != inner.Length)
            throw new ArgumentException(FormattableString.Invariant($"FeaturePyramid: {levels.Count} levels came, {inner.Length} are required."), nameof(levels));
        Tensor[] results = new Tensor[levels.Count];
        Tensor? above = null;
        for (int n = levels.Count - 1; n >= 0; n--)
        {
            Tensor here = inner[n].Forward(levels[n], pass);
            above = above is null ? here : here + above.Resize(here.Shape[1], here.Shape[2]);
            results[n] = layers[n].Forward(above, pass);
        }
        return results;
    }
}
