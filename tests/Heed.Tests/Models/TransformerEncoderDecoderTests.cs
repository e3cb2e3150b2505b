using Heed.Testing;
using Heed.Tests.Attention;

namespace Heed.Tests.Models;

public sealed class TransformerEncoderDecoderTests
{
    private static readonly int[][] Sources = [[2, 3, 4], [5, 2], [3, 3, 6, 2]], Targets = [[4, 2], [3, 5, 2], [6]];

    private static readonly TransformerConfig Stack = new()
    {
        Size = 8, HeadCount = 2, LayerCount = 2, InnerSize = 12, Activation = "relu", Position = "sinusoidal", ScalesEmbedding = true, MaximumLength = 64, Dropout = 0,
    };

    internal static readonly Dictionary<string, TransformerEncoderDecoderConfig> Forms = new(StringComparer.Ordinal)
    {
        ["shared and tied"] = new() { Stack = Stack },
        ["as published, three tables"] = new() { Stack = Stack with { IsPreNorm = false }, SharesEmbeddings = false, TieEmbeddings = false },
        ["one decoder layer, learned positions"] = new() { Stack = Stack with { Position = "learned", Activation = "gelu" }, DecoderLayerCount = 1, SharesEmbeddings = false },
        ["rotary, grouped heads, gated"] = new() { Stack = Stack with { Position = "rope", Norm = "rms", Activation = "swiglu", HasBias = false, KeyValueHeadCount = 1 } },
        ["QK-norm, gate, cap, sinks, one key head"] = new() { Stack = Stack with { Position = "alibi", NormalizesHeads = true, HasGate = true, SoftCap = 2, HasSinks = true, KeyValueHeadCount = 1 } },
        ["t5, soft-cap"] = new() { Stack = Stack with { Position = "t5", SoftCap = 3 }, TieEmbeddings = false },
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_agree_with_differences(string name)
    {
        TransformerEncoderDecoder network = Create(Forms[name]);
        GradientCheck.Run([.. MultiHeadAttentionTests.WithoutKeyBias(network)], pass => network.Loss(Batch(0, 1, 2), pass, 0.1f), samples: 25).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("pre")]
    [InlineData("post")]
    public void The_loss_and_its_gradients_agree_with_torch(string norm)
    {
        bool isOne = norm == "pre";
        Golden g = Golden.Load("transformer_encoder_decoder_" + norm);
        TransformerConfig stack = Stack with { IsPreNorm = isOne, Activation = isOne ? "gelu" : "relu" };
        TransformerEncoderDecoder network = Create(new() { Stack = stack, DecoderLayerCount = 1, SharesEmbeddings = isOne, TieEmbeddings = isOne });
        WeightPlace[] tables = isOne ? [new("encoder.embedding.tokens.weight", "source.weight")]
            : [new("encoder.embedding.tokens.weight", "source.weight"), new("decoder.embedding.tokens.weight", "target.weight"), new("output.weight", "output.weight")];
        TransformerParityTests.Agrees(g, network, new WeightMap(TorchWeights.Of(network).Places.Concat(tables)), (pass, _) => network.Loss(Batch(0, 1, 2), pass, 0.1f).Reshape(new Shape(1)), output: "loss");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_batch_has_the_losses_of_its_pairs(string name)
    {
        TransformerEncoderDecoder network = Create(Forms[name]);
        (float[][] all, int right) = network.Score(Batch(0, 1, 2));
        (float[][] One, int Right)[] alone = [.. Enumerable.Range(0, 3).Select(row => network.Score(Batch(row)))];
        alone.Sum(a => a.Right).ShouldBe(right);
        for (int row = 0; row < 3; row++)
            alone[row].One[0].ShouldBe(all[row], "the same bits");
        Step.Evaluate(pass => network.Loss(Batch(0, 1, 2), pass)).Item.ShouldBe(-all.SelectMany(p => p).Average(), 1e-5f);
    }

    // Logits from the cache, several hypotheses of each source side by side, have the bits of those of the whole target at once; weights are those that training would show.
    [Theory]
    [MemberData(nameof(Names))]
    public void Steps_give_the_bits_of_the_whole(string name)
    {
        TransformerEncoderDecoder network = Create(Forms[name]);
        const int Width = 2;
        // More tokens than a cache has room for at first, another target for each hypothesis.
        int[][] targets = [.. Enumerable.Range(0, Sources.Length * Width).Select(r => Enumerable.Range(0, 40).Select(t => 1 + (((r * 5) + (t * t)) % 6)).ToArray())];
        int[] lengths = [.. Sources.Select(s => s.Length)];
        DecodingState state = network.Begin(PairBatch.Create(Sources, Sources, [0, 1, 2]).SourceIds, new SequenceRanges(lengths), Width);
        float[][] logits = new float[targets[0].Length][], weights = new float[targets[0].Length][];
        for (int t = 0; t < logits.Length; t++)
        {
            int[] ids = [.. targets.Select(target => t == 0 ? SequenceToSequence.Edge : target[t - 1])];
            (logits[t], weights[t]) = Step.Evaluate(pass =>
            {
                DecodingStep step = state.Next(ids, pass);
                step.Weights.Shape.ShouldBe(new Shape(3, 1, Width, 4));
                return (step.Logits.Values.ToArray(), step.Weights.Values.ToArray());
            }, Capture.Weights);
        }
        for (int row = 0; row < targets.Length; row++)
        {
            int source = row / Width;
            (float[] whole, float[] looks) = Step.Evaluate(pass =>
            {
                Tensor memory = network.Encoder.Forward(Sources[source], lengths[source..(source + 1)], pass).States;
                TransformerResult all = network.Decoder.Forward((int[])[SequenceToSequence.Edge, .. targets[row][..^1]], new[] { targets[row].Length }, pass, memory: memory);
                return (network.Logits(all.States, pass).Values.ToArray(), all.MemoryWeights[^1].Values.ToArray());
            }, Capture.Weights);
            for (int t = 0; t < targets[row].Length; t++)
            {
                logits[t][(row * 7)..((row + 1) * 7)].ShouldBe(whole[(t * 7)..((t + 1) * 7)], $"row {row}, token {t}");
                for (int j = 0; j < lengths[source]; j++)
                {
                    float mean = Enumerable.Range(0, 2).Average(head => looks[(((head * 40) + t) * lengths[source]) + j]);
                    weights[t][(row * 4) + j].ShouldBe(mean, 1e-6f);
                }
            }
        }
    }

    [Fact]
    public void Cross_attention_has_the_form_of_self_attention_without_positions_mask_and_window()
    {
        TransformerConfig stack = Stack with
        {
            Position = "shaw",
            MaximumDistance = 3,
            Window = 5,
            KeyValueHeadCount = 1,
            HeadSize = 6,
            NormalizesHeads = true,
            HasGate = true,
            SoftCap = 2,
            HasSinks = true,
            HasAttentionBias = false,
            AttentionDropout = 0.2f,
        };
        MultiHeadConfig cross = Create(new() { Stack = stack }).Decoder.Layers[0].CrossAttention!.Config;
        cross.ShouldBe(new MultiHeadConfig
        {
            Size = 8, HeadCount = 2, KeyValueHeadCount = 1, HeadSize = 6, MemorySize = 8, HasBias = false, NormalizesHeads = true, HasGate = true, SoftCap = 2, HasSinks = true, Dropout = 0.2f, MaximumDistance = 3,
        });
        // Names of a plain stack's weights stay what they were.
        Create(new() { Stack = Stack }).Decoder.Layers[0].CrossAttention!.NamedParameters().Select(p => p.Name).ShouldBe(
            ["q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias", "v_proj.weight", "v_proj.bias", "out_proj.weight", "out_proj.bias"]);
    }

    [Fact]
    public void A_shared_table_is_one_parameter()
    {
        string[] Tables(TransformerEncoderDecoderConfig config) => [.. Create(config).NamedParameters().Select(p => p.Name).Where(n => n.Contains("tokens", StringComparison.Ordinal) || n.StartsWith("output", StringComparison.Ordinal))];
        Tables(Forms["shared and tied"]).ShouldBe(["encoder.embedding.tokens.weight"]);
        Tables(Forms["as published, three tables"]).ShouldBe(["encoder.embedding.tokens.weight", "decoder.embedding.tokens.weight", "output.weight"]);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_by_name()
    {
        Refused(new() { Stack = Stack with { IsCausal = true } }, "Stack.IsCausal would hide");
        Refused(new() { Stack = Stack with { SegmentCount = 2 } }, "SegmentCount must be 0, got 2");
        Refused(new() { Stack = Stack with { HeadCount = 3 } }, "3 heads do not divide 8 features");
        Refused(new() { DecoderLayerCount = -1 }, "DecoderLayerCount must be in 0 … 16777216, got -1");
        Refused(new() { Stack = Stack }, "one vocabulary, got 7 ids of the source and 8 of the target");

        static void Refused(TransformerEncoderDecoderConfig config, string message) => Should.Throw<ArgumentException>(() => new TransformerEncoderDecoder(config, 7, 8)).Message.ShouldContain(message);
    }

    internal static TransformerEncoderDecoder Create(TransformerEncoderDecoderConfig config)
    {
        TransformerEncoderDecoder network = new(config, 7, 7);
        network.Initialize(3);
        return network;
    }

    private static PairBatch Batch(params int[] rows) => PairBatch.Create(Sources, Targets, rows);
}
