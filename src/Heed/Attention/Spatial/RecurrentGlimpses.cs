namespace Heed;

/// <summary>The sizes of <see cref="RecurrentGlimpses"/>.</summary>
public sealed record GlimpseConfig
{
    /// <summary>Values of a pixel; default 1.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Looks at a picture; default 6.</summary>
    public int Looks { get; init; } = 6;

    /// <summary>Rows and columns of a patch; default 12.</summary>
    public int PatchSize { get; init; } = 12;

    /// <summary>Patches of a look, each over twice the rows and columns of the one before; default 3.</summary>
    public int Scales { get; init; } = 3;

    /// <summary>Size of the parts of the glimpse network, one for what is seen and one for where; default 128.</summary>
    public int GlimpseSize { get; init; } = 128;

    /// <summary>Size of the recurrent core; default 256.</summary>
    public int HiddenSize { get; init; } = 256;

    /// <summary>Deviation of the Gaussian from which positions are drawn in training, in units of half the picture; default 0.1.</summary>
    public float Deviation { get; init; } = 0.1f;

    internal void Validate()
    {
        if (Math.Min(Math.Min(Channels, Looks), Math.Min(PatchSize, Math.Min(GlimpseSize, HiddenSize))) < 1 || Scales is < 1 or > 12)
            throw new ArgumentException($"RecurrentGlimpses: sizes must be at least 1 and Scales from 1 to 12; got {this}.");
        if (!(Deviation > 0) || !float.IsFinite(Deviation))
            throw new ArgumentException(FormattableString.Invariant($"RecurrentGlimpses: Deviation must be positive, got {Deviation}."));
    }
}

/// <summary>What glimpses return.</summary>
/// <param name="States">The core's state after each look, <c>(batch, hidden)</c>; the last one has seen everything.</param>
/// <param name="Positions">Where each look went: <c>(batch, looks, 2)</c> in [−1, 1], horizontal first.</param>
/// <param name="LogProbabilities">ln π of each position that was drawn: <c>(batch, looks − 1)</c>, without a constant; zeros in evaluation.</param>
/// <param name="Baselines">The reward expected before each draw: <c>(batch, looks − 1)</c>.</param>
public sealed record GlimpseResult(IReadOnlyList<Tensor> States, Tensor Positions, Tensor LogProbabilities, Tensor Baselines);

/// <summary>Recurrent glimpses: hard, location-wise attention. A network looks at a picture through a small window, remembers, and decides where to look next.</summary>
/// <remarks>
/// <para>Formula, for look t at position l_t: glimpse ρ(x, l) = patches at several scales; g = ReLU(W_gs·ReLU(W_s·ρ) + W_gl·ReLU(W_l·l) + b); h_t = ReLU(W_h·h_{t−1} + W_g·g + b);
/// mean μ_t = tanh(W_μ·h_t); l_{t+1} ~ N(μ_t, σ²), in evaluation μ_t, clipped to the picture. The first look goes to the middle.</para>
/// <para>ln π = −‖l − μ‖²/(2σ²). What is seen is learned by gradients, where to look by reinforcement: h_t stands as a constant in μ and in the baseline b_t = W_b·h_t, so that reinforcement moves
/// W_μ alone.</para>
/// <para>Shapes: picture <c>(batch, height, width, channels)</c>; state <c>(batch, hidden)</c>. Cost: looks·batch·2·(scales·patch²·channels·glimpse + 4·glimpse² + 2·glimpse·hidden + hidden²)
/// flops, whatever the
/// picture's size.</para>
/// <para>Variant: the plain recurrent core (the paper's for classification), bounded means. Source: Mnih, Heess, Graves and Kavukcuoglu, "Recurrent models of visual attention", 2014, sections 3
/// and 4.</para>
/// </remarks>
public sealed class RecurrentGlimpses : Module
{
    internal static Mechanism Entry => new("glimpses", MechanismKind.InputForm)
    {
        Softness = "hard, local",
        InputForm = "location-wise",
        InputRepresentation = "self",
        OutputRepresentation = "single",
        Formula = "g_t = glimpse network(patches around l_t at several scales, l_t); h_t = ReLU(W_h·h_{t−1} + W_g·g_t + b); l_{t+1} ~ N(tanh(W_μ·h_t), σ²)",
        Shapes = "picture (batch, height, width, channels); states (batch, hidden); positions (batch, looks, 2)",
        Cost = "2·looks·(scales·patch²·channels·glimpse + 4·glimpse² + 2·glimpse·hidden + hidden²) flops, whatever the picture's size",
        Source = "Mnih, Heess, Graves and Kavukcuoglu, \"Recurrent models of visual attention\", 2014",
        Variant = "Plain recurrent core, predicted baselines; rewards at the end (the paper's) or after every look.",
        Use = "Large pictures of which a small part matters.",
        Avoid = "Small pictures: a convolution sees everything at once and learns in fewer steps.",
        Example = new(() =>
        {
            RecurrentGlimpses look = new(new GlimpseConfig { Looks = 3, PatchSize = 4, Scales = 2, GlimpseSize = 8, HiddenSize = 8 });
            look.Initialize(seed: 1);
            Tensor picture = Tensor.From([.. Enumerable.Range(0, 256).Select(i => i / 256f)], new Shape(1, 16, 16, 1));
            return Step.Evaluate(pass => look.Forward(picture, pass).Positions);
        }),
        Types = [typeof(RecurrentGlimpses)],
        Pages = ["glimpses"],
    };

    private readonly GlimpseConfig config;
    private readonly Linear what, where, whatTo, whereTo, fromHidden, fromGlimpse, mean, baseline;

    /// <summary>Creates the network.</summary>
    /// <param name="config">Its sizes.</param>
    /// <exception cref="ArgumentException">A size makes no sense.</exception>
    public RecurrentGlimpses(GlimpseConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        this.config = config;
        int seen = config.Scales * config.PatchSize * config.PatchSize * config.Channels, joined = 2 * config.GlimpseSize;
        what = Register("what", new Linear(seen, config.GlimpseSize));
        where = Register("where", new Linear(2, config.GlimpseSize));
        whatTo = Register("what_to", new Linear(config.GlimpseSize, joined));
        whereTo = Register("where_to", new Linear(config.GlimpseSize, joined, hasBias: false));
        fromHidden = Register("from_hidden", new Linear(config.HiddenSize, config.HiddenSize));
        fromGlimpse = Register("from_glimpse", new Linear(joined, config.HiddenSize, hasBias: false));
        mean = Register("mean", new Linear(config.HiddenSize, 2));
        baseline = Register("baseline", new Linear(config.HiddenSize, 1));
    }

    /// <summary>Size of the state.</summary>
    public int HiddenSize => config.HiddenSize;

    /// <summary>Looks.</summary>
    /// <param name="picture">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>States <c>(batch, hidden)</c>, positions, and what reinforcement needs.</returns>
    /// <exception cref="ShapeException">The picture has other axes or channels.</exception>
    public GlimpseResult Forward(Tensor picture, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (picture.Shape.Rank != 4 || picture.Shape[3] != config.Channels)
            throw ShapeException.For("RecurrentGlimpses", nameof(picture), FormattableString.Invariant($"(batch, height, width, channels) with channels = {config.Channels}"), picture.Shape);
        int batch = picture.Shape[0];
        Tensor position = pass.Input(new float[batch * 2], new Shape(batch, 2));
        Tensor? state = null;
        List<Tensor> states = [], positions = [], logarithms = [], baselines = [];
        for (int look = 0; look < config.Looks; look++)
        {
            if (state is not null)
            {
                Tensor known = state.Detach(), towards = mean.Forward(known, pass).Tanh();
                Tensor drawn = pass.IsTraining ? Drawn(towards, pass) : towards.Detach();
                logarithms.Add(LogProbability(drawn, towards));
                baselines.Add(baseline.Forward(known, pass));
                position = Clipped(drawn, pass);
            }
            positions.Add(position);
            Tensor glimpse = Glimpse(picture, position, pass);
            Tensor next = fromGlimpse.Forward(glimpse, pass) + fromHidden.Forward(state ?? pass.Input(new float[batch * HiddenSize], new Shape(batch, HiddenSize)), pass);
            state = Return(next.Relu(), pass);
            states.Add(state);
        }
        Shape draws = new(batch, logarithms.Count);
        return new GlimpseResult(
            states, Tensor.Concatenate([.. positions]).Reshape(new Shape(batch, config.Looks, 2)),
            logarithms.Count == 0 ? pass.Input([], draws) : Tensor.Concatenate([.. logarithms]), baselines.Count == 0 ? pass.Input([], draws) : Tensor.Concatenate([.. baselines]));
    }

    // g: what is seen, and where.
    private Tensor Glimpse(Tensor picture, Tensor position, in Pass pass)
    {
        Tensor patches = picture.Glimpse(position, config.PatchSize, config.Scales);
        Tensor seen = what.Forward(patches.Reshape(new Shape(picture.Shape[0], what.Weight.Shape[1])), pass).Relu();
        return (whatTo.Forward(seen, pass) + whereTo.Forward(where.Forward(position, pass).Relu(), pass)).Relu();
    }

    private Tensor Drawn(Tensor towards, in Pass pass)
    {
        float[] places = new float[towards.Length];
        for (int i = 0; i < places.Length; i++)
            places[i] = towards.Values[i] + (config.Deviation * (float)pass.Random.NextNormal());
        return pass.Input(places, towards.Shape);
    }

    // −‖l − μ‖²/(2σ²): (batch, 1).
    private Tensor LogProbability(Tensor drawn, Tensor towards)
    {
        Tensor distance = (drawn - towards).Scale(1 / config.Deviation);
        return (distance * distance).MeanLast().Scale(-1).Reshape(new Shape(towards.Shape[0], 1));
    }

    private static Tensor Clipped(Tensor drawn, in Pass pass)
    {
        float[] places = drawn.Values.ToArray();
        foreach (ref float place in places.AsSpan())
            place = Math.Clamp(place, -1, 1);
        return pass.Input(places, drawn.Shape);
    }
}
