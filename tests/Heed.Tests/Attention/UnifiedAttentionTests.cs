namespace Heed.Tests.Attention;

/// <summary>The unified model: every score with every distribution and mask; fused and written out are the same.</summary>
public sealed class UnifiedAttentionTests
{
    private const int Batch = 3, Queries = 4, Keys = 5, Size = 4;
    private static readonly SequenceRanges Right = new(new[] { 5, 2, 0 }), Left = new(new[] { 5, 2, 1 }, new[] { 0, 3, 4 });

    internal static readonly Dictionary<string, Score> Scores = new(StringComparer.Ordinal)
    {
        ["dot"] = new DotScore(),
        ["scaled dot"] = new ScaledDotScore(),
        ["general"] = new GeneralScore(),
        ["biased general"] = new GeneralScore(HasBias: true),
        ["activated general"] = new ActivatedGeneralScore(),
        ["additive"] = new AdditiveScore(Size: 6),
        ["location"] = new LocationScore(MaximumLength: 7),
        ["cosine"] = new CosineSimilarityScore(InitialTemperature: 1.2f),
        ["distance"] = new DistanceScore(Gamma: 0.4f),
        ["location-aware"] = new LocationAwareScore(Size: 6, Filters: 2, Width: 3),
    };

    internal static readonly Dictionary<string, Distribution> Distributions = new(StringComparer.Ordinal)
    {
        ["softmax"] = new Softmax(),
        ["sink"] = new Softmax(Sink: true),
        ["sigmoid"] = new Sigmoid(),
        ["sparsemax"] = new Sparsemax(),
        ["entmax 1.5"] = new Entmax(),
        ["entmax 1.2"] = new Entmax(Alpha: 1.2f),
        ["entmax learned"] = new Entmax(Alpha: 1.6f, IsLearned: true),
        ["top 2"] = new TopK(2),
        ["gumbel"] = new GumbelSoftmax(Temperature: 0.8f),
        ["hard gumbel"] = new GumbelSoftmax(Temperature: 0.8f, IsHard: true),
        ["hard"] = new HardAttention(),
        ["hard straight through"] = new HardAttention(HardGradient.StraightThrough),
        ["local-m"] = new LocalAttention(HalfWidth: 2, LocalCentre.Step),
        ["local-p"] = new LocalAttention(HalfWidth: 2),
        ["local-p entmax"] = new LocalAttention(HalfWidth: 2, Size: 3) { Inner = new Entmax(Alpha: 1.2f) },
        ["monotonic"] = new MonotonicAttention(),
    };

    internal static readonly Dictionary<string, AttentionMask> Masks = new(StringComparer.Ordinal)
    {
        ["none"] = AttentionMask.None,
        ["causal"] = AttentionMask.Causal,
        ["window or first"] = AttentionMask.Window(left: 1, right: 0) | AttentionMask.Prefix(1),
        ["after, not far"] = AttentionMask.After & AttentionMask.Window(left: 0, right: 2),
        ["before"] = AttentionMask.Before,
        ["prefix"] = AttentionMask.Prefix(2),
        ["rule"] = AttentionMask.Rule((query, key) => (query + key) % 3 != 0, "not every third"),
    };

    public static IEnumerable<object[]> Pairs => Scores.Keys.SelectMany(score => Distributions.Keys.Select(distribution => new object[] { score, distribution }));

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Gradients_agree_with_differences_for_every_score_distribution_and_mask(string score, string distribution)
    {
        foreach (string mask in new[] { "none", "causal", "window or first", "after, not far" })
        {
            foreach (SequenceRanges? ranges in new SequenceRanges?[] { null, Left })
                CheckGradients(Config(score, distribution) with { ValueSize = 3, Mask = Masks[mask] }, ranges, mask, samples: 60);
        }
    }

    // Projections, and what each head has of its own: a learned α, a sink, a window's centre. On the right one sequence is empty. Each pair has one of the masks.
    [Theory]
    [MemberData(nameof(Pairs))]
    public void Gradients_agree_with_differences_for_several_heads(string score, string distribution)
    {
        string mask = new[] { "before", "prefix", "rule" }[(score.Length + distribution.Length) % 3];
        CheckGradients(Config(score, distribution) with { ValueSize = 3, Mask = Masks[mask], Heads = new MultiHead(2, HeadSize: 3) }, Right, mask, samples: 12);
    }

    private static void CheckGradients(AttentionConfig config, SequenceRanges? ranges, string what, int samples)
    {
        var attention = new Heed.Attention(config);
        (string, Parameter)[] parameters = [.. Inputs(config.ValueSize), .. Initialized(attention)];
        // Around 0 tanh is a straight line, and softmax does not see a bias that moves all energies alike: its gradient would be what rounding leaves.
        foreach ((_, Parameter bias) in parameters.Where(p => p.Item1 == "score.bias"))
            bias.Assign([.. Enumerable.Repeat(0.8f, bias.Shape.Length)]);
        // As it does not see a bias of all keys, where energies are straight in the keys.
        bool isBlind = config.Score is DotScore or ScaledDotScore or GeneralScore && config.Distribution is not (Softmax { Sink: true } or Sigmoid or MonotonicAttention);
        GradientCheck.Run(parameters.Where(p => !isBlind || p.Item1 != "k_proj.bias"), pass => WithChoice(attention.Forward(pass.Use(parameters[0].Item2), pass.Use(parameters[1].Item2), pass.Use(parameters[2].Item2), ranges, pass)), samples: samples)
            .ShouldBeGreaterThan(0, what);
    }

    [Theory]
    [InlineData("dot")]
    [InlineData("scaled dot")]
    [InlineData("biased general")]
    [InlineData("cosine")]
    [InlineData("distance")]
    public void Fused_and_written_out_are_the_same(string score)
    {
        foreach (string distribution in new[] { "softmax", "sink", "sparsemax", "entmax 1.5" })
        {
            foreach ((string mask, AttentionMask rule) in Masks)
            {
                foreach (SequenceRanges? ranges in new SequenceRanges?[] { null, Right, Left })
                {
                    foreach (Heads heads in new Heads[] { new SingleOutput(), new MultiHead(2), new MultiHead(3, HeadSize: 5) })
                    {
                        AttentionConfig config = new() { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = Scores[score], Distribution = Distributions[distribution], Mask = rule, Heads = heads };
                        (float[] context, float[] weights) = Run(config, ranges, expectFused: true);
                        (float[] expected, float[] expectedWeights) = Run(config with { WriteOut = true }, ranges, expectFused: false);
                        context.ShouldBe(expected, 2e-5, $"{distribution}, {mask}, {heads}");
                        weights.ShouldBe(expectedWeights, 1e-5, $"weights: {distribution}, {mask}, {heads}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Energies_are_what_the_formulas_say()
    {
        // q = (1, 2), k = (3, −1): q·k = 1, ‖q − k‖² = 13.
        Energy(new DotScore()).ShouldBe(1, 1e-6);
        Energy(new ScaledDotScore()).ShouldBe(1 / Math.Sqrt(2), 1e-6);
        Energy(new CosineSimilarityScore(InitialTemperature: 2)).ShouldBe(2 / Math.Sqrt(5 * 10), 1e-6);
        Energy(new DistanceScore(Gamma: 0.5f)).ShouldBe(-6.5, 1e-5);
        // W = [[1, 2], [3, 4]], b = (1, −1): W·q = (5, 11), kᵀWq = 4, with b 8.
        Energy(new GeneralScore(), ("general.weight", [1, 2, 3, 4])).ShouldBe(4, 1e-6);
        Energy(new GeneralScore(HasBias: true), ("general.weight", [1, 2, 3, 4]), ("general.bias", [1, -1])).ShouldBe(8, 1e-6);
        Energy(new ActivatedGeneralScore(), ("general.weight", [0.1f, 0.2f, 0.3f, 0.4f]), ("bias", [0.5f])).ShouldBe(Math.Tanh(0.9), 1e-6);
        // W₁k = 3 − 1 = 2, W₂q + b = 2·1 − 2 + 0.5 = 0.5: 3·tanh(2.5).
        Energy(new AdditiveScore(Size: 1), ("key.weight", [1, 1]), ("query.weight", [2, -1]), ("query.bias", [0.5f]), ("v", [3])).ShouldBe(3 * Math.Tanh(2.5), 1e-5);
        Energy(new LocationScore(MaximumLength: 1), ("location.weight", [2, 1]), ("location.bias", [0.25f])).ShouldBe(4.25, 1e-6);
    }

    [Fact]
    public void What_stands_in_the_padding_never_touches_the_result()
    {
        foreach (Distribution distribution in Distributions.Values)
        {
            foreach (Score score in Scores.Values)
            {
                foreach (Heads heads in new Heads[] { new SingleOutput(), new MultiHead(2) })
                {
                    AttentionConfig config = new() { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = score, Distribution = distribution, Heads = heads };
                    foreach (SequenceRanges ranges in new[] { Left, Right })
                    {
                        (float[] expected, float[] expectedWeights) = Run(config, ranges, expectFused: null);
                        (float[] spoiled, float[] spoiledWeights) = Run(config, ranges, expectFused: null, padding: float.NaN);
                        spoiled.ShouldBe(expected, $"{score} {distribution} {heads}");
                        spoiledWeights.ShouldBe(expectedWeights, $"{score} {distribution} {heads}");
                    }
                    (float[] none, float[] weights) = Run(config, Right, expectFused: null);
                    weights.AsSpan(weights.Length / Batch * 2).ToArray().ShouldAllBe(w => w == 0);
                    if (heads is SingleOutput)
                        none.AsSpan(2 * Queries * Size).ToArray().ShouldAllBe(c => c == 0, "an empty sequence has a zero context");
                }
            }
        }
    }

    // The same bits, whatever stands beside a sequence; masks count each one's own positions.
    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_batch_of_one_gives_the_bits_of_the_batch(string score, string distribution)
    {
        foreach (AttentionMask mask in Masks.Values)
        {
            foreach (Heads heads in new Heads[] { new SingleOutput(), new MultiHead(2) })
            {
                foreach (SequenceRanges ranges in new[] { Left, Right })
                {
                    AttentionConfig config = Config(score, distribution) with { Mask = mask, Heads = heads };
                    (float[] context, float[] weights) = Run(config, ranges, expectFused: null);
                    for (int b = 0; b < Batch; b++)
                    {
                        (float[] alone, float[] aloneWeights) = Run(config, ranges.Chosen([b]), expectFused: null, only: b);
                        alone.ShouldBe(context[(b * alone.Length)..][..alone.Length], $"{mask} {heads}, sequence {b}");
                        aloneWeights.ShouldBe(weights[(b * aloneWeights.Length)..][..aloneWeights.Length], $"weights: {mask} {heads}, sequence {b}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Masks_join()
    {
        AttentionMask mask = AttentionMask.Causal & (AttentionMask.Window(2, 0) | AttentionMask.Prefix(1));
        mask.ToString().ShouldBe("causal and (window(2, 0) or prefix(1))");
        Enumerable.Range(0, 8).Where(key => mask.Allows(5, key)).ShouldBe([0, 3, 4, 5]);
        (AttentionMask.None & AttentionMask.Causal).ShouldBeSameAs(AttentionMask.Causal);
        (AttentionMask.None | AttentionMask.Causal).ShouldBeSameAs(AttentionMask.None);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_by_name()
    {
        AttentionConfig config = new() { QuerySize = 6, KeySize = 4, ValueSize = 4 };
        Should.Throw<ArgumentException>(() => new Heed.Attention(config)).Message.ShouldContain("GeneralScore or AdditiveScore");
        Should.Throw<ArgumentException>(() => new Heed.Attention(config with { Heads = new MultiHead(4) })).Message.ShouldContain("4 heads do not divide queries of 6");
        Should.Throw<ArgumentException>(() => new Heed.Attention(config with { Score = new AdditiveScore(), Distribution = new Entmax(Alpha: 3) })).Message.ShouldContain("Alpha must be from 1.01 to 2");
        Should.Throw<ArgumentException>(() => new Heed.Attention(config with { Score = new AdditiveScore(), Distribution = new TopK(0) })).Message.ShouldContain("Count must be at least 1");
        var attention = new Heed.Attention(config with { Score = new LocationScore(MaximumLength: 3), KeySize = 4 });
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => attention.Forward(Tensor.From(new float[12], new(1, 2, 6)), Tensor.From(new float[16], new(1, 4, 4)), Tensor.From(new float[16], new(1, 4, 4)), null, pass).Context))
            .Message.ShouldContain("4 keys came, but the score knows 3 positions");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => attention.Forward(Tensor.From(new float[12], new(1, 3, 4)), Tensor.From(new float[16], new(1, 4, 4)), Tensor.From(new float[16], new(1, 4, 4)), null, pass).Context))
            .Message.ShouldContain("size = 6");
    }

    // What reinforcement makes of a choice is part of the loss, or queries and keys would have no gradient at all.
    private static Tensor WithChoice(AttentionResult result) => result.Choice is not { } choice ? result.Context : Tensor.Concatenate(
        result.Context.Reshape(new Shape(result.Context.Length)), choice.LogProbabilities.Reshape(new Shape(choice.LogProbabilities.Length)), choice.Entropies.Reshape(new Shape(choice.Entropies.Length)));

    private static AttentionConfig Config(string score, string distribution) => new() { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = Scores[score], Distribution = Distributions[distribution] };

    // Of the whole batch, or of one sequence alone.
    private static (float[] Context, float[] Weights) Run(AttentionConfig config, SequenceRanges? ranges, bool? expectFused, float? padding = null, int? only = null)
    {
        var attention = new Heed.Attention(config);
        attention.Initialize(5);
        attention.IsFused.ShouldBe(expectFused ?? attention.IsFused);
        (string, Parameter Parameter)[] inputs = Inputs(config.ValueSize);
        if (padding is { } value)
        {
            foreach (Parameter parameter in new[] { inputs[1].Parameter, inputs[2].Parameter })
            {
                float[] values = parameter.Values.ToArray();
                int size = parameter.Shape[2];
                for (int i = 0; i < Batch * Keys; i++)
                {
                    int start = ranges!.Value.Starts.Span[i / Keys], length = ranges.Value.Lengths.Span[i / Keys];
                    if (i % Keys < start || i % Keys >= start + length)
                        values.AsSpan(i * size, size).Fill(value);
                }
                parameter.Assign(values);
            }
        }
        return Step.Evaluate(
            pass =>
            {
                Tensor[] given = [.. inputs.Select(input => only is { } row ? pass.Use(input.Parameter).Chosen([row]) : pass.Use(input.Parameter))];
                AttentionResult result = attention.Forward(given[0], given[1], given[2], ranges, pass);
                return (result.Context.Values.ToArray(), result.Weights!.Values.ToArray());
            }, Capture.Weights);
    }

    private static (string, Parameter Parameter)[] Inputs(int valueSize = 3) =>
        [.. new[] { ("query", new Shape(Batch, Queries, Size)), ("keys", new Shape(Batch, Keys, Size)), ("values", new Shape(Batch, Keys, valueSize)) }.Select(input => (input.Item1, Drawn(input.Item1, input.Item2)))];

    private static Parameter Drawn(string name, Shape shape)
    {
        Parameter parameter = new(shape, Initializer.Normal(0.7));
        parameter.Initialize(new RandomStream(3, name));
        return parameter;
    }

    private static IEnumerable<(string, Parameter)> Initialized(Module module)
    {
        module.Initialize(7);
        return module.NamedParameters();
    }

    private static double Energy(Score score, params (string Name, float[] Values)[] weights)
    {
        ScoreFunction function = score.Create(new ScoreSizes(1, 2, 2));
        function.Initialize(1);
        foreach ((string name, float[] values) in weights)
            function.NamedParameters().Single(p => p.Name == name).Parameter.Assign(values);
        return Step.Evaluate(pass => function.Energies(Tensor.From([1, 2], new(1, 1, 1, 2)), Tensor.From([3, -1], new(1, 1, 1, 2)), pass).Item);
    }
}
