namespace Heed.Tests.Attention;

/// <summary>Windows, monotonic alignments and location-aware scores.</summary>
public sealed class LocalAttentionTests
{
    private static readonly SequenceRanges Left = new(new[] { 7, 3 }, new[] { 0, 4 });

    [Fact]
    public void A_window_at_the_step_by_hand()
    {
        // Equal energies, D = 1: query t sees keys t − 1 … t + 1 that exist, in equal shares.
        float[] weights = Weights(new LocalAttention(HalfWidth: 1, LocalCentre.Step), new float[12], new Shape(1, 1, 3, 4), null);
        weights.ShouldBe([0.5f, 0.5f, 0, 0, 1 / 3f, 1 / 3f, 1 / 3f, 0, 0, 1 / 3f, 1 / 3f, 1 / 3f], 1e-6);
        // With padding on the left the first real key is number 0; a window beyond the keys sees nothing.
        weights = Weights(new LocalAttention(HalfWidth: 1, LocalCentre.Step), [.. Enumerable.Repeat(new[] { float.NegativeInfinity, float.NegativeInfinity, 0, 0 }, 4).SelectMany(r => r)], new Shape(1, 1, 4, 4), new SequenceRanges(new[] { 2 }, new[] { 2 }));
        weights.ShouldBe([0, 0, 0.5f, 0.5f, 0, 0, 0.5f, 0.5f, 0, 0, 0, 1, 0, 0, 0, 0], 1e-6);
    }

    [Fact]
    public void A_predicted_window_by_hand()
    {
        // W_p = 1, v_p = 2, q = 0.5: p = 4·σ(2·tanh 0.5); D = 2, σ = 1.
        LocalAttention config = new(HalfWidth: 2);
        DistributionFunction function = config.Create(new ScoreSizes(1, 1, 1));
        Set(function, "W_p.weight", [1]);
        Set(function, "v_p.weight", [2]);
        double p = 4 / (1 + Math.Exp(-2 * Math.Tanh(0.5)));
        p.ShouldBeInRange(2.8, 2.9);
        float[] energies = [0.3f, -0.1f, 0.7f, 0.2f];
        float[] weights = Step.Evaluate(pass => function.Weights(Tensor.From(energies, new Shape(1, 1, 1, 4)), new AttentionStep(Tensor.From([0.5f], new Shape(1, 1, 1, 1)), null, null), pass)).ToArray();
        // Keys 1, 2 and 3 lie within 2 of p.
        double sum = energies[1..].Sum(e => Math.Exp(e));
        weights[0].ShouldBe(0);
        for (int j = 1; j < 4; j++)
            weights[j].ShouldBe((float)(Math.Exp(energies[j]) / sum * Math.Exp(-(j - p) * (j - p) / 2)), 1e-6);
    }

    [Fact]
    public void The_centre_learns_through_the_gaussian()
    {
        // The context wanted is that of key 3 of 8 for every query: W_p and v_p have to move the window there.
        var attention = new Heed.Attention(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 8, Score = new DotScore(), Distribution = new LocalAttention(HalfWidth: 3) });
        attention.Initialize(2);
        Parameter[] parameters = [.. attention.NamedParameters().Select(p => p.Parameter)];
        AdamW optimizer = new(parameters, weightDecay: 0);
        float[] values = new float[64], wanted = new float[8];
        for (int j = 0; j < 8; j++)
            values[(j * 8) + j] = 1;
        wanted[3] = 1;
        float first = 0, last = 0;
        for (int step = 0; step < 300; step++)
        {
            last = Step.Train(new RandomStream(1, "x"), step, pass =>
            {
                Tensor context = attention.Forward(pass.Input([1, 0.5f], new Shape(1, 1, 2)), pass.Input(new float[16], new Shape(1, 8, 2)), pass.Input(values, new Shape(1, 8, 8)), null, pass).Context;
                return -(context * pass.Input(wanted, context.Shape)).Sum();
            });
            first = step == 0 ? last : first;
            optimizer.Step(0.02);
        }
        last.ShouldBeLessThan(first - 0.02f);
        // All energies are equal: at the centre the weight is that of the window's softmax, 1/7 of seven keys or 1/6 of six.
        last.ShouldBeLessThan(-1 / 7f);
    }

    [Fact]
    public void Steps_of_a_decoder_give_what_the_whole_sequence_gives()
    {
        foreach (Distribution distribution in new Distribution[] { new LocalAttention(HalfWidth: 1, LocalCentre.Step), new LocalAttention(HalfWidth: 2), new MonotonicAttention(), new HardAttention() })
        {
            foreach (Score score in new Score[] { new AdditiveScore(6), new ScaledDotScore(), new LocationAwareScore(6, 2, 3) })
            {
                foreach (Heads heads in new Heads[] { new SingleOutput(), new MultiHead(2) })
                {
                    var attention = new Heed.Attention(new AttentionConfig { QuerySize = 4, KeySize = 4, ValueSize = 4, Score = score, Distribution = distribution, Heads = heads });
                    attention.Initialize(9);
                    Tensor query = Drawn("query", 5), keys = Drawn("keys", 7);
                    float[] whole = Step.Evaluate(pass => attention.Forward(query, keys, keys, Left, pass).Context).ToArray();
                    Step.Evaluate(pass =>
                    {
                        AttentionMemory memory = attention.Prepare(keys, keys, Left, pass);
                        AttentionState? state = attention.Start(memory);
                        for (int t = 0; t < 5; t++)
                        {
                            AttentionResult step = attention.Forward(query.Reshape(new Shape(2, 20)).Columns(t * 4, 4).Reshape(new Shape(2, 1, 4)), memory, state, pass);
                            state = step.State;
                            for (int b = 0; b < 2; b++)
                                step.Context.Values.Slice(b * 4, 4).ToArray().ShouldBe(whole[((b * 20) + (t * 4))..][..4], 1e-5, $"{distribution} {score} {heads} step {t}");
                        }
                        return 0;
                    });
                }
            }
        }
    }

    [Fact]
    public void A_monotonic_alignment_by_hand()
    {
        // p = ½, ½, 1; first step from key 0: ½, ¼, ¼.
        float[] first = Step.Evaluate(pass => Tensor.From([0.5f, 0.5f, 1], new Shape(1, 3)).MonotonicAlignment(null)).ToArray();
        first.ShouldBe([0.5f, 0.25f, 0.25f]);
        // q = ½, ½·½ + ¼ = ½, ½·½ + ¼ = ½.
        float[] second = Step.Evaluate(pass => Tensor.From([0.5f, 0.5f, 1], new Shape(1, 3)).MonotonicAlignment(Tensor.From(first, new Shape(1, 3)))).ToArray();
        second.ShouldBe([0.25f, 0.25f, 0.5f]);
        // The expectation is that of all paths: the mean of hard alignments that are drawn.
        RandomStream random = new(3, "paths");
        float[] p = [0.3f, 0.6f, 0.2f, 0.5f];
        double[] counts = new double[4];
        const int Paths = 40_000;
        for (int i = 0; i < Paths; i++)
        {
            int at = 0;
            for (int query = 0; query < 2; query++)
            {
                while (at < 4 && random.NextDouble() >= p[at])
                    at++;
            }
            if (at < 4)
                counts[at] += 1.0 / Paths;
        }
        Tensor probabilities = Tensor.From(p, new Shape(1, 4));
        float[] expected = Step.Evaluate(pass => probabilities.MonotonicAlignment(probabilities.MonotonicAlignment(null))).ToArray();
        for (int j = 0; j < 4; j++)
            ((double)expected[j]).ShouldBe(counts[j], 0.01);
    }

    [Fact]
    public void A_hard_monotonic_look_stops_at_the_first_key_and_never_goes_back()
    {
        DistributionFunction function = new MonotonicAttention(InitialOffset: -1).Create(1);
        // Above 1 stops: the first query at key 1, the second goes on from there to key 2, the third finds nothing, and the fourth neither.
        float[][] energies = [[0, 2, 5, 0], [9, 0.5f, 1.5f, 3], [9, 9, 0, 0], [9, 9, 9, 9]], expected = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]];
        Step.Evaluate(pass =>
        {
            Tensor? previous = null;
            for (int i = 0; i < energies.Length; i++)
            {
                AttentionState state = new(i, true, default, null, previous, null);
                previous = function.Weights(Tensor.From(energies[i], new Shape(1, 1, 1, 4)), new AttentionStep(Tensor.From([0], new Shape(1, 1, 1, 1)), null, state), pass);
                previous.ToArray().ShouldBe(expected[i], $"query {i}");
            }
            return 0;
        });
    }

    [Fact]
    public void A_location_aware_score_by_hand()
    {
        // One filter (1, 2, 3) over the weights before (0.5, 0.5, 0), zeros outside: f = 2·0.5 + 3·0.5, 1·0.5 + 2·0.5, 1·0.5. U = 0.1, v = 1, queries and keys count nothing.
        ScoreFunction function = new LocationAwareScore(Size: 1, Filters: 1, Width: 3).Create(new ScoreSizes(1, 1, 1));
        foreach ((string name, Parameter parameter) in function.NamedParameters())
            parameter.Assign(name switch { "filters.weight" => [1, 2, 3], "features.weight" => [0.1f], "v" => [1], _ => new float[parameter.Shape.Length] });
        AttentionState state = new(1, true, default, null, Tensor.From([0.5f, 0.5f, 0], new Shape(1, 1, 1, 3)), null);
        Tensor query = Tensor.From([1], new Shape(1, 1, 1, 1)), key = Tensor.From([1, 1, 1], new Shape(1, 1, 3, 1));
        Step.Evaluate(pass => function.Energies(query, function.PrepareKeys(key, pass), new AttentionStep(query, null, state), pass)).ToArray()
            .ShouldBe([MathF.Tanh(0.25f), MathF.Tanh(0.15f), MathF.Tanh(0.05f)], 1e-6);
    }

    [Fact]
    public void Decoders_side_by_side_each_see_their_own_past()
    {
        ScoreFunction function = new LocationAwareScore(Size: 5, Filters: 2, Width: 3).Create(new ScoreSizes(2, 3, 3));
        function.Initialize(4);
        Tensor query = Tensor.From(Numbers("q", 24), new Shape(2, 2, 2, 3)), key = Tensor.From(Numbers("k", 48), new Shape(2, 2, 4, 3)), before = Tensor.From(Numbers("w", 32), new Shape(2, 2, 2, 4));
        float[] both = Energies(query, before);
        for (int i = 0; i < 2; i++)
        {
            float[] alone = Energies(Row(query, i, 3), Row(before, i, 4));
            for (int h = 0; h < 4; h++)
                alone[(h * 4)..][..4].ShouldBe(both[((h * 8) + (i * 4))..][..4], 1e-6);
        }

        float[] Energies(Tensor q, Tensor previous) => Step.Evaluate(pass => function.Energies(q, function.PrepareKeys(key, pass), new AttentionStep(q, null, new AttentionState(1, true, default, null, previous, null)), pass)).ToArray();

        static Tensor Row(Tensor x, int i, int size) => x.Reshape(new Shape(4, 2 * size)).Columns(i * size, size).Reshape(new Shape(2, 2, 1, size));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Should.Throw<ArgumentException>(() => new LocalAttention(HalfWidth: 0).Create(new ScoreSizes(1, 2, 2))).Message.ShouldContain("HalfWidth must be at least 1");
        Should.Throw<ArgumentException>(() => new LocalAttention { Inner = new MonotonicAttention() }.Create(new ScoreSizes(1, 2, 2))).Message.ShouldContain("MonotonicAttention chooses places itself");
        Should.Throw<ArgumentException>(() => new LocalAttention { Inner = new LocalAttention() }.Create(new ScoreSizes(1, 2, 2))).Message.ShouldContain("cannot stand inside of a window");
        Should.Throw<ArgumentException>(() => new LocalAttention().Create(1)).Message.ShouldContain("depends on the queries");
        Should.Throw<ArgumentException>(() => new MonotonicAttention(Noise: -1).Create(1)).Message.ShouldContain("Noise must be at least 0");
        Should.Throw<ArgumentException>(() => new LocationAwareScore(Width: 4).Create(new ScoreSizes(1, 2, 2))).Message.ShouldContain("Width odd");
        Tensor weights = Tensor.From(new float[6], new Shape(2, 3));
        Should.Throw<ShapeException>(() => weights.GaussianWindow(Tensor.From(new float[3], new Shape(3)), 1)).Message.ShouldContain("one for each row");
        Should.Throw<ArgumentOutOfRangeException>(() => weights.GaussianWindow(Tensor.From(new float[2], new Shape(2)), 0));
        Should.Throw<ShapeException>(() => weights.MonotonicAlignment(Tensor.From(new float[6], new Shape(3, 2))));
        DistributionFunction monotonic = new MonotonicAttention().Create(1);
        Should.Throw<InvalidOperationException>(() => Step.Evaluate(pass => monotonic.Weights(weights, pass))).Message.ShouldContain("call Weights with the step");
    }

    private static float[] Weights(LocalAttention config, float[] energies, Shape shape, SequenceRanges? ranges)
    {
        DistributionFunction function = config.Create(1);
        return Step.Evaluate(pass => function.Weights(Tensor.From(energies, shape), new AttentionStep(Tensor.From(new float[shape[2]], new Shape(1, 1, shape[2], 1)), ranges, null), pass)).ToArray();
    }

    private static void Set(Module module, string name, float[] values) => module.NamedParameters().Single(p => p.Name == name).Parameter.Assign(values);

    private static Tensor Drawn(string name, int rows) => Tensor.From(Numbers(name, 2 * rows * 4), new Shape(2, rows, 4));

    private static float[] Numbers(string name, int count)
    {
        RandomStream random = new(8, name);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
    }
}
