using Heed.Kernels;

namespace Heed;

/// <summary>What a detector says of each place of a level.</summary>
/// <param name="Stride">Pixels from place to place; place (i, j) is the pixel ((j + ½)·stride, (i + ½)·stride).</param>
/// <param name="Classes">Logits of each class, independent of each other: shape <c>(batch, height, width, classes)</c>.</param>
/// <param name="Distances">From the place to the left, upper, right and lower edge of its thing, in pixels, above 0: shape <c>(batch, height, width, 4)</c>.</param>
/// <param name="Centreness">A logit: how near the place is to the middle of its thing: shape <c>(batch, height, width, 1)</c>.</param>
public sealed record FcosLevel(int Stride, Tensor Classes, Tensor Distances, Tensor Centreness);

/// <summary>The head of a <see cref="Fcos"/>: the same convolutions on every level, with batch norm of its own for each.</summary>
/// <remarks>Two branches of 3 × 3 convolutions; the first one says the classes, the second one distances and centre-ness. The paper has group norm, and centre-ness in the first branch; here it stands where the authors later found it
/// better.</remarks>
internal sealed class FcosHead : Module
{
    // A place is taken for empty with 99 % at first, or the many empty places would make the first steps (Lin et al. 2017, section 3.3).
    private static readonly float rare = -MathF.Log(99);

    private readonly Convolution[][] branches;
    private readonly BatchNorm[][][] norms;
    private readonly Convolution classes, distances, centreness;
    private readonly Parameter bias;
    private readonly Parameter[] scales;

    public FcosHead(FcosConfig config)
    {
        branches = new Convolution[2][];
        norms = new BatchNorm[2][][];
        foreach ((string name, int branch) in new[] { ("class", 0), ("box", 1) })
        {
            branches[branch] = [.. Enumerable.Range(0, config.HeadDepth).Select(n => Register(FormattableString.Invariant($"{name}_conv{n + 1}"),
                new Convolution(config.Width, config.Width, (3, 3), 1, (1, 1), hasBias: false, initializer: Initializer.HeNormal)))];
            norms[branch] = [.. Enumerable.Range(0, config.HeadDepth).Select(n => Enumerable.Range(0, config.LevelCount)
                .Select(level => Register(FormattableString.Invariant($"{name}_bn{n + 1}_level{level + 1}"), new BatchNorm(config.Width))).ToArray())];
        }
        Initializer small = Initializer.Normal(0.01);
        classes = Register("class_logits", new Convolution(config.Width, config.ClassCount, (3, 3), 1, (1, 1), hasBias: false, initializer: small));
        bias = Register("class_bias", new Parameter(new Shape(config.ClassCount), Initializer.Filled(rare)));
        distances = Register("distances", new Convolution(config.Width, 4, (3, 3), 1, (1, 1), initializer: small));
        centreness = Register("centreness", new Convolution(config.Width, 1, (3, 3), 1, (1, 1), initializer: small));
        scales = [.. Enumerable.Range(0, config.LevelCount).Select(level => Register(FormattableString.Invariant($"scale{level + 1}"), new Parameter(Shape.Scalar, Initializer.Ones)))];
    }

    public FcosLevel Forward(Tensor x, int level, int stride, in Pass pass)
    {
        Tensor what = Branch(0, x, level, pass), where = Branch(1, x, level, pass);
        // Exponents stay within ±8: no box is larger than 3,000 strides, so nothing overflows in the first steps.
        Tensor exponent = (distances.Forward(where, pass) * pass.Use(scales[level])).Scale(1 / 8f).Tanh().Scale(8);
        return new FcosLevel(stride, classes.Forward(what, pass) + pass.Use(bias), exponent.Exp().Scale(stride), centreness.Forward(where, pass));
    }

    private Tensor Branch(int branch, Tensor x, int level, in Pass pass)
    {
        for (int n = 0; n < branches[branch].Length; n++)
            x = branches[branch][n].Forward(x, pass, norms[branch][n][level], Activation.Relu);
        return x;
    }
}
