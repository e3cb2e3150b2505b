namespace Heed;

/// <summary>A block that weighs the channels or places of pictures by what they hold, and drops into any convolutional network: shapes stay as they are.</summary>
/// <remarks>
/// <para>Shapes: x and result <c>(batch, height, width, channels)</c>.</para>
/// <para>What usually follows in a residual block, an addition and a rectifier, can be done by the block in its last sweep.</para>
/// </remarks>
public abstract class PictureAttention : Module
{
    // Name, block for so many channels, a reduction (0 for its own) and whether it starts open, entry of the catalogue.
    private static readonly (string Name, Func<int, int, bool, PictureAttention> Create, Mechanism Entry)[] blocks =
    [
        ("se", (c, r, open) => new SqueezeExcitation(c, new SqueezeExcitationConfig { Reduction = Or(r, 16), StartOpen = open }), SqueezeExcitation.Entry),
        ("ese", (c, _, open) => new EffectiveSqueezeExcitation(c, open), EffectiveSqueezeExcitation.Entry),
        ("eca", (c, _, _) => new EfficientChannelAttention(c), EfficientChannelAttention.Entry),
        ("scse", (c, r, open) => new ConcurrentSqueezeExcitation(c, Or(r, 2), open), ConcurrentSqueezeExcitation.Entry),
        ("cbam", (c, r, _) => new ConvolutionalBlockAttention(c, Or(r, 16)), ConvolutionalBlockAttention.Entry),
        ("bam", (c, r, open) => new BottleneckAttention(c, Or(r, 16), startOpen: open), BottleneckAttention.Entry),
        ("ge", (c, _, _) => new GatherExcite(c), GatherExcite.Entry),
        ("ge-plus", (c, r, open) => new GatherExcite(c, new GatherExciteConfig { Gather = "depthwise", Extent = 8, HasHiddenLayer = true, Reduction = Or(r, 16), StartOpen = open }), GatherExcite.Entry),
        ("gc", (c, r, _) => new GlobalContext(c, Or(r, 16)), GlobalContext.Entry),
        ("coordinate", (c, r, open) => new CoordinateAttention(c, Or(r, 32), open), CoordinateAttention.Entry),
        ("triplet", (_, _, open) => new TripletAttention(startOpen: open), TripletAttention.Entry),
        ("simam", (_, _, _) => new SimpleAttention(), SimpleAttention.Entry),
        ("non-local", (c, r, _) => new NonLocalAttention(c, Or(r, 2)), NonLocalAttention.Entry),
        ("a2", (c, r, open) => new DoubleAttention(c, Or(r, 4), open), DoubleAttention.Entry),
        ("max-gate", (c, _, open) => new MaxGate(c, open), MaxGate.Entry),
        ("gate", (c, _, open) => new FeatureGate(c, open), FeatureGate.Entry),
        .. PictureConvolution.Blocks,
    ];

    // Those that cannot start so that a trained network goes on nearly as before, and why; gc and non-local start so anyway.
    private static readonly Dictionary<string, string> closed = new(StringComparer.Ordinal)
    {
        ["eca"] = "its gates have no bias", ["cbam"] = "its gates of channels have no bias", ["ge"] = "it has no weights", ["simam"] = "it has no weights",
    };

    /// <summary>Names of the blocks that <see cref="Create"/> makes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. blocks.Select(b => b.Name)];

    /// <summary>Names of the blocks that can start open: with gates near 1, or with nothing that is added, so that a trained network into which they are put goes on nearly as before.</summary>
    public static IReadOnlyList<string> OpenNames { get; } = [.. Names.Where(name => !closed.ContainsKey(name))];

    internal static IEnumerable<Mechanism> Mechanisms => blocks.Select(b => b.Entry).DistinctBy(m => m.Name, StringComparer.Ordinal);

    /// <summary>Makes a block by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">Reduction ratio, where the block has one; default 0: the block's own.</param>
    /// <param name="startOpen">Whether it starts open (<see cref="OpenNames"/>); default false.</param>
    /// <exception cref="ArgumentException">No block has this name, or the block cannot start open.</exception>
    public static PictureAttention Create(string name, int channels, int reduction = 0, bool startOpen = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(reduction);
        foreach ((string known, Func<int, int, bool, PictureAttention> create, _) in blocks)
        {
            if (known == name)
            {
                if (startOpen && closed.TryGetValue(name, out string? reason))
                    throw new ArgumentException($"PictureAttention.Create: '{name}' cannot start open, since {reason}; these can: {string.Join(", ", OpenNames)}.", nameof(startOpen));
                PictureAttention block = create(channels, reduction, startOpen);
                block.Recipe ??= new BlockRecipe { Block = known, Reduction = reduction };
                return block;
            }
        }
        throw new ArgumentException($"PictureAttention.Create: there is no block '{name}'; there are {string.Join(", ", Names)}.{NearestName.Hint(name ?? "", Names)}", nameof(name));
    }

    /// <summary>Whether what it makes of a place depends on other places; default true.</summary>
    public virtual bool LooksAround => true;

    /// <summary>How the block can be made again, for files; null for one that was made with options of its own.</summary>
    internal BlockRecipe? Recipe { get; private protected set; }

    /// <summary>The name by which such a block is made.</summary>
    internal static string NameOf(PictureAttention block) => block is ConvolutionAttention { Convolution: { } convolution } ? PictureConvolution.NameOf(convolution) : blocks.First(b => b.Entry.Types.Contains(block.GetType())).Name;

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
        return Finish(Return(Weigh(x, pass, null, rectifies: false), pass), addend, rectifies);
    }

    /// <summary>Weighs what a batch norm makes of x; a block that can takes the norm into its own sweeps, unless a hook asks for what lies between.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="norm">The batch norm.</param>
    /// <param name="addend">As x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    internal virtual Tensor Forward(Tensor x, in Pass pass, BatchNorm norm, Tensor? addend, bool rectifies) => Forward(norm.Forward(x, pass), pass, addend, rectifies);

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
    protected static Tensor MaxOverPlaces(Tensor x) => Rows(x, out SequenceRanges ranges).MaxOverTime(ranges, out _);

    /// <summary>Adds a value for each channel to all places.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="values">Shape <c>(batch, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <returns>As x.</returns>
    protected static Tensor AddChannels(Tensor x, Tensor values, in Pass pass, bool rectifies = false)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Ones(x.Shape, pass).ScaleChannels(values, x, rectifies);
    }

    /// <summary>The addition and the rectifier, where the last sweep of a block cannot do them.</summary>
    /// <param name="y">What the block makes.</param>
    /// <param name="addend">As y, or null.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    protected static Tensor Finish(Tensor y, Tensor? addend, bool rectifies)
    {
        ArgumentNullException.ThrowIfNull(y);
        y = addend is null ? y : y + addend;
        return rectifies ? y.Relu() : y;
    }

    private protected static Tensor Ones(Shape shape, in Pass pass)
    {
        Tensor ones = pass.Step.New(shape);
        ones.Writable.Fill(1);
        return ones;
    }

    // Units of a narrow middle.
    private protected static int Reduced(int channels, int reduction, int least = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        return Math.Max(least, channels / reduction);
    }

    private static int Or(int reduction, int own) => reduction > 0 ? reduction : own;

    // The places as steps: (batch, height·width, channels).
    private protected static Tensor Rows(Tensor x, out SequenceRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(x);
        int places = x.Shape[1] * x.Shape[2];
        ranges = SequenceRanges.Full(x.Shape[0], places);
        return x.Reshape(new Shape(x.Shape[0], places, x.Shape[3]));
    }
}
