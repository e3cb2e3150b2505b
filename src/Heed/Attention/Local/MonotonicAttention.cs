namespace Heed;

/// <summary>Monotonic attention: the look moves over the keys from left to right, stops once a query, and never goes back. Raffel et al. 2017, "Online and linear-time attention by enforcing
/// monotonic alignments".</summary>
/// <remarks>
/// <para>Formula: p_j = sigmoid(e_j + r + noise), the probability to stop at key j; in training the expected alignment α_j = p_j·q_j, q_j = (1 − p_{j−1})·q_{j−1} + α_j of the query before
/// (equations 9 to 11). In
/// evaluation the look stops at the first key from where it stood with e_j + r > 0 (hard, left to right); a query that stops nowhere sees nothing, and neither do those after it.</para>
/// <para>r is learned, one for all heads; the noise, normal with the given deviation and in training only, makes p choose (section 2.4). Weights sum to at most 1.</para>
/// <para>Variant: hard monotonic, without chunks (Chiu and Raffel 2018). Looks back, so queries come one after the other: a call over a whole sequence runs step by step. Cost: that of the
/// energies; energies of
/// passed keys are computed, too.</para>
/// </remarks>
/// <param name="Noise">Deviation of the noise; at least 0; default 1.</param>
/// <param name="InitialOffset">r at the start: the more negative, the further the look goes; default −1, the paper has −4 for long speech.</param>
public sealed record MonotonicAttention(float Noise = 1, float InitialOffset = -1) : Distribution
{
    internal static Mechanism Entry => new("monotonic", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(n => new MonotonicAttention((float)n[0], (float)n[1])),
        Parameters = [new("noise", 1, "deviation of the noise in training", IsWhole: false), new("offset", -1, "r at the start: the more negative, the further a look goes", IsWhole: false)],
        Softness = "soft, hard, global",
        Formula = "p_j = sigmoid(e_j + r); α_j = p_j·q_j, q_j = (1 − p_{j−1})·q_{j−1} + α_j of the query before",
        Shapes = DistributionShapes,
        Cost = "That of sigmoid; queries come one after the other",
        Source = "Raffel et al., \"Online and linear-time attention by enforcing monotonic alignments\", 2017",
        Variant = "Expected alignment in training, hard from left to right in evaluation; without chunks.",
        Use = "Output that follows the input in its order: speech, spelling.",
        Avoid = "Translation between languages of different word order.",
        Example = new(() =>
        {
            Attention look = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 2, Score = "dot", Distribution = "monotonic(0, 0)" });
            look.Initialize(seed: 1);
            Tensor queries = Tensor.From([0, 1, 1, 0], new Shape(1, 2, 2)), keys = Tensor.From([1, -1, 0, 1, 1, 1], new Shape(1, 3, 2));
            return Step.Evaluate(pass => look.Forward(queries, keys, keys, null, pass).Weights!, Capture.Weights);
        }),
        Types = [typeof(MonotonicAttention)],
        Pages = ["local-attention"],
    };

    /// <inheritdoc/>
    protected internal override bool SumsToOne => false;

    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => Noise >= 0 && float.IsFinite(Noise) && float.IsFinite(InitialOffset)
        ? new Function(Noise, InitialOffset)
        : throw new ArgumentException(FormattableString.Invariant($"MonotonicAttention: Noise must be at least 0 and InitialOffset finite, got {Noise} and {InitialOffset}."));

    private sealed class Function : DistributionFunction
    {
        private readonly Parameter offset;
        private readonly float deviation;

        public Function(float deviation, float start)
        {
            this.deviation = deviation;
            offset = Register("r", new Parameter(Shape.Scalar, Initializer.Filled(start)));
        }

        public override bool NeedsState => true;

        public override Tensor Weights(Tensor energies, in Pass pass) =>
            throw new InvalidOperationException("MonotonicAttention: the alignment depends on the one before; call Weights with the step.");

        public override Tensor Weights(Tensor energies, in AttentionStep step, in Pass pass)
        {
            Tensor shifted = energies + pass.Use(offset);
            if (pass.IsTraining && deviation > 0)
            {
                float[] noise = new float[energies.Length];
                for (int i = 0; i < noise.Length; i++)
                    noise[i] = deviation * (float)pass.Random.NextNormal();
                shifted += pass.Input(noise, energies.Shape);
            }
            Tensor p = pass.IsTraining ? shifted.Sigmoid() : Hard(shifted, pass);
            return p.MonotonicAlignment(step.State?.Previous);
        }

        private static Tensor Hard(Tensor shifted, in Pass pass)
        {
            float[] stops = new float[shifted.Length];
            for (int i = 0; i < stops.Length; i++)
                stops[i] = shifted.Values[i] > 0 ? 1 : 0;
            return pass.Input(stops, shifted.Shape);
        }
    }
}
