namespace Heed.Tests.Attention;

public sealed class CoAttentionTests
{
    private const int Batch = 3, First = 5, Second = 4, Features = 3;
    private static readonly SequenceRanges FirstRanges = new(new[] { 5, 2, 3 }, new[] { 0, 3, 1 }), SecondRanges = new(new[] { 2, 4, 0 }, new[] { 1, 0, 0 });

    public static TheoryData<string> Names => [.. CoAttention.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_agree_with_differences(string name)
    {
        CoAttention attend = Create(name);
        (string, Parameter Parameter)[] all = [.. attend.NamedParameters(), ("x", Drawn("x", First)), ("y", Drawn("y", Second))];
        GradientCheck.Run(all, pass =>
        {
            CoAttentionResult r = attend.Forward(pass.Use(all[^2].Parameter), pass.Use(all[^1].Parameter), FirstRanges, SecondRanges, pass);
            Tensor summaries = Tensor.Concatenate(r.First, r.Second, r.First * r.Second);
            summaries = summaries.Reshape(new Shape(summaries.Length));
            return r.Affinity is { } affinity ? Tensor.Concatenate(summaries, affinity.Reshape(new Shape(affinity.Length))) : summaries;
        }).ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Weights_sum_to_one_and_padding_on_either_side_touches_nothing(string name)
    {
        CoAttention attend = Create(name);
        float[] x = Values("x", First), y = Values("y", Second);
        (float[] One, float[] Two, float[] OneWeights, float[] TwoWeights, float[]? Affinity) clean = Run(attend, x, y);
        for (int b = 0; b < Batch; b++)
        {
            clean.OneWeights.AsSpan(b * First, First).ToArray().Sum().ShouldBe(1, 1e-5);
            clean.TwoWeights.AsSpan(b * Second, Second).ToArray().Sum().ShouldBe(SecondRanges.Lengths.Span[b] == 0 ? 0 : 1, 1e-5);
            Spoil(x, b, First, FirstRanges);
            Spoil(y, b, Second, SecondRanges);
        }
        (float[] One, float[] Two, float[] OneWeights, float[] TwoWeights, float[]? Affinity) spoiled = Run(attend, x, y);
        spoiled.One.ShouldBe(clean.One);
        spoiled.Two.ShouldBe(clean.Two);
        spoiled.OneWeights.ShouldBe(clean.OneWeights);
        spoiled.Affinity.ShouldBe(clean.Affinity);
        if (name != "fine")
            clean.Two.AsSpan(2 * Features).ToArray().ShouldAllBe(v => v == 0, "an empty sequence has a zero summary");
        clean.One.ShouldAllBe(v => float.IsFinite(v));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_pair_alone_is_as_in_the_batch(string name)
    {
        CoAttention attend = Create(name);
        float[] x = Values("x", First), y = Values("y", Second);
        (float[] One, float[] Two, float[] OneWeights, float[] TwoWeights, float[]? Affinity) together = Run(attend, x, y);
        for (int b = 0; b < Batch; b++)
        {
            int first = FirstRanges.Lengths.Span[b], second = Math.Max(1, SecondRanges.Lengths.Span[b]);
            float[] own = x.AsSpan(((b * First) + FirstRanges.Starts.Span[b]) * Features, first * Features).ToArray(), other = y.AsSpan(((b * Second) + SecondRanges.Starts.Span[b]) * Features, second * Features).ToArray();
            (Tensor one, Tensor two) = Step.Evaluate(pass =>
            {
                CoAttentionResult r = attend.Forward(pass.Input(own, new Shape(1, first, Features)), pass.Input(other, new Shape(1, second, Features)), new[] { first }, new[] { SecondRanges.Lengths.Span[b] }, pass);
                return (r.First, r.Second);
            });
            one.ToArray().ShouldBe(together.One.AsSpan(b * Features, Features).ToArray());
            two.ToArray().ShouldBe(together.Two.AsSpan(b * Features, Features).ToArray());
        }
    }

    [Fact]
    public void Parallel_is_what_the_formulas_say()
    {
        // One feature, k = 1: x = (1, 2), y = (3), W_b = 0.1, W_x = 0.5, W_y = −1, w_x = 2, w_y = 1.
        ParallelCoAttention attend = new(1, 1);
        Assign(attend, ("affinity.weight", [0.1f]), ("first.weight", [0.5f]), ("second.weight", [-1]), ("first_score.weight", [2]), ("second_score.weight", [1]));
        CoAttentionResult r = Two(attend, [1, 2], [3]);
        double c1 = Math.Tanh(0.3), c2 = Math.Tanh(0.6);
        double e1 = 2 * Math.Tanh(0.5 - (3 * c1)), e2 = 2 * Math.Tanh(1 - (3 * c2)), w1 = Math.Exp(e1) / (Math.Exp(e1) + Math.Exp(e2));
        r.Affinity!.Values[0].ShouldBe((float)c1, 1e-6);
        r.Affinity.Values[1].ShouldBe((float)c2, 1e-6);
        r.FirstWeights.Values[0].ShouldBe((float)w1, 1e-5);
        r.First.Item.ShouldBe((float)(w1 + (2 * (1 - w1))), 1e-5);
        r.Second.Item.ShouldBe(3, 1e-5);
    }

    [Fact]
    public void Alternating_is_what_the_formulas_say()
    {
        AlternatingCoAttention attend = new(1, 1);
        Assign(attend, ("start.map.weight", [1]), ("start.score.weight", [1]), ("across.map.weight", [0.5f]), ("across.guide.weight", [0.2f]), ("across.score.weight", [1]), ("back.map.weight", [-1]), ("back.guide.weight", [0.3f]), ("back.score.weight", [2]));
        CoAttentionResult r = Two(attend, [1, 2], [3, -1]);
        double s = Mix(Math.Tanh(1), Math.Tanh(2), 1, 2), second = Mix(Math.Tanh(1.5 + (0.2 * s)), Math.Tanh(-0.5 + (0.2 * s)), 3, -1);
        double first = Mix(2 * Math.Tanh(-1 + (0.3 * second)), 2 * Math.Tanh(-2 + (0.3 * second)), 1, 2);
        r.Second.Item.ShouldBe((float)second, 1e-5);
        r.First.Item.ShouldBe((float)first, 1e-5);
        r.Affinity.ShouldBeNull();
    }

    [Fact]
    public void Coarse_and_fine_are_what_the_formulas_say()
    {
        CoarseCoAttention coarse = new(1);
        Assign(coarse, ("to_first.weight", [0.5f]), ("to_second.weight", [0.25f]));
        // mean(y) = 1: energies 0.5·(1, 2); mean(x) = 1.5: 0.375·(3, −1).
        CoAttentionResult r = Two(coarse, [1, 2], [3, -1]);
        r.First.Item.ShouldBe((float)Mix(0.5, 1, 1, 2), 1e-5);
        r.Second.Item.ShouldBe((float)Mix(1.125, -0.375, 3, -1), 1e-5);

        FineCoAttention fine = new(1, 1);
        Assign(fine, ("affinity.weight", [0.5f]), ("compare.weight", [0.1f, 0.2f, 0.3f, 0.4f]), ("compare.bias", [0.05f]), ("pooling.hidden.weight", [1]), ("pooling.hidden.bias", [0]), ("pooling.query.weight", [2]));
        r = Two(fine, [1, 2], [3, -1]);
        r.Affinity!.ToArray().ShouldBe([1.5f, -0.5f, 3, -1], 1e-6);
        double h1 = Mix(1.5, -0.5, 3, -1), h2 = Mix(3, -1, 3, -1);
        double m1 = Math.Tanh(0.1 + (0.2 * h1) + (0.3 * (1 - h1)) + (0.4 * h1) + 0.05), m2 = Math.Tanh(0.2 + (0.2 * h2) + (0.3 * (2 - h2)) + (0.8 * h2) + 0.05);
        r.First.Item.ShouldBe((float)Mix(2 * Math.Tanh(m1), 2 * Math.Tanh(m2), m1, m2), 1e-5);

        FineCoAttention begun = new(3, 2);
        begun.Initialize(seed: 1);
        begun.NamedParameters().Single(p => p.Name == "affinity.weight").Parameter.Values.ToArray().ShouldBe([1, 0, 0, 0, 1, 0, 0, 0, 1]);

        CoAttention most = CoAttention.Create("fine", 1, 1, "max");
        Assign(most, ("affinity.weight", [0.5f]), ("compare.weight", [0.1f, 0.2f, 0.3f, 0.4f]), ("compare.bias", [0.05f]));
        Two(most, [1, 2], [3, -1]).First.Item.ShouldBe((float)Math.Max(m1, m2), 1e-5);
        Should.Throw<ArgumentException>(() => CoAttention.Create("fine", 1, 1, "maxx")).Message.ShouldContain("Did you mean 'max'?");
    }

    [Fact]
    public void Wrong_input_is_refused_by_name()
    {
        Should.Throw<ArgumentException>(() => CoAttention.Create("paralel", 3)).Message.ShouldContain("there are parallel, alternating, coarse, fine. Did you mean 'parallel'?");
        CoAttention attend = Create("parallel");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => attend.Forward(pass.Input(new float[8], new(1, 2, 4)), pass.Input(new float[6], new(1, 2, 3)), new[] { 2 }, new[] { 2 }, pass).First)).Message.ShouldContain("features = 3");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => attend.Forward(pass.Input(new float[6], new(1, 2, 3)), pass.Input(new float[12], new(2, 2, 3)), new[] { 2 }, new[] { 2, 2 }, pass).First)).Message.ShouldContain("a batch of 1");
    }

    private static double Mix(double e1, double e2, double v1, double v2) => ((Math.Exp(e1) * v1) + (Math.Exp(e2) * v2)) / (Math.Exp(e1) + Math.Exp(e2));

    private static CoAttentionResult Two(CoAttention attend, float[] x, float[] y)
    {
        CoAttentionResult? result = null;
        _ = Step.Evaluate(pass =>
        {
            result = attend.Forward(pass.Input(x, new Shape(1, x.Length, 1)), pass.Input(y, new Shape(1, y.Length, 1)), new[] { x.Length }, new[] { y.Length }, pass);
            return new[] { result.First, result.Second, result.FirstWeights, result.SecondWeights, result.Affinity ?? result.First };
        });
        return result!;
    }

    private static void Assign(Module module, params (string Name, float[] Values)[] weights)
    {
        foreach ((string name, Parameter parameter) in module.NamedParameters())
            parameter.Assign(weights.Single(w => w.Name == name).Values);
    }

    private static CoAttention Create(string name)
    {
        CoAttention attend = CoAttention.Create(name, Features, attentionSize: 4);
        attend.Initialize(7);
        return attend;
    }

    private static (float[] One, float[] Two, float[] OneWeights, float[] TwoWeights, float[]? Affinity) Run(CoAttention attend, float[] x, float[] y) => Step.Evaluate(pass =>
    {
        CoAttentionResult r = attend.Forward(pass.Input(x, new Shape(Batch, First, Features)), pass.Input(y, new Shape(Batch, Second, Features)), FirstRanges, SecondRanges, pass);
        return (r.First.ToArray(), r.Second.ToArray(), r.FirstWeights.ToArray(), r.SecondWeights.ToArray(), r.Affinity?.ToArray());
    });

    private static Parameter Drawn(string name, int time)
    {
        Parameter parameter = new(new Shape(Batch, time, Features), Initializer.Normal(0.7));
        parameter.Assign(Values(name, time));
        return parameter;
    }

    private static float[] Values(string name, int time)
    {
        RandomStream random = new(5, name);
        return [.. Enumerable.Range(0, Batch * time * Features).Select(_ => 0.7f * (float)random.NextNormal())];
    }

    private static void Spoil(float[] values, int b, int time, SequenceRanges ranges)
    {
        for (int t = 0; t < time; t++)
        {
            if (t < ranges.Starts.Span[b] || t >= ranges.Starts.Span[b] + ranges.Lengths.Span[b])
                values.AsSpan(((b * time) + t) * Features, Features).Fill(float.NaN);
        }
    }
}
