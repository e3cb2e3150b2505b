namespace Heed.Kernels;

/// <summary>Checks a score modifier that a user wrote: vectors against one double, lanes against each other, the backward pass against differences, and the whole fused kernel against the
/// double-precision reference.</summary>
/// <remarks>Take a small shape of odd sizes (2 sequences, 4 heads over 2, 5 queries, 23 keys) and parameters like those of real use. What is random is a pure function of the seed.</remarks>
public static unsafe class ScoreChecker
{
    private const double Step = 1e-5;

    /// <summary>Checks <see cref="IScoreModifier.Forward"/> only.</summary>
    /// <param name="modifier">The struct.</param>
    /// <param name="shape">A small attention.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="options">Terms, tables, positions.</param>
    /// <param name="tolerance">Of float32 against double, relative to 1 + |value|; default 1e-4.</param>
    /// <param name="seed">Of the scores and operands.</param>
    /// <typeparam name="TModifier">The struct.</typeparam>
    /// <returns>The largest relative error.</returns>
    /// <exception cref="ScoreCheckException">Something is wrong; says where, what came, and what was expected.</exception>
    /// <exception cref="ArgumentException">Shape, parameters or options do not fit the struct.</exception>
    public static double CheckForward<TModifier>(
        TModifier modifier, in AttentionShape shape, ReadOnlySpan<float> parameters = default, in AttentionOptions options = default, double tolerance = 1e-4, ulong seed = 1)
        where TModifier : unmanaged, IScoreModifier
    {
        AttentionCheck.Shape(nameof(ScoreChecker), shape, options);
        modifier.Check(shape, options, parameters.Length);
        ForwardAction<TModifier> action = new() { Modifier = modifier, Sources = new(parameters, options), Tolerance = tolerance, Random = new(seed) };
        AttentionPins.Pin(default, default, default, shape, parameters, options, ref action);
        return action.Worst;
    }

    /// <summary>Checks <see cref="IScoreModifier.Forward"/> and <see cref="IDifferentiableScoreModifier.Backward"/>, alone and inside the kernel.</summary>
    /// <param name="modifier">The struct.</param>
    /// <param name="shape">A small attention.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="options">Terms, tables, positions, scale.</param>
    /// <param name="tolerance">Of float32 against double, relative to 1 + |value|; default 1e-4.</param>
    /// <param name="seed">Of the scores and operands.</param>
    /// <typeparam name="TModifier">The struct.</typeparam>
    /// <returns>The largest relative error.</returns>
    /// <exception cref="ScoreCheckException">Something is wrong; says where, what came, and what was expected.</exception>
    /// <exception cref="ArgumentException">Shape, parameters or options do not fit the struct.</exception>
    public static double Check<TModifier>(
        TModifier modifier, in AttentionShape shape, ReadOnlySpan<float> parameters = default, in AttentionOptions options = default, double tolerance = 1e-4, ulong seed = 1)
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        double forward = CheckForward(modifier, shape, parameters, options, tolerance, seed);
        BackwardAction<TModifier> action = new() { Modifier = modifier, Sources = new(parameters, options), Tolerance = tolerance, Random = new(seed) };
        AttentionPins.Pin(default, default, default, shape, parameters, options, ref action);
        return Math.Max(Math.Max(forward, action.Worst), ScoreKernelCheck.Run(modifier, shape, parameters, options, tolerance, new(seed)));
    }

    internal static ScoreCheckException Wrong<TModifier>(string what, ScoreRow row, int key, double got, double expected) =>
        new(FormattableString.Invariant($"{typeof(TModifier).Name}: {what} at sequence {row.Batch}, head {row.Head}, query {row.Query}, key {key} is {got:G9}, expected {expected:G9}."));

    internal static bool IsOff(double got, double expected, double tolerance, ref double worst)
    {
        // Equal infinities and NaN on both sides are agreement.
        if (got.Equals(expected))
            return false;
        double error = Math.Abs(got - expected) / (1 + Math.Abs(expected));
        worst = error > worst ? error : worst;
        return !(error <= tolerance);
    }

    private ref struct ForwardAction<TModifier> : IAttentionAction
        where TModifier : unmanaged, IScoreModifier
    {
        public TModifier Modifier;
        public ScoreSources Sources;
        public double Tolerance, Worst;
        public ScoreDraw Random;

        public void Invoke(AttentionCall call)
        {
            foreach ((int b, int head, int query) in ScoreSources.Rows(call))
            {
                AttentionSequence sequence = call.Sequence(b);
                ScoreRow row = call.Context(b, head / call.Group, sequence, (query * call.Group) + (head % call.Group));
                float[] scores = Random.Numbers(sequence.Keys + 64);
                double[] expected = new double[sequence.Keys];
                fixed (float* s = scores)
                {
                    using ScoreSources.Pinned wide = Sources.Pin();
                    ScoreRow reference = wide.Of(row, call);
                    for (int j = 0; j < expected.Length; j++)
                        expected[j] = Modifier.Forward(new ReferenceLane(s[j + 32]), new ScoreContext<ReferenceLane>(&reference, j)).Value;
                    Width<Simd128>(row, s + 32, expected);
                    if (Simd.Bits >= 256)
                        Width<Simd256>(row, s + 32, expected);
                    if (Simd.Bits >= 512)
                        Width<Simd512>(row, s + 32, expected);
                    if (TModifier.NamesValues && call.ValueRows > 0)
                        Names(reference, expected.Length, call.ValueRows);
                }
            }
        }

        private void Width<V>(ScoreRow row, float* s, double[] expected)
            where V : unmanaged, ISimd<V>
        {
            float[] first = new float[expected.Length];
            float* lanes = stackalloc float[V.Width];
            for (int key = 1 - V.Width; key < expected.Length; key++)
            {
                V.Store(Modifier.Forward(V.Load(s + key), new ScoreContext<V>(&row, key)), lanes);
                for (int i = Math.Max(0, -key); i < V.Width && key + i < expected.Length; i++)
                {
                    int j = key + i;
                    if (IsOff(lanes[i], expected[j], Tolerance, ref Worst))
                        throw Wrong<TModifier>(FormattableString.Invariant($"the score (in a vector of {V.Width})"), row, j, lanes[i], expected[j]);
                    if (j == key + V.Width - 1)
                        first[j] = lanes[i];
                    else if (BitConverter.SingleToInt32Bits(first[j]) != BitConverter.SingleToInt32Bits(lanes[i]))
                        throw Wrong<TModifier>(FormattableString.Invariant($"the score depends on the lane in which the key stands (lane {i} of {V.Width}), so chunks would not agree:"), row, j, lanes[i], first[j]);
                }
            }
        }

        private readonly void Names(ScoreRow row, int keys, int valueRows)
        {
            for (int j = 0; j < keys; j++)
            {
                double name = Modifier.ValueIndex(new ScoreContext<ReferenceLane>(&row, j)).Value;
                if (!(name >= 0 && name < valueRows && name == Math.Floor(name)))
                    throw Wrong<TModifier>(FormattableString.Invariant($"the name of a row of the value table (0 … {valueRows - 1})"), row, j, name, 0);
            }
        }
    }

    private ref struct BackwardAction<TModifier> : IAttentionAction
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        public TModifier Modifier;
        public ScoreSources Sources;
        public double Tolerance, Worst;
        public ScoreDraw Random;

        public void Invoke(AttentionCall call)
        {
            using ScoreSources.Pinned wide = Sources.Pin();
            foreach ((int b, int head, int query) in ScoreSources.Rows(call))
            {
                AttentionSequence sequence = call.Sequence(b);
                ScoreRow row = wide.Of(call.Context(b, head / call.Group, sequence, (query * call.Group) + (head % call.Group)), call);
                float[] scores = Random.Numbers(sequence.Keys);
                for (int j = 0; j < scores.Length; j++)
                    One(ref row, j, scores[j]);
            }
        }

        private void One(ref ScoreRow row, int key, double score)
        {
            Sources.ClearSums();
            fixed (ScoreRow* r = &row)
            {
                ScoreContext<ReferenceLane> at = new(r, key);
                ParameterGradient<ReferenceLane> sums = new(r, key);
                double none = Modifier.Backward(new ReferenceLane(0), new ReferenceLane(score), at, sums).Value;
                if (none != 0 || Sources.AnySum())
                    throw Wrong<TModifier>("Backward of a gradient of 0, which masked pairs have, adds something:", row, key, none, 0);
                double got = Modifier.Backward(new ReferenceLane(1), new ReferenceLane(score), at, sums).Value, h = Step * Math.Max(1, Math.Abs(score));
                double difference = (Forward(r, key, score + h) - Forward(r, key, score - h)) / (2 * h);
                Compare("the gradient of the score", row, key, got, difference);
                foreach ((string name, double[] values, double[] gradients) in Sources.All)
                {
                    foreach (int i in ScoreSources.Probes(values, gradients, ref Random))
                    {
                        double old = values[i], step = Step * Math.Max(1, Math.Abs(old));
                        values[i] = old + step;
                        double up = Forward(r, key, score);
                        values[i] = old - step;
                        double down = Forward(r, key, score);
                        values[i] = old;
                        Compare(FormattableString.Invariant($"the gradient of {name} {i}"), row, key, gradients[i], (up - down) / (2 * step));
                    }
                }
            }
        }

        private readonly double Forward(ScoreRow* row, int key, double score) => Modifier.Forward(new ReferenceLane(score), new ScoreContext<ReferenceLane>(row, key)).Value;

        private void Compare(string what, ScoreRow row, int key, double got, double difference)
        {
            // Differences in double are exact to about 1e-9; a step at a kink or of a bucket is not met by random scores.
            double worst = 0;
            if (IsOff(got, difference, 1e-6, ref worst))
                throw Wrong<TModifier>(what, row, key, got, difference);
            Worst = Math.Max(Worst, worst);
        }
    }
}

/// <summary>A user's struct is wrong: what is, where, and what differences or the reference give.</summary>
public sealed class ScoreCheckException : Exception
{
    internal ScoreCheckException(string message)
        : base(message)
    {
    }
}
