namespace Heed.Tests.Attention;

/// <summary>Five faults that attention is often written with, and that this one must not have.</summary>
public sealed class FiveFaultsTests
{
    private const int Queries = 3, Keys = 5, Size = 4, Padding = 2;

    public static TheoryData<string> ScoreNames => [.. UnifiedAttentionTests.Scores.Keys];

    public static TheoryData<string> DistributionNames => [.. UnifiedAttentionTests.Distributions.Keys];

    // Those whose weights are shares of one: a sink, sigmoid, local-p's Gaussian and monotonic attention may leave some of it.
    public static TheoryData<string> SharingNames => [.. UnifiedAttentionTests.Distributions.Keys.Except(["sink", "sigmoid", "local-p", "local-p entmax", "monotonic"], StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(SharingNames))]
    public void Softmax_over_the_wrong_axis(string distribution)
    {
        foreach (bool writeOut in new[] { false, true })
        {
            foreach (Heads heads in new Heads[] { new SingleOutput(), new MultiHead(2) })
            {
                Heed.Attention attention = Made(Config("scaled dot", distribution) with { WriteOut = writeOut, Heads = heads });
                foreach (Run run in new[] { Trained(attention, Real, SequenceRanges.Full(1, Keys)), Evaluated(attention, Real, SequenceRanges.Full(1, Keys)) })
                {
                    float[][] rows = [.. run.Weights.Chunk(Keys)];
                    rows.ShouldAllBe(row => Math.Abs(row.Sum() - 1) < 1e-5, "each query's weights sum to one over the keys");
                    Enumerable.Range(0, Keys).Any(key => Math.Abs(rows[..Queries].Sum(row => row[key]) - 1) > 1e-3).ShouldBeTrue("each key's weights over the queries need not");
                }
            }
        }
    }

    // Two heads of two features; projections leave the vectors as they are. e = 2^½·ln 3·1/√2 = ln 3 and 0 in head one: weights ¾ and ¼. With √4 for √2 the ratio were 3^0.71.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_root_of_the_models_size_for_that_of_a_head(bool writeOut)
    {
        Heed.Attention attention = new(new AttentionConfig { QuerySize = 4, KeySize = 4, ValueSize = 4, Heads = new MultiHead(2), WriteOut = writeOut });
        foreach ((string name, Parameter parameter) in attention.NamedParameters())
            parameter.Assign(name.EndsWith("bias", StringComparison.Ordinal) ? new float[4] : [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
        float three = (float)(Math.Sqrt(2) * Math.Log(3)), seven = (float)(Math.Sqrt(2) * Math.Log(7));
        Tensor query = Tensor.From([three, 0, 0, seven], new Shape(1, 1, 4)), keys = Tensor.From([1, 0, 0, 0, 0, 0, 0, 1], new Shape(1, 2, 4)), values = Tensor.From([8, 0, 8, 0, 0, 8, 0, 8], new Shape(1, 2, 4));
        (float[] context, float[] weights) = Step.Evaluate(
            pass =>
            {
                AttentionResult result = attention.Forward(query, keys, values, null, pass);
                return (result.Context.ToArray(), result.Weights!.ToArray());
            }, Capture.Weights);
        weights.ShouldBe([0.75f, 0.25f, 0.125f, 0.875f], 1e-6);
        context.ShouldBe([6, 2, 1, 7], 1e-5);
    }

    // No key is real, or the rule allows none: zeros, no gradient for what was not seen, and no NaN anywhere.
    [Theory]
    [MemberData(nameof(DistributionNames))]
    public void Rows_of_NaN_where_every_key_is_masked(string distribution)
    {
        foreach (string score in UnifiedAttentionTests.Scores.Keys)
        {
            foreach (bool byRule in new[] { false, true })
            {
                AttentionConfig config = Config(score, distribution) with { Mask = byRule ? AttentionMask.Rule((_, _) => false, "nothing") : AttentionMask.None };
                SequenceRanges ranges = byRule ? SequenceRanges.Full(1, Keys) : new SequenceRanges(new[] { 0 });
                foreach (AttentionConfig form in new[] { config, config with { WriteOut = true } })
                {
                    Run run = Trained(Made(form), Real, ranges);
                    foreach (float[] zeros in new[] { run.Context, run.Weights, run.QueryGradient, run.KeyGradient, run.ValueGradient })
                        zeros.ShouldAllBe(v => v == 0, $"{score}, by rule: {byRule}");
                }
                Heed.Attention several = Made(config with { Heads = new MultiHead(2) });
                several.NamedParameters().Single(p => p.Name == "out_proj.bias").Parameter.Assign([1, 2, 3, 4]);
                Run heads = Trained(several, Real, ranges);
                heads.Context.Chunk(Size).ShouldAllBe(row => row.SequenceEqual(new float[] { 1, 2, 3, 4 }), "what is left is the last projection's bias");
                heads.QueryGradient.Concat(heads.KeyGradient).Concat(heads.ValueGradient).ShouldAllBe(v => v == 0);
            }
        }
    }

    // Masked keys hold NaN: their gradient is 0, and every other gradient is that of the input without them.
    [Theory]
    [MemberData(nameof(ScoreNames))]
    public void A_mask_outside_of_the_gradient(string score)
    {
        foreach (string distribution in Certain)
        {
            foreach (Heads heads in new Heads[] { new SingleOutput(), new MultiHead(2) })
            {
                AttentionConfig config = Config(score, distribution) with { Heads = heads };
                Heed.Attention shorter = Made(config);
                Run expected = Trained(shorter, Real, SequenceRanges.Full(1, Keys));
                Dictionary<string, float[]> gradients = Gradients(shorter);
                bool countsKeys = distribution.StartsWith("local-p", StringComparison.Ordinal);   // S·sigmoid(…): S are the real keys; a rule leaves all of them real.
                foreach (bool byRule in countsKeys ? new[] { false } : [false, true])
                {
                    Heed.Attention attention = Made(byRule ? config with { Mask = AttentionMask.Rule((_, key) => key < Keys, "the real ones") } : config);
                    // A rule is no statement about what stands in the keys: what it masks are numbers, and only padding may be anything.
                    Run run = Trained(attention, Real.Followed(byRule ? 9 : float.NaN), byRule ? SequenceRanges.Full(1, Keys + Padding) : new SequenceRanges(new[] { Keys }));
                    string what = $"{distribution}, {heads}, by rule: {byRule}";
                    run.Context.ShouldBe(expected.Context, 1e-5, what);
                    run.QueryGradient.ShouldBe(expected.QueryGradient, 1e-5, what);
                    run.KeyGradient[..(Keys * Size)].ShouldBe(expected.KeyGradient, 1e-5, what);
                    run.ValueGradient[..(Keys * Size)].ShouldBe(expected.ValueGradient, 1e-5, what);
                    run.KeyGradient[(Keys * Size)..].Concat(run.ValueGradient[(Keys * Size)..]).ShouldAllBe(g => g == 0, what);
                    foreach ((string name, float[] gradient) in Gradients(attention))
                        gradient.ShouldBe(gradients[name], 1e-4, $"{what}: {name}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(ScoreNames))]
    public void Padding_on_the_left(string score)
    {
        foreach (string distribution in Certain)
        {
            foreach (Heads heads in new Heads[] { new SingleOutput(), new MultiHead(2) })
            {
                foreach (AttentionMask mask in UnifiedAttentionTests.Masks.Values)
                {
                    Heed.Attention attention = Made(Config(score, distribution) with { Heads = heads, Mask = mask });
                    Run expected = Trained(attention, Real, SequenceRanges.Full(1, Keys));
                    Dictionary<string, float[]> gradients = Gradients(attention);
                    Run run = Trained(attention, Real.After(float.NaN), new SequenceRanges(new[] { Keys }, new[] { Padding }));
                    string what = $"{distribution}, {heads}, {mask}";
                    run.Context.ShouldBe(expected.Context, 1e-5, what);
                    run.Weights.Chunk(Keys + Padding).SelectMany(row => row[Padding..]).ToArray().ShouldBe(expected.Weights, 1e-5, what);
                    run.Weights.Chunk(Keys + Padding).SelectMany(row => row[..Padding]).ShouldAllBe(w => w == 0, what);
                    run.QueryGradient.ShouldBe(expected.QueryGradient, 1e-5, what);
                    run.KeyGradient.ShouldBe([.. new float[Padding * Size], .. expected.KeyGradient], 1e-5, what);
                    run.ValueGradient.ShouldBe([.. new float[Padding * Size], .. expected.ValueGradient], 1e-5, what);
                    foreach ((string name, float[] gradient) in Gradients(attention))
                        gradient.ShouldBe(gradients[name], 1e-4, $"{what}: {name}");
                }
            }
        }
    }

    // Where no number is drawn: a sample would depend on how many keys there are.
    private static IEnumerable<string> Certain => UnifiedAttentionTests.Distributions.Keys.Where(name => !name.Contains("gumbel", StringComparison.Ordinal) && !name.StartsWith("hard", StringComparison.Ordinal) && name != "monotonic");

    private static Inputs Real { get; } = new(Drawn("query", Queries), Drawn("keys", Keys), Drawn("values", Keys));

    private static AttentionConfig Config(string score, string distribution) =>
        new() { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = UnifiedAttentionTests.Scores[score], Distribution = UnifiedAttentionTests.Distributions[distribution] };

    private static Heed.Attention Made(AttentionConfig config)
    {
        Heed.Attention attention = new(config);
        attention.Initialize(5);
        return attention;
    }

    private static Run Trained(Heed.Attention attention, Inputs inputs, SequenceRanges ranges)
    {
        Parameter[] parameters = [.. new[] { inputs.Query, inputs.Keys, inputs.Values }.Select(Held)];
        foreach ((_, Parameter parameter) in attention.NamedParameters())
            parameter.ClearGradient();
        (float[] context, float[] weights) = ([], []);
        Step.Train(new RandomStream(4, "faults"), 0, pass =>
        {
            AttentionResult result = attention.Forward(pass.Use(parameters[0]), pass.Use(parameters[1]), pass.Use(parameters[2]), ranges, new Pass(pass.Step, pass.Random, Capture.Weights));
            (context, weights) = (result.Context.ToArray(), result.Weights!.ToArray());
            return result.Context.WeightedSum(Drawn("probe", Queries));
        });
        return new Run(context, weights, Gradient(parameters[0]), Gradient(parameters[1]), Gradient(parameters[2]));
    }

    private static Run Evaluated(Heed.Attention attention, Inputs inputs, SequenceRanges ranges) => Step.Evaluate(
        pass =>
        {
            AttentionResult result = attention.Forward(pass.Use(Held(inputs.Query)), pass.Use(Held(inputs.Keys)), pass.Use(Held(inputs.Values)), ranges, pass);
            return new Run(result.Context.ToArray(), result.Weights!.ToArray(), [], [], []);
        }, Capture.Weights);

    private static Dictionary<string, float[]> Gradients(Module module) => module.NamedParameters().ToDictionary(p => p.Name, p => Gradient(p.Parameter), StringComparer.Ordinal);

    private static float[] Gradient(Parameter parameter) => parameter.HasGradient ? parameter.Gradient.ToArray() : new float[parameter.Shape.Length];

    private static Parameter Held(float[] values)
    {
        Parameter parameter = new(new Shape(1, values.Length / Size, Size), Initializer.Zeros);
        parameter.Assign(values);
        return parameter;
    }

    private static float[] Drawn(string name, int rows)
    {
        RandomStream random = new(6, name);
        return [.. Enumerable.Range(0, rows * Size).Select(_ => 0.7f * (float)random.NextNormal())];
    }

    private sealed record Run(float[] Context, float[] Weights, float[] QueryGradient, float[] KeyGradient, float[] ValueGradient);

    private sealed record Inputs(float[] Query, float[] Keys, float[] Values)
    {
        public Inputs Followed(float value) => this with { Keys = [.. Keys, .. Filled(value)], Values = [.. Values, .. Filled(value)] };

        public Inputs After(float value) => this with { Keys = [.. Filled(value), .. Keys], Values = [.. Filled(value), .. Values] };

        private static IEnumerable<float> Filled(float value) => Enumerable.Repeat(value, Padding * Size);
    }
}
