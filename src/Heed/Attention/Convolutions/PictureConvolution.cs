namespace Heed;

/// <summary>A layer that stands in the place of a 3 × 3 convolution and attends: to scales, to parts, or to places.</summary>
/// <remarks>Shapes: x <c>(batch, height, width, channels)</c>; result <c>(batch, ⌈height/stride⌉, ⌈width/stride⌉, filters)</c>.</remarks>
public abstract class PictureConvolution : Module
{
    // Name, layer for so many channels, filters, stride, groups and a reduction (0 for its own), entry of the catalogue.
    private static readonly (string Name, Func<int, int, int, int, int, PictureConvolution> Create, Mechanism Entry)[] layers =
    [
        ("sk", (channels, filters, stride, groups, r) => new SelectiveKernel(channels, filters, stride, groups, r > 0 ? r : 16), SelectiveKernel.Entry),
        ("splat", (channels, filters, stride, groups, r) => new SplitAttention(channels, filters, stride, groups, r > 0 ? r : 4), SplitAttention.Entry),
        ("augmented", (channels, filters, stride, _, _) => new AugmentedConvolution(channels, filters, stride), AugmentedConvolution.Entry),
    ];

    /// <summary>Names of the layers that <see cref="Create"/> makes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. layers.Select(l => l.Name)];

    /// <summary>Each as a block that drops in anywhere, for so many channels and a reduction: its name, how it is made, open or not, and its entry of the catalogue.</summary>
    internal static IEnumerable<(string Name, Func<int, int, bool, PictureAttention> Create, Mechanism Entry)> Blocks =>
        layers.Select(l => (l.Name, (Func<int, int, bool, PictureAttention>)((channels, r, open) => new ConvolutionAttention(l.Create(channels, channels, 1, 1, r), open)), l.Entry));

    /// <summary>The name by which such a layer is made.</summary>
    internal static string NameOf(PictureConvolution layer) => layers.First(l => l.Entry.Types.Contains(layer.GetType())).Name;

    /// <summary>Whether results are normalised and rectified already, so that no batch norm follows.</summary>
    public abstract bool IsNormalized { get; }

    /// <summary>Makes a layer by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="filters">Values of a result's pixel.</param>
    /// <param name="stride">Distance of neighbouring windows; default 1.</param>
    /// <param name="groups">Parts into which channels and filters are cut, where the layer has them; default 1.</param>
    /// <exception cref="ArgumentException">No layer has this name, or the sizes do not suit it.</exception>
    public static PictureConvolution Create(string name, int channels, int filters, int stride = 1, int groups = 1)
    {
        foreach ((string known, Func<int, int, int, int, int, PictureConvolution> create, _) in layers)
        {
            if (known == name)
                return create(channels, filters, stride, groups, 0);
        }
        throw new ArgumentException($"PictureConvolution.Create: there is no convolution '{name}'; there are {string.Join(", ", Names)}.{NearestName.Hint(name ?? "", Names)}", nameof(name));
    }

    /// <summary>Runs the layer.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, ⌈height/stride⌉, ⌈width/stride⌉, filters)</c>.</returns>
    /// <exception cref="ShapeException">x has not four axes, or other channels.</exception>
    public abstract Tensor Forward(Tensor x, in Pass pass);

    // Of two parts a and b of each channel: g·a + (1 − g)·b with the softmax of two energies, which is the sigmoid of their difference.
    private protected static Tensor Choose(Tensor a, Tensor b, Tensor energies, ChannelGates gate, in Pass pass)
    {
        int channels = a.Shape[3];
        Tensor first = gate.Forward(energies.Columns(0, channels) - energies.Columns(channels, channels), pass);
        return a.ScaleChannels(first, b.ScaleChannels(first.Scale(-1, 1)));
    }

    // The mean over places.
    private protected static Tensor Squeeze(Tensor x)
    {
        int places = x.Shape[1] * x.Shape[2];
        return x.Reshape(new Shape(x.Shape[0], places, x.Shape[3])).MeanOverTime(SequenceRanges.Full(x.Shape[0], places));
    }
}
