namespace Heed.Tests.Models;

public sealed class EncoderDecoderTests
{
    private static readonly int[][] Sources = [[2, 3, 4], [5, 2], [3, 3, 6, 2]], Targets = [[4, 2], [3, 5, 2], [6]];

    public static TheoryData<string> Kinds => [.. Configs.Keys];

    private static Dictionary<string, EncoderDecoderConfig> Configs
    {
        get
        {
            EncoderDecoderConfig small = new() { EmbeddingSize = 5, HiddenSize = 4, AttentionSize = 3, Dropout = 0 };
            return new(StringComparer.Ordinal)
            {
                ["bahdanau"] = small,
                ["bahdanau, two layers, general, sparsemax"] = small with { LayerCount = 2, Score = "general", Distribution = "sparsemax" },
                ["luong with input feeding"] = small with { Decoder = "luong", Score = "general" },
                ["luong at once"] = small with { Decoder = "luong", InputFeeding = false, Score = "scaled-dot" },
                ["luong at once, additive"] = small with { Decoder = "luong", InputFeeding = false },
                ["bahdanau, gru"] = small with { Cell = "gru" },
                ["bahdanau, gru, two layers, copy and coverage"] = small with { Cell = "gru", LayerCount = 2, Copy = true, Coverage = true },
                ["luong with input feeding, gru"] = small with { Cell = "gru", Decoder = "luong", Score = "general" },
                ["luong without, gru"] = small with { Cell = "gru", Decoder = "luong", InputFeeding = false },
                ["coverage"] = small with { Coverage = true, CoverageWeight = 0.7 },
                ["coverage, luong without feeding"] = small with { Coverage = true, Decoder = "luong", InputFeeding = false },
                ["copy"] = small with { Copy = true },
                ["copy and coverage, luong"] = small with { Copy = true, Coverage = true, Decoder = "luong" },
                ["tied"] = small with { EmbeddingSize = 4, TieEmbeddings = true },
                ["local-p"] = small with { Distribution = "local-p(2)" },
                ["local-p, luong with input feeding, general"] = small with { Decoder = "luong", Score = "general", Distribution = "local-p(2)" },
                ["local-p, luong at once"] = small with { Decoder = "luong", InputFeeding = false, Score = "scaled-dot", Distribution = "local-p(1)" },
                ["local-m"] = small with { Distribution = "local-m(1)" },
                ["local-m, luong at once"] = small with { Decoder = "luong", InputFeeding = false, Distribution = "local-m(1)" },
                // At an offset of −1 small networks never stop in evaluation.
                ["monotonic"] = small with { Distribution = "monotonic(1, 0)" },
                ["monotonic, luong with input feeding, gru"] = small with { Decoder = "luong", Cell = "gru", Score = "general", Distribution = "monotonic(0.5, 0)" },
                ["monotonic, luong at once"] = small with { Decoder = "luong", InputFeeding = false, Distribution = "monotonic(1, 0)" },
                ["location-aware"] = small with { Score = "location-aware" },
                ["location-aware, luong at once"] = small with { Decoder = "luong", InputFeeding = false, Score = "location-aware" },
                ["location-aware, monotonic"] = small with { Score = "location-aware", Distribution = "monotonic(1, 0)" },
                ["gumbel"] = small with { Distribution = "gumbel(0.7)" },
                ["gumbel, luong at once"] = small with { Decoder = "luong", InputFeeding = false, Score = "scaled-dot", Distribution = "gumbel" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gradients_agree_with_differences(string kind)
    {
        EncoderDecoder network = Create(Configs[kind]);
        GradientCheck.Run(network.NamedParameters(), pass => network.Loss(Batch(network, [0, 1, 2]), pass, network.Config.Copy ? 0 : 0.1f), samples: 25).ShouldBeGreaterThan(0);
    }

    // The score gets a gradient from rewards alone: without them the weights that were drawn pass none.
    [Theory]
    [InlineData("bahdanau", true)]
    [InlineData("luong", true)]
    [InlineData("luong", false)]
    public void Hard_attention_learns_by_reinforcement(string form, bool isFed)
    {
        EncoderDecoder network = Create(new EncoderDecoderConfig { EmbeddingSize = 5, HiddenSize = 4, AttentionSize = 3, Dropout = 0, Distribution = "hard", Decoder = form, InputFeeding = isFed, EntropyWeight = 0 });
        PairBatch batch = Batch(network, [0, 1, 2]);
        Parameter score = network.NamedParameters().Single(p => p.Name == "decoder.attention.score.v").Parameter;
        RandomStream random = new(1, "hard");
        float loss = Step.Train(random.Fork(1), 0, pass => network.Loss(batch, pass));
        float.IsFinite(loss).ShouldBeTrue();
        score.Gradient.ToArray().ShouldContain(g => g != 0);
        network.Score(batch).LogProbabilities.SelectMany(p => p).ShouldAllBe(p => float.IsFinite(p));
        network.NamedBuffers().Single(b => b.Name == "reinforce.baseline").Buffer.Values.Span[0].ShouldNotBe(0);
    }

    // What is drawn is learned: one of three places says the answer, and attention comes to look there.
    [Fact]
    public void Hard_attention_finds_the_place_that_tells()
    {
        EncoderDecoder network = Create(new EncoderDecoderConfig { EmbeddingSize = 8, HiddenSize = 8, AttentionSize = 8, Dropout = 0, Distribution = "hard" });
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter), weightDecay: 0);
        RandomStream random = new(2, "hard");
        PairBatch batch = Batch(network, [0, 1, 2]);
        float first = 0, last = 0;
        for (int step = 0; step < 150; step++)
        {
            Step.Train(random.Fork((ulong)step), step, pass => network.Loss(batch, pass));
            optimizer.Step(learningRate: 0.02, clipNorm: 1);
            last = -network.Score(batch).LogProbabilities.SelectMany(p => p).Average();
            first = step == 0 ? last : first;
        }
        last.ShouldBeLessThan(0.2f * first);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_batch_has_the_losses_of_its_pairs(string kind)
    {
        EncoderDecoder network = Create(Configs[kind]);
        (float[][] all, int right) = network.Score(Batch(network, [0, 1, 2]));
        (float[][] One, int Right)[] alone = [.. Enumerable.Range(0, 3).Select(row => network.Score(Batch(network, [row])))];
        alone.Sum(a => a.Right).ShouldBe(right);
        for (int row = 0; row < 3; row++)
            alone[row].One[0].ShouldBe(all[row], 1e-5, "row");
        if (!network.Config.Coverage)
            Step.Evaluate(pass => network.Loss(Batch(network, [0, 1, 2]), pass)).Item.ShouldBe(-all.SelectMany(p => p).Average(), 1e-5f);
    }

    // Steps of decoding foretell what the whole sequence of training does: attention before, after, fed or at once.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Steps_foretell_what_training_does(string kind)
    {
        EncoderDecoder network = Create(Configs[kind]);
        for (int row = 0; row < 3; row++)
        {
            double loss = Step.Evaluate(pass =>
            {
                (AttentionMemory memory, DecoderState state) = network.Encode(Sources[row], new SequenceRanges(new[] { Sources[row].Length }), pass);
                state = state with { Look = network.StartOf(memory) };
                int[] target = [.. Targets[row], SequenceToSequence.Edge];
                double sum = 0;
                for (int t = 0, before = SequenceToSequence.Edge; t < target.Length; before = target[t], t++)
                {
                    (Tensor logits, Tensor? gate, Tensor weights, state) = network.Next(new[] { before }, memory, state, pass);
                    double p = logits.Softmax().Values[target[t]];
                    if (gate is not null)
                        p = (gate.Item * p) + ((1 - gate.Item) * Sources[row].Select((id, j) => id == target[t] ? weights.Values[j] : 0).Sum());
                    sum -= Math.Log(p);
                }
                return sum;
            }, Capture.Weights);
            loss.ShouldBe(-network.Score(Batch(network, [row])).LogProbabilities[0].Sum(), 1e-4);
        }
    }

    [Fact]
    public void What_makes_no_sense_is_refused_by_name()
    {
        Refused(new() { Decoder = "luon" }, "no decoder 'luon'. Did you mean 'luong'?");
        Refused(new() { Score = "adittive" }, "Did you mean 'additive'?");
        Refused(new() { Distribution = "sparsmax" }, "Did you mean 'sparsemax'?");
        Refused(new() { Coverage = true, Score = "general" }, "Coverage goes into the additive score");
        Refused(new() { Coverage = true, Distribution = "sigmoid" }, "weights that sum to 1");
        Refused(new() { Copy = true, Distribution = "softmax-sink" }, "do not sum to 1");
        foreach (string lossy in new[] { "softmax-sink", "local-p", "local-m", "monotonic" })
        {
            Refused(new() { Coverage = true, Distribution = lossy }, $"weights that sum to 1 at each step, those of '{lossy}' do not");
            Refused(new() { Copy = true, Distribution = lossy }, $"those of '{lossy}' do not sum to 1");
        }
        Refused(new() { TieEmbeddings = true, HiddenSize = 128 }, "needs EmbeddingSize = HiddenSize, got 256 and 128");
        Refused(new() { Dropout = 1 }, "Dropout must be in [0, 1), got 1");
    }

    private static void Refused(EncoderDecoderConfig config, string message) => Should.Throw<ArgumentException>(() => new EncoderDecoder(config, 10, 10)).Message.ShouldContain(message);

    private static EncoderDecoder Create(EncoderDecoderConfig config)
    {
        EncoderDecoder network = new(config, 7, 7);
        network.Initialize(3);
        return network;
    }

    private static PairBatch Batch(EncoderDecoder network, int[] rows) => PairBatch.Create(Sources, Targets, rows, network.Config.Copy ? Sources : null);
}
