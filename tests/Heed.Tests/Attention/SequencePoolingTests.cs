namespace Heed.Tests.Attention;

public sealed class SequencePoolingTests
{
    private const int Batch = 4, Time = 7, Features = 6;
    private static readonly int[] Lengths = [5, 0, 7, 1], Starts = [2, 3, 0, 6];

    public static TheoryData<string> Names => [.. SequencePooling.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Weights_of_each_view_sum_to_one_over_the_text_and_are_zero_in_the_padding(string name)
    {
        (_, Tensor weights) = Run(Create(name), States(0));
        int views = weights.Shape[1];
        for (int row = 0; row < Batch * views; row++)
        {
            float[] w = weights.Values.Slice(row * Time, Time).ToArray();
            int b = row / views;
            w.Sum().ShouldBe(Lengths[b] == 0 ? 0 : 1, 1e-5);
            w.Where((_, t) => t < Starts[b] || t >= Starts[b] + Lengths[b]).ShouldAllBe(x => x == 0);
            w.ShouldAllBe(x => x >= 0);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Padding_is_excluded_exactly_and_an_empty_text_gives_a_zero_context(string name)
    {
        SequencePooling pooling = Create(name);
        (Tensor clean, Tensor cleanWeights) = Run(pooling, States(0));
        (Tensor dirty, Tensor dirtyWeights) = Run(pooling, States(float.NaN));
        dirty.ToArray().ShouldBe(clean.ToArray());
        dirtyWeights.ToArray().ShouldBe(cleanWeights.ToArray());
        clean.Values.Slice(pooling.ContextSize, pooling.ContextSize).ToArray().ShouldAllBe(x => x == 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_are_right_and_nothing_leaks_out_of_the_padding(string name)
    {
        SequencePooling pooling = Create(name);
        Parameter states = new(new Shape(Batch, Time, Features), Initializer.Normal(1));
        (string, Parameter)[] all = [.. pooling.NamedParameters(), ("states", states)];
        GradientCheck.Run(all, pass =>
        {
            PoolingResult r = pooling.Forward(pass.Use(states), new SequenceRanges(Lengths, Starts), pass);
            return r.Penalty is null ? r.Context : Tensor.Concatenate(r.Context.Reshape(new Shape(r.Context.Length)), r.Penalty.Reshape(new Shape(1)));
        });
        states.Assign(States(float.NaN));
        foreach ((_, Parameter p) in all)
            p.ClearGradient();
        Step.Train(new RandomStream(1, "t"), 0, pass => pooling.Forward(pass.Use(states), new SequenceRanges(Lengths, Starts), pass).Context.Sum());
        foreach ((string parameter, Parameter p) in all)
            p.Gradient.ToArray().ShouldAllBe(g => float.IsFinite(g), parameter);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_text_has_the_same_bits_alone_and_in_a_batch_and_padded_on_either_side(string name)
    {
        SequencePooling pooling = Create(name);
        float[] states = States(0);
        (Tensor together, _) = Run(pooling, states);
        for (int b = 0; b < Batch; b++)
        {
            float[] own = states.AsSpan(((b * Time) + Starts[b]) * Features, Lengths[b] * Features).ToArray();
            Tensor alone = Step.Evaluate(pass => pooling.Forward(pass.Input(own, new Shape(1, Lengths[b], Features)), new[] { Lengths[b] }, pass).Context);
            alone.ToArray().ShouldBe(together.Values.Slice(b * pooling.ContextSize, pooling.ContextSize).ToArray());
        }
    }

    [Fact]
    public void An_unknown_name_lists_those_that_exist() =>
        Should.Throw<ArgumentException>(() => SequencePooling.Create("attention", 6)).Message.ShouldContain("additive, projection, tanh, structured, multi-dimensional, last, mean, max, gated");

    [Fact]
    public void Views_are_concatenated_or_averaged()
    {
        SequencePooling.Create("projection", 6, views: 3).ContextSize.ShouldBe(18);
        SequencePooling.Create("projection", 6, views: 3, average: true).ContextSize.ShouldBe(6);
    }

    [Fact]
    public void Max_names_the_step_of_each_maximum()
    {
        Tensor weights = Step.Evaluate(pass => new MaxPooling(2).Forward(pass.Input([1, 9, 5, 2, 3, 9], new Shape(1, 3, 2)), new[] { 3 }, pass).Weights);
        weights.ToArray().ShouldBe([0.5f, 0.5f, 0]);
    }

    [Fact]
    public void Max_gives_the_step_that_won_for_each_text_and_feature()
    {
        // Few different values, so that steps tie; what stands in the padding would win if it were read.
        float[] states = [.. States(100).Select(x => x == 100 ? x : MathF.Round(x))];
        (Tensor context, int[] argMax) = Step.Evaluate(pass =>
        {
            PoolingResult r = new MaxPooling(Features).Forward(pass.Input(states, new Shape(Batch, Time, Features)), new SequenceRanges(Lengths, Starts), pass);
            return (r.Context, r.ArgMax.ToArray());
        });
        argMax.Length.ShouldBe(Batch * Features);
        for (int b = 0; b < Batch; b++)
        {
            for (int j = 0; j < Features; j++)
            {
                int winner = -1;
                for (int t = Starts[b]; t < Starts[b] + Lengths[b]; t++)
                {
                    if (winner < 0 || At(b, t, j) > At(b, winner, j))
                        winner = t;
                }
                argMax[(b * Features) + j].ShouldBe(winner, $"text {b}, feature {j}");
                context.Values[(b * Features) + j].ShouldBe(winner < 0 ? 0 : At(b, winner, j));
            }
        }
        argMax.AsSpan(Features, Features).ToArray().ShouldAllBe(t => t == -1, "the second text is empty");

        float At(int b, int t, int j) => states[(((b * Time) + t) * Features) + j];
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Only_max_has_an_arg_max_map(string name) =>
        Step.Evaluate(pass => Create(name).Forward(pass.Input(States(0), new Shape(Batch, Time, Features)), new SequenceRanges(Lengths, Starts), pass).ArgMax.Length).ShouldBe(name == "max" ? Batch * Features : 0);

    private static SequencePooling Create(string name)
    {
        SequencePooling pooling = SequencePooling.Create(name, Features, attentionSize: 5, views: 2, penalty: 0.3);
        pooling.Initialize(3);
        return pooling;
    }

    private static float[] States(float padding)
    {
        RandomStream random = new(5, "states");
        float[] states = [.. Enumerable.Range(0, Batch * Time * Features).Select(_ => (float)random.NextNormal())];
        for (int b = 0; b < Batch; b++)
        {
            for (int t = 0; t < Time; t++)
            {
                if (t < Starts[b] || t >= Starts[b] + Lengths[b])
                    states.AsSpan(((b * Time) + t) * Features, Features).Fill(padding);
            }
        }
        return states;
    }

    private static (Tensor Context, Tensor Weights) Run(SequencePooling pooling, float[] states) => Step.Evaluate(pass =>
    {
        PoolingResult r = pooling.Forward(pass.Input(states, new Shape(Batch, Time, Features)), new SequenceRanges(Lengths, Starts), pass);
        return (r.Context, r.Weights);
    });
}
