namespace Heed;

/// <summary>Options of <see cref="GatherExcite"/>.</summary>
public sealed record GatherExciteConfig
{
    /// <summary>How what lies around is gathered: <c>mean</c>, without weights, or <c>depthwise</c>, by 3 × 3 convolutions of single channels with stride 2; default mean.</summary>
    public string Gather { get; init; } = "mean";

    /// <summary>Places of the picture for one of the gathered map, in each direction: 0 for the whole picture, or 2, 4, 8, …; default 0. Depthwise needs one.</summary>
    public int Extent { get; init; }

    /// <summary>Whether a hidden layer stands between gathering and gate, as in squeeze and excitation; default false.</summary>
    public bool HasHiddenLayer { get; init; }

    /// <summary>How many times fewer hidden units than channels; default 16.</summary>
    public int Reduction { get; init; } = 16;

    /// <summary>Whether gates start at 0.98: the last weights, of the hidden layer or of the last norm, at 0 and its bias so; default false. What has no weights cannot.</summary>
    public bool StartOpen { get; init; }

    internal void Validate()
    {
        if (StartOpen && Gather == "mean" && !HasHiddenLayer)
            throw new ArgumentException("GatherExciteConfig: the mean without a hidden layer has no weights and cannot start open; set HasHiddenLayer, or Gather = \"depthwise\" with an Extent.");
        if (Gather is not ("mean" or "depthwise"))
            throw new ArgumentException($"GatherExciteConfig: there is no gathering '{Gather}'; there are mean, depthwise.");
        if (Extent != 0 && (Extent < 2 || !int.IsPow2(Extent) || Extent > 64))
            throw new ArgumentException(FormattableString.Invariant($"GatherExciteConfig: the extent must be 0 or a power of two from 2 to 64, got {Extent}."));
        if (Gather == "depthwise" && Extent == 0)
            throw new ArgumentException("GatherExciteConfig: depthwise gathering needs an extent; take 2, 4 or 8.");
        if (Reduction < 1)
            throw new ArgumentException(FormattableString.Invariant($"GatherExciteConfig: the reduction must be at least 1, got {Reduction}."));
    }
}

/// <summary>Gather and excite: each channel is weighed by what it holds around, near or in the whole picture.</summary>
/// <remarks>
/// <para>Formula: y = σ(up(g))∘x, g the mean of each channel over windows of 2·extent − 1 places every extent places (or over all), or 3 × 3 convolutions of single channels with stride 2; up takes the nearest.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; gates as x, or <c>(batch, 1, 1, channels)</c> for the whole picture, seen by a hook on <c>gate</c>. Names as timm's: <c>gather.conv1</c>, <c>gather.norm1</c>, …, <c>mlp.fc1</c>, <c>mlp.fc2</c>.</para>
/// <para>Variant: GE-θ⁻ without weights, the default; GE-θ with depthwise gathering; GE-θ⁺ with a hidden layer too. Means leave out what is beyond the edge, as timm's. Cost: two sweeps over x for the whole picture, with an extent one convolution of single channels more.</para>
/// <para>Source: Hu, Shen, Albanie, Sun and Vedaldi, "Gather-excite: exploiting feature context in convolutional neural networks", 2018.</para>
/// </remarks>
public sealed class GatherExcite : PictureAttention
{
    internal static Mechanism Entry => new("gather-excite", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y = σ(up(g))∘x; g the mean of each channel over windows of 2·extent − 1 places, or depthwise convolutions of it",
        Shapes = "x, y (batch, height, width, channels); gates as x, or (batch, 1, 1, channels)",
        Cost = "Two sweeps over x for the whole picture; with an extent one convolution of single channels more",
        Source = "Hu, Shen, Albanie, Sun and Vedaldi, \"Gather-excite: exploiting feature context in convolutional neural networks\", 2018",
        Variant = "θ⁻ without weights (the default, whole picture), θ with depthwise gathering, θ⁺ with a hidden layer too.",
        Use = "Without weights: something for nothing. With them: where squeeze-excitation's one gate for all places is too coarse.",
        Avoid = "An extent larger than the pictures of a stage.",
        Example = new(() =>
        {
            GatherExcite block = new(channels: 2, new GatherExciteConfig { Extent = 2 });
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 2, 2, 2)), pass));
        }),
        Types = [typeof(GatherExcite)],
        Pages = ["picture-blocks"],
    };

    private readonly DepthwiseGather? gather;
    private readonly BottleneckMlp? mlp;
    private readonly SpatialGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="config">Options; default the mean over the whole picture, without weights.</param>
    /// <exception cref="ArgumentException">Options make no sense.</exception>
    public GatherExcite(int channels, GatherExciteConfig? config = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        Config = config ?? new GatherExciteConfig();
        Config.Validate();
        Recipe = new BlockRecipe { Block = "ge", GatherExcite = Config };
        if (Config.Gather == "depthwise")
            gather = Register("gather", new DepthwiseGather(channels, int.Log2(Config.Extent), Config.StartOpen && !Config.HasHiddenLayer));
        if (Config.HasHiddenLayer)
            mlp = Register("mlp", new BottleneckMlp(channels, Reduced(channels, Config.Reduction), start: Config.StartOpen ? GateFunction.OpenEnergy("sigmoid") : null));
        gate = Register("gate", new SpatialGates());
    }

    /// <summary>Options.</summary>
    public GatherExciteConfig Config { get; }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor gathered = gather?.Forward(x, pass) ?? (Config.Extent == 0 ? MeanOverPlaces(x).Reshape(new Shape(x.Shape[0], 1, 1, x.Shape[3])) : MeanOverWindows(x, Config.Extent, pass));
        gathered = mlp?.Forward(gathered, pass) ?? gathered;
        if (Config.Extent == 0)
            return x.ScaleChannels(gate.Forward(gathered, pass).Reshape(new Shape(x.Shape[0], x.Shape[3])), addend, rectifies);
        return Finish(x * gate.Forward(Nearest(gathered, x.Shape), pass), addend, rectifies);
    }

    // Sums of windows are a convolution of single channels with ones; each is divided by how much of it lies in the picture.
    private static Tensor MeanOverWindows(Tensor x, int extent, in Pass pass)
    {
        int window = (2 * extent) - 1, channels = x.Shape[3];
        Tensor sums = Tensor.Convolution(x, Ones(new Shape(channels, 1, window, window), pass), stride: extent, padding: (extent - 1, extent - 1), groups: channels);
        Shape places = new(sums.Shape.Sizes[..3]);
        float[] shares = new float[places.Length];
        for (int i = 0; i < shares.Length; i++)
            shares[i] = 1f / (Covered(i / places[2] % places[1], x.Shape[1]) * Covered(i % places[2], x.Shape[2]));
        return sums.ScaleRows(pass.Input(shares, places));

        int Covered(int at, int size) => Math.Min(size, (at * extent) + extent) - Math.Max(0, (at * extent) - extent + 1);
    }

    // Each place takes the gathered one that lies nearest, as torch's interpolate does.
    private static Tensor Nearest(Tensor gathered, Shape to)
    {
        (int rows, int columns) = (gathered.Shape[1], gathered.Shape[2]);
        int[] ids = new int[to[0] * to[1] * to[2]];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = (((i / (to[1] * to[2]) * rows) + (i / to[2] % to[1] * rows / to[1])) * columns) + (i % to[2] * columns / to[2]);
        return Tensor.Embed(gathered.Reshape(new Shape(gathered.Length / to[3], to[3])), ids, new Shape(to.Sizes[..3]));
    }

    private sealed class DepthwiseGather : Module
    {
        private readonly (Convolution Convolution, BatchNorm Norm)[] layers;

        public DepthwiseGather(int channels, int count, bool startOpen)
        {
            layers = new (Convolution, BatchNorm)[count];
            for (int n = 0; n < count; n++)
            {
                bool isOpen = startOpen && n == count - 1;
                layers[n] = (Register(FormattableString.Invariant($"conv{n + 1}"), new Convolution(channels, channels, (3, 3), 2, (1, 1), hasBias: false, groups: channels)),
                    Register(FormattableString.Invariant($"norm{n + 1}"), new BatchNorm(channels, startsAtZero: isOpen, shift: isOpen ? GateFunction.OpenEnergy("sigmoid") : 0)));
            }
        }

        public Tensor Forward(Tensor x, in Pass pass)
        {
            for (int n = 0; n < layers.Length; n++)
                x = layers[n].Norm.Forward(layers[n].Convolution.Forward(x, pass), pass, rectifies: n < layers.Length - 1);
            return Return(x, pass);
        }
    }
}
