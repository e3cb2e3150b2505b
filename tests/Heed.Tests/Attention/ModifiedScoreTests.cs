using System.Runtime.CompilerServices;
using Heed.Kernels;

namespace Heed.Tests.Attention;

/// <summary>A user's own score, as a struct inside fused attention and as a module, and a user's own distribution.</summary>
public sealed class ModifiedScoreTests
{
    private const int Batch = 3, Time = 7, Size = 6;
    private static readonly SequenceRanges Ranges = new(new[] { 7, 3, 5 }, new[] { 0, 4, 1 });
    private static readonly float[] slopes = [0.5f, -0.2f];

    public static TheoryData<string, string, string> Cases { get; } = new()
    {
        { "softmax", "none", "scaled-dot" },
        { "softmax", "causal", "general" },
        { "softmax-sink", "window(2, 1)", "cosine(2)" },
        { "sparsemax", "before", "dot" },
        { "entmax(1.5)", "causal", "distance" },
        { "entmax(1.3)", "none", "scaled-dot" },
        { "sigmoid", "causal", "scaled-dot" },
        { "top-k(2)", "window(3, 3)", "general" },
        { "local-p(2)", "none", "scaled-dot" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_struct_gives_what_the_score_written_out_gives(string distribution, string mask, string product)
    {
        ModifiedScore<Recency> fused = new(new Recency(2), slopes) { Product = product };
        (float[] context, float[] weights) = Run(fused, distribution, mask, Capture.Weights);
        foreach ((float[] c, float[] w) in new[] { Run(fused, distribution, mask, Capture.Weights, writeOut: true), Run(new WrittenRecency(2, product), distribution, mask, Capture.Weights) })
        {
            c.ShouldBe(context, 2e-5);
            w.ShouldBe(weights, 2e-5);
        }
        // Asking for weights changes no bit.
        Run(fused, distribution, mask, Capture.None).Context.ShouldBe(context);
        (float[] plain, _) = Run(Score.Parse(product), distribution, mask, Capture.None);
        plain.Zip(context, (a, b) => Math.Abs(a - b)).Max().ShouldBeGreaterThan(1e-3f, "the struct counts");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_agree_with_differences_fused_and_written_out(string distribution, string mask, string product)
    {
        foreach (bool writeOut in new[] { false, true })
        {
            Heed.Attention look = Create(new ModifiedScore<Recency>(new Recency(2), slopes) { Product = product }, distribution, mask, writeOut);
            (string Name, Parameter Parameter)[] all = [.. look.NamedParameters(), ("x", Drawn())];
            all.ShouldContain(p => p.Name == "score.modifier");
            GradientCheck.Run(all, pass =>
            {
                Tensor x = pass.Use(all[^1].Parameter);
                return look.Forward(x, x, x, Ranges, pass).Context.Tanh();
            }).ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public void It_is_fused_wherever_the_product_alone_would_be()
    {
        Create(new ModifiedScore<Recency>(new Recency(2), slopes), "softmax", "causal").IsFused.ShouldBeTrue();
        Create(new ModifiedScore<Recency>(new Recency(2), slopes), "entmax(1.5)", "none").IsFused.ShouldBeTrue();
        Create(new ModifiedScore<Recency>(new Recency(2), slopes), "sigmoid", "none").IsFused.ShouldBeFalse();
    }

    [Theory]
    [InlineData("softmax", "causal")]
    [InlineData("sparsemax", "window(2, 0)")]
    [InlineData("monotonic(0, 0)", "causal")]
    public void Steps_of_a_decoder_give_what_the_whole_sequence_gives(string distribution, string mask)
    {
        Heed.Attention look = Create(new ModifiedScore<Recency>(new Recency(2), slopes), distribution, mask);
        float[] x = Drawn().Values.ToArray();
        SequenceRanges full = SequenceRanges.Full(Batch, Time);
        float[] whole = Step.Evaluate(pass => Forward(look, pass.Input(x, new Shape(Batch, Time, Size)), full, pass).Context).ToArray();
        float[][] steps = Step.Evaluate(pass =>
        {
            Tensor all = pass.Input(x, new Shape(Batch, Time, Size));
            AttentionMemory memory = look.Prepare(all, all, full, pass);
            AttentionState? state = look.Start(memory);
            float[][] contexts = new float[Time][];
            for (int t = 0; t < Time; t++)
            {
                Tensor query = all.Reshape(new Shape(Batch, Time * Size)).Columns(t * Size, Size).Reshape(new Shape(Batch, 1, Size));
                AttentionResult seen = look.Forward(query, memory, state, pass);
                (contexts[t], state) = (seen.Context.ToArray(), seen.State);
            }
            return contexts;
        });
        for (int t = 0; t < Time; t++)
        {
            for (int b = 0; b < Batch; b++)
                steps[t].AsSpan(b * Size, Size).ToArray().ShouldBe(whole.AsSpan(((b * Time) + t) * Size, Size).ToArray(), 2e-5, $"step {t}");
        }
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_the_reason()
    {
        ScoreSizes sizes = new(1, 2, 2);
        Should.Throw<ArgumentException>(() => new ModifiedScore<Recency>(new Recency(2)) { Product = "additive" }.Create(sizes)).Message.ShouldContain("AdditiveScore is no dot product");
        Should.Throw<ArgumentException>(() => new ModifiedScore<SoftCap>(new SoftCap(2)) { Product = new ModifiedScore<SoftCap>(new SoftCap(2)) }.Create(sizes)).Message.ShouldContain("joined by Then");
        Should.Throw<ArgumentException>(() => new ModifiedScore<ShawScore>(default).Create(sizes)).Message.ShouldContain("ShawScore adds vectors to values");
        Should.Throw<ArgumentException>(() => new ModifiedScore<Distributed<PlainScore, SparsemaxFunction>>(default).Create(sizes)).Message.ShouldContain("give that to AttentionConfig.Distribution");
        foreach (bool writeOut in new[] { false, true })
        {
            Exception missing = Should.Throw<ArgumentException>(() => Step.Evaluate(pass =>
                Forward(Create(new ModifiedScore<Recency>(new Recency(2)), "softmax", "none", writeOut), pass.Input(Drawn().Values.ToArray(), new Shape(Batch, Time, Size)), Ranges, pass).Context));
            missing.Message.ShouldContain("asks for parameter 0, but 0 were given");
        }
    }

    /// <summary>The score as a module of tensors, as one would write it without the struct.</summary>
    [Theory]
    [InlineData("causal")]
    [InlineData("none")]
    public void A_distribution_of_ones_own_goes_with_every_score(string mask)
    {
        foreach (Score score in new Score[] { new ScaledDotScore(), new AdditiveScore(5), new ModifiedScore<Recency>(new Recency(2), slopes), new WrittenRecency(2, "scaled-dot") })
        {
            Heed.Attention look = Create(score, new ReluShares(), mask);
            look.IsFused.ShouldBeFalse();
            (string, Parameter Parameter)[] all = [.. look.NamedParameters(), ("x", Drawn())];
            GradientCheck.Run(all, pass =>
            {
                Tensor x = pass.Use(all[^1].Parameter);
                return look.Forward(x, x, x, Ranges, pass).Context.Tanh();
            }).ShouldBeGreaterThan(0);
        }
        // By hand: energies 2, −1 and, masked, 5 are weights 2/3, 0 and 0.
        DistributionFunction weigh = new ReluShares().Create(1);
        Step.Evaluate(pass => weigh.Weights(Tensor.From([2, -1, float.NegativeInfinity], new Shape(1, 1, 1, 3)), pass)).ToArray().ShouldBe([2 / 3f, 0, 0], 1e-6);
    }

    private static AttentionResult Forward(Heed.Attention look, Tensor x, SequenceRanges ranges, in Pass pass) => look.Forward(x, x, x, ranges, pass);

    private static (float[] Context, float[] Weights) Run(Score score, string distribution, string mask, Capture capture, bool writeOut = false)
    {
        Heed.Attention look = Create(score, distribution, mask, writeOut);
        float[] x = Drawn().Values.ToArray();
        return Step.Evaluate(pass =>
        {
            AttentionResult seen = Forward(look, pass.Input(x, new Shape(Batch, Time, Size)), Ranges, pass);
            float[] context = [.. Enumerable.Range(0, Batch).SelectMany(b => seen.Context.Values.Slice(((b * Time) + Ranges.Starts.Span[b]) * Size, Ranges.Lengths.Span[b] * Size).ToArray())];
            return (context, seen.Weights?.ToArray() ?? []);
        }, capture);
    }

    private static Heed.Attention Create(Score score, Distribution distribution, AttentionMask mask, bool writeOut = false)
    {
        Heed.Attention look = new(new AttentionConfig { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = score, Distribution = distribution, Mask = mask, Heads = new MultiHead(2), WriteOut = writeOut });
        look.Initialize(5);
        return look;
    }

    private static Parameter Drawn()
    {
        Parameter parameter = new(new Shape(Batch, Time, Size), Initializer.Normal(1));
        parameter.Initialize(new RandomStream(4, "x"));
        return parameter;
    }

    /// <summary>score' = cap·tanh(score / cap) − slope[head]·distance.</summary>
    private readonly struct Recency(float cap) : IDifferentiableScoreModifier
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Forward<V>(V score, in ScoreContext<V> at)
            where V : unmanaged, ISimd<V> => (V.Create(cap) * V.Tanh(score * V.Create(1 / cap))) - (at.Parameter(at.Head) * at.Distance);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
            where V : unmanaged, ISimd<V>
        {
            parameters.Add(at.Head, -gradient * at.Distance);
            V t = V.Tanh(score * V.Create(1 / cap));
            return gradient * (V.Create(1) - (t * t));
        }
    }

    /// <summary>The same in tensors; the slopes are constants, for a comparison of results.</summary>
    private sealed record WrittenRecency(float Cap, string Product) : Score
    {
        public override ScoreFunction Create(ScoreSizes sizes) => new Function(Cap, Parse(Product).Create(sizes));

        private sealed class Function : ScoreFunction
        {
            private readonly float cap;
            private readonly ScoreFunction product;

            public Function(float cap, ScoreFunction product) => (this.cap, this.product) = (cap, Register("product", product));

            public override Tensor Energies(Tensor query, Tensor key, in Pass pass)
            {
                Tensor capped = product.Energies(query, key, pass).Scale(1 / cap).Tanh().Scale(cap);
                float[] bias = new float[capped.Length];
                for (int i = 0; i < bias.Length; i++)
                {
                    // All sequences are self-attention: query and key count from the same first item.
                    int head = i / (Time * Time) % 2, distance = (i / Time % Time) - (i % Time);
                    bias[i] = -slopes[head] * distance;
                }
                return capped + pass.Input(bias, capped.Shape);
            }
        }
    }

    /// <summary>α_i = max(e_i, 0)/(1 + Σ_j max(e_j, 0)).</summary>
    private sealed record ReluShares : Distribution
    {
        public override DistributionFunction Create(int headCount) => new Function();

        private sealed class Function : DistributionFunction
        {
            public override Tensor Weights(Tensor energies, in Pass pass)
            {
                Tensor strong = energies.Relu(), total = strong.MeanLast().Scale(strong.Shape[^1], 1);
                return strong.ScaleRows(total.Log().Scale(-1).Exp());
            }
        }
    }
}
