namespace Heed.Tests.Attention;

public sealed class MultiHeadAttentionTests
{
    private static readonly MultiHeadConfig Small = new() { Size = 8, HeadCount = 4 };

    private static readonly Dictionary<string, MultiHeadConfig> Forms = new(StringComparer.Ordinal)
    {
        ["plain"] = Small,
        ["causal"] = Small with { IsCausal = true },
        ["grouped"] = Small with { KeyValueHeadCount = 2, IsCausal = true },
        ["multi-query, wide values"] = Small with { KeyValueHeadCount = 1, ValueSize = 3 },
        ["rope"] = Small with { Position = "rope", IsCausal = true, HeadSize = 6, RopeSize = 4 },
        ["rope, neighbours"] = Small with { Position = "rope-interleaved", RopeBase = 100, RopeFactor = 2 },
        ["alibi"] = Small with { Position = "alibi", IsCausal = true },
        ["t5"] = Small with { Position = "t5", Buckets = 8, MaximumDistance = 20 },
        ["t5, causal"] = Small with { Position = "t5", Buckets = 8, MaximumDistance = 20, IsCausal = true },
        ["shaw"] = Small with { Position = "shaw", MaximumDistance = 2 },
        ["soft-cap"] = Small with { SoftCap = 0.5f },
        ["soft-cap and alibi"] = Small with { SoftCap = 0.5f, Position = "alibi" },
        ["window"] = Small with { Window = 2 },
        ["window, causal"] = Small with { Window = 2, IsCausal = true, Position = "shaw", MaximumDistance = 1 },
        ["sinks"] = Small with { HasSinks = true, IsCausal = true },
        ["normalised heads and gate"] = Small with { NormalizesHeads = true, HasGate = true, IsCausal = true, Position = "rope" },
        ["no bias"] = Small with { HasBias = false, Scale = 0.3f },
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    public static TheoryData<string> CausalNames => [.. Forms.Where(f => f.Value.IsCausal).Select(f => f.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_agree_with_differences(string name)
    {
        MultiHeadAttention layer = Made(Forms[name]);
        Parameter x = Input(2, 5, 8, 1);
        SequenceRanges ranges = new(new[] { 5, 3 }, new[] { 0, 1 });
        GradientCheck.Run([("x", x), .. Checked(layer)], pass => layer.Forward(pass.Use(x), ranges, pass).Context.WithoutPadding(ranges).Tanh()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Gradients_of_cross_attention_agree_with_differences()
    {
        MultiHeadAttention layer = Made(Small with { MemorySize = 6, KeyValueHeadCount = 2 });
        Parameter x = Input(2, 3, 8, 1), memory = Input(2, 5, 6, 2);
        SequenceRanges ranges = new(new[] { 5, 2 });
        GradientCheck.Run([("x", x), ("memory", memory), .. Checked(layer)], pass => layer.Forward(pass.Use(x), null, pass.Use(memory), ranges, pass).Context.Tanh()).ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(CausalNames))]
    public void Token_by_token_and_in_pieces_a_cache_gives_the_bits_of_the_whole(string name)
    {
        MultiHeadAttention layer = Made(Forms[name]);
        float[] x = Input(2, 9, 8, 3).Values.ToArray();
        float[] whole = Step.Evaluate(pass => layer.Forward(pass.Input(x, new Shape(2, 9, 8)), null, pass).Context).Values.ToArray();
        foreach (int[] pieces in new int[][] { [1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 1, 3, 1], [9] })
        {
            Heed.Kernels.KeyValueCache cache = layer.NewCache(2, 9);
            int at = 0;
            foreach (int count in pieces)
            {
                float[] part = [.. Enumerable.Range(0, 2).SelectMany(b => x[(((b * 9) + at) * 8)..(((b * 9) + at + count) * 8)])];
                float[] y = Step.Evaluate(pass => layer.Forward(pass.Input(part, new Shape(2, count, 8)), cache, default, pass)).Values.ToArray();
                for (int b = 0; b < 2; b++)
                    y[(b * count * 8)..((b + 1) * count * 8)].ShouldBe(whole[(((b * 9) + at) * 8)..(((b * 9) + at + count) * 8)], $"{name}, tokens {at} … of sequence {b}");
                at += count;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Padding_on_either_side_changes_no_bit_and_the_future_reaches_no_causal_query(string name)
    {
        MultiHeadConfig form = Forms[name];
        MultiHeadAttention layer = Made(form);
        float[] x = Input(1, 4, 8, 5).Values.ToArray(), wild = [.. Enumerable.Repeat(float.NaN, 16)];
        float[] alone = Run(layer, x, 4, new(new[] { 4 }));
        float[] right = Run(layer, [.. x, .. wild], 6, new(new[] { 4 })), left = Run(layer, [.. wild, .. x], 6, new(new[] { 4 }, new[] { 2 }));
        right[..32].ShouldBe(alone);
        left[16..].ShouldBe(alone);
        float[] other = [.. x[..24], .. x[24..].Select(v => v + 1)];
        bool same = Run(layer, other, 4, new(new[] { 4 }))[..24].SequenceEqual(alone[..24]);
        same.ShouldBe(form.IsCausal);
    }

    [Fact]
    public void Weights_are_those_of_the_formula()
    {
        MultiHeadAttention layer = Made(Small with { IsCausal = true });
        float[] x = Input(1, 3, 8, 5).Values.ToArray();
        Tensor weights = Step.Evaluate(pass => layer.Forward(pass.Input(x, new Shape(1, 3, 8)), null, pass).Weights!, Capture.Weights);
        weights.Shape.ShouldBe(new Shape(1, 4, 3, 3));
        for (int row = 0; row < 12; row++)
        {
            float[] w = weights.Values.Slice(row * 3, 3).ToArray();
            w.Sum().ShouldBe(1, 1e-5);
            w[((row % 3) + 1)..].ShouldAllBe(v => v == 0);
        }
    }

    [Theory]
    [InlineData(0, 0, "rope", "HeadCount")]
    [InlineData(3, 0, "none", "do not divide 8 features")]
    [InlineData(4, 3, "none", "do not divide 4 query heads")]
    [InlineData(8, 0, "rope", "even")]
    [InlineData(4, 0, "ropes", "Did you mean 'rope'")]
    public void Configurations_that_make_no_sense_are_refused(int heads, int shared, string position, string message) =>
        Should.Throw<ArgumentException>(() => new MultiHeadAttention(Small with { HeadCount = heads, KeyValueHeadCount = shared, Position = position })).Message.ShouldContain(message);

    // Where scores shift by one number when a key's bias changes, softmax does not see it: its gradient is 0, and nothing relative can be said of it.
    internal static IEnumerable<(string Name, Parameter Parameter)> WithoutKeyBias(Module module) =>
        module.NamedParameters().Where(p => !p.Name.EndsWith("k_proj.bias", StringComparison.Ordinal));

    private static IEnumerable<(string Name, Parameter Parameter)> Checked(MultiHeadAttention layer) =>
        layer.Config is { SoftCap: 0, HasSinks: false, NormalizesHeads: false } && !layer.Config.Position.StartsWith("rope", StringComparison.Ordinal) ? WithoutKeyBias(layer) : layer.NamedParameters();

    private static float[] Run(MultiHeadAttention layer, float[] x, int time, SequenceRanges ranges) =>
        Step.Evaluate(pass => layer.Forward(pass.Input(x, new Shape(1, time, 8)), ranges, pass).Context).Values.ToArray();

    private static MultiHeadAttention Made(MultiHeadConfig form)
    {
        MultiHeadAttention layer = new(form);
        layer.Initialize(3);
        return layer;
    }

    private static Parameter Input(int batch, int time, int size, ulong seed)
    {
        Parameter x = new(new Shape(batch, time, size), Initializer.Normal(1));
        x.Initialize(new RandomStream(seed, "input"));
        return x;
    }
}
