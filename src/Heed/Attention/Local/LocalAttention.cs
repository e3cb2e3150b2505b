namespace Heed;

/// <summary>Local attention: each query looks at a window of the keys around a centre of its own. Luong, Pham and Manning 2015, section 3.2.</summary>
/// <remarks>
/// <para>Formula: α_j = g(e restricted to the window)_j·exp(−(j − p)²/(2σ²)), window [p − D, p + D]. Monotonic (local-m): p = t, the number of the query, and no Gaussian. Predictive (local-p):
/// p = S·sigmoid(v_pᵀ tanh(W_p q)), S the number of real keys of the sequence, σ = D/2; the gradient reaches p through the Gaussian alone, so weights sum to less than 1.</para>
/// <para>Positions count from 0 at a sequence's first real key, on either side of which padding may stand. A window without a real key gives zero weights. With several heads each has a centre of
/// its own.</para>
/// <para>Variant: with a decoder's state t is the number of the step, else the row of the query. Energies of all keys are computed and those outside of the window masked, so the cost is that of
/// the inner
/// distribution; windows that follow the position of a self-attention and really save are <see cref="AttentionMask.Window"/>.</para>
/// </remarks>
/// <param name="HalfWidth">D; at least 1; default 10, as in the paper.</param>
/// <param name="Centre">Where the centre comes from; default predicted.</param>
/// <param name="Size">Rows of W_p; default the query's length.</param>
public sealed record LocalAttention(int HalfWidth = 10, LocalCentre Centre = LocalCentre.Predicted, int Size = 0) : Distribution
{
    internal static Mechanism Entry => new("local-p", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(n => new LocalAttention((int)n[0])),
        Parameters = [new("half width", 10, "D: keys on each side of the centre")],
        Softness = "soft, local",
        Formula = "p = S·sigmoid(v_pᵀ tanh(W_p q)); α_j = softmax(e in [p − D, p + D])_j·exp(−(j − p)²/(2σ²)), σ = D/2",
        Shapes = DistributionShapes + "; a centre for each query and head",
        Cost = "That of softmax, and an exponential a key; energies outside of the window are computed and masked",
        Source = "Luong, Pham and Manning, \"Effective approaches to attention-based neural machine translation\", 2015, section 3.2",
        Variant = "Predictive; any distribution may stand inside of the window (Inner).",
        Use = "Long sequences of which a query needs one neighbourhood.",
        Avoid = "Queries that need two places at once.",
        Example = new(() =>
        {
            Attention look = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 2, Score = "dot", Distribution = "local-p(2)" });
            look.Initialize(seed: 1);
            Tensor states = Tensor.From([1, 0, 0, 1, 1, 1, 0, 0], new Shape(1, 4, 2));
            return Step.Evaluate(pass => look.Forward(states, states, states, null, pass).Weights!, Capture.Weights);
        }),
        Types = [typeof(LocalAttention)],
        Pages = ["local-attention"],
    };

    internal static Mechanism StepEntry => Entry with
    {
        Name = "local-m",
        Builder = (Func<double[], Distribution>)(n => new LocalAttention((int)n[0], LocalCentre.Step)),
        Formula = "p = t, the number of the query; α = softmax(e in [p − D, p + D])",
        Cost = "That of softmax; energies outside of the window are computed and masked",
        Variant = "Monotonic: no Gaussian.",
        Use = "Two sequences that run side by side.",
        Avoid = "Sequences of different lengths or orders; for self-attention the mask window saves time, too.",
        Example = new(() =>
        {
            Attention look = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 2, Score = "dot", Distribution = "local-m(1)" });
            look.Initialize(seed: 1);
            Tensor states = Tensor.From([1, 0, 0, 1, 1, 1, 0, 0], new Shape(1, 4, 2));
            return Step.Evaluate(pass => look.Forward(states, states, states, null, pass).Weights!, Capture.Weights);
        }),
    };

    /// <summary>g inside of the window; default softmax. Any but another local or a monotonic one.</summary>
    public Distribution Inner { get; init; } = new Softmax();

    /// <inheritdoc/>
    protected internal override bool SumsToOne => false;

    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) =>
        Centre == LocalCentre.Step
            ? Create(new ScoreSizes(headCount, 1, 1))
            : throw new ArgumentException("LocalAttention: a predicted centre depends on the queries; build it with the sizes (Create(ScoreSizes)).");

    /// <inheritdoc/>
    public override DistributionFunction Create(ScoreSizes sizes)
    {
        if (HalfWidth < 1 || Size < 0 || !Enum.IsDefined(Centre))
            throw new ArgumentException(FormattableString.Invariant($"LocalAttention: HalfWidth must be at least 1 and Size at least 0, got {HalfWidth} and {Size}, centre {Centre}."));
        if (Inner is LocalAttention or MonotonicAttention)
            throw new ArgumentException($"LocalAttention: {Inner.GetType().Name} chooses places itself and cannot stand inside of a window; take Softmax, Entmax or another that only weighs.");
        return new Function(this, sizes);
    }

    private sealed class Function : DistributionFunction
    {
        private readonly LocalAttention config;
        private readonly DistributionFunction inner;
        private readonly Linear? hidden, centre;

        public Function(LocalAttention config, ScoreSizes sizes)
        {
            this.config = config;
            inner = Register("inner", config.Inner.Create(sizes));
            if (config.Centre != LocalCentre.Predicted)
                return;
            int size = config.Size > 0 ? config.Size : sizes.QuerySize;
            hidden = Register("W_p", new Linear(sizes.QuerySize, size, hasBias: false));
            centre = Register("v_p", new Linear(size, 1, hasBias: false));
        }

        public override bool NeedsState => inner.NeedsState;

        public override Tensor Weights(Tensor energies, in Pass pass) =>
            throw new InvalidOperationException("LocalAttention: where the centre is depends on the queries; call Weights with the step.");

        public override Tensor Weights(Tensor energies, in AttentionStep step, in Pass pass) => Draw(energies, step, pass).Weights;

        internal override (Tensor Weights, HardChoice? Choice) Draw(Tensor energies, in AttentionStep step, in Pass pass)
        {
            Tensor p = hidden is null ? Steps(energies.Shape, step, pass) : Predicted(step, energies.Shape[3], pass);
            (Tensor weights, HardChoice? choice) = inner.Draw(energies.MaskScores(Window(p, energies.Shape[3])), step, pass);
            return (hidden is null ? weights : weights.GaussianWindow(p, config.HalfWidth / 2f), choice);
        }

        // S·sigmoid(v_pᵀ tanh(W_p q)), from the first real key: (batch, heads, queries).
        private Tensor Predicted(in AttentionStep step, int keys, in Pass pass)
        {
            Tensor share = centre!.Forward(hidden!.Forward(step.Query, pass).Tanh(), pass).Sigmoid();
            Shape rows = new(share.Shape.Sizes[..^1]);
            share = share.Reshape(rows);
            if (step.Ranges is not { } real)
                return share.Scale(keys);
            float[] lengths = new float[rows.Length], starts = new float[rows.Length];
            for (int r = 0; r < lengths.Length; r++)
                (lengths[r], starts[r]) = (real.Lengths.Span[(int)((long)r * rows[0] / rows.Length)], real.Starts.Span[(int)((long)r * rows[0] / rows.Length)]);
            return (share * pass.Input(lengths, rows)) + pass.Input(starts, rows);
        }

        private static Tensor Steps(Shape energies, in AttentionStep step, in Pass pass)
        {
            Shape rows = new(energies.Sizes[..^1]);
            float[] centres = new float[rows.Length];
            for (int r = 0; r < centres.Length; r++)
                centres[r] = (step.State?.Step ?? (r % rows[2])) + (step.Ranges is { } real ? real.Starts.Span[r / (rows[1] * rows[2])] : 0);
            return pass.Input(centres, rows);
        }

        private bool[] Window(Tensor p, int keys)
        {
            bool[] allowed = new bool[p.Length * keys];
            for (int i = 0; i < allowed.Length; i++)
                allowed[i] = Math.Abs((i % keys) - p.Values[i / keys]) <= config.HalfWidth;
            return allowed;
        }
    }
}

/// <summary>Where a window of <see cref="LocalAttention"/> has its centre.</summary>
public enum LocalCentre
{
    /// <summary>At the number of the query: local-m, for sequences that run side by side.</summary>
    Step,

    /// <summary>Where the query says: local-p.</summary>
    Predicted,
}
