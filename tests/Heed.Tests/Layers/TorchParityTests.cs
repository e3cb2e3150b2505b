using Heed.Kernels;
using Heed.Testing;

namespace Heed.Tests.Layers;

/// <summary>Layers and poolings against torch's outputs and gradients; inputs come from the formula, see goldens/README.md.</summary>
public sealed class TorchParityTests
{
    [Fact]
    public void Linear_agrees()
    {
        Golden g = Golden.Load("linear");
        Parity parity = new(g);
        parity.Run(pass => [("output", Tensor.Linear(parity.Use("x", pass), parity.Use("weight", pass), parity.Use("bias", pass)))]);
    }

    [Theory]
    [InlineData("layer_norm_3")]
    [InlineData("layer_norm_37")]
    [InlineData("layer_norm_131")]
    public void LayerNorm_agrees(string name)
    {
        Parity parity = new(Golden.Load(name));
        parity.Run(pass => [("output", Tensor.LayerNorm(parity.Use("x", pass), parity.Use("weight", pass), parity.Use("bias", pass)))]);
    }

    [Fact]
    public void Softmax_and_its_logarithm_agree()
    {
        Parity softmax = new(Golden.Load("softmax")), log = new(Golden.Load("log_softmax"));
        softmax.Run(pass => [("output", softmax.Use("x", pass).Softmax())]);
        log.Run(pass => [("output", log.Use("x", pass).LogSoftmax())]);
    }

    [Fact]
    public void Embedding_agrees()
    {
        Golden g = Golden.Load("embedding");
        Parity parity = new(g);
        int[] ids = g.Integers("ids");
        parity.Run(pass => [("output", Tensor.Embed(parity.Use("weight", pass), ids, new Shape(g.Shape("ids")), paddingId: 0))]);
    }

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    public void Stacked_bidirectional_layers_over_unequal_lengths_agree(string name)
    {
        Golden g = Golden.Load(name);
        Parity parity = new(g);
        RecurrentLayer layer = name == "lstm" ? new Lstm(5, 3, layerCount: 2, isBidirectional: true) : new Gru(5, 3, layerCount: 2, isBidirectional: true);
        parity.Adopt(layer);
        int[] lengths = g.Integers("lengths");
        parity.Run(pass =>
        {
            RecurrentResult r = layer.Forward(parity.Use("x", pass), lengths, pass);
            List<(string, Tensor)> outputs = [("output", r.Output), ("h_n", r.FinalHidden)];
            if (r.FinalCell is not null)
                outputs.Add(("c_n", r.FinalCell));
            return outputs;
        });
    }

    // Written from the formulas, pair by pair: attention before and after the cell, and copying with coverage.
    [Theory]
    [InlineData("bahdanau")]
    [InlineData("luong")]
    [InlineData("see")]
    public void Encoder_decoders_agree(string kind)
    {
        Parity parity = new(Golden.Load("encoder_decoder_" + kind));
        EncoderDecoderConfig config = new() { EmbeddingSize = 5, HiddenSize = 4, AttentionSize = 3, Dropout = 0 };
        EncoderDecoder network = new(kind == "luong" ? config with { Decoder = "luong", Score = "general" } : kind == "see" ? config with { Copy = true, Coverage = true } : config, 7, 7);
        parity.Adopt(network);
        int[][] sources = [[2, 3, 4], [5, 2], [3, 3, 6, 2]], targets = [[4, 2], [3, 5, 2], [6]];
        PairBatch batch = PairBatch.Create(sources, targets, [0, 1, 2], kind == "see" ? sources : null);
        parity.Run(pass => [("loss", network.Loss(batch, pass).Reshape(new Shape(1)))]);
    }

    [Fact]
    public void Fused_attention_agrees()
    {
        bool[] flags = [.. Enumerable.Range(0, 2 * 4 * 5 * 7).Select(i => i * 7919 % 5 != 0)];
        Agrees("attention_full", (p, pass, q, k, v) => Tensor.Attention(q, k, v));
        Agrees("attention_causal", (p, pass, q, k, v) => Tensor.Attention(q, k, v, default(PlainScore), default(CausalTopLeft)));
        Agrees("attention_mask", (p, pass, q, k, v) => Tensor.Attention(q, k, v, default(PlainScore), new DenseMask(4 * 5 * 7, 5 * 7, 7), new() { MaskFlags = flags }));
        Agrees("attention_bias", (p, pass, q, k, v) => Tensor.Attention(q, k, v, new AdditiveBias(0, 5 * 7, 7), default(NoMask),
            new() { Parameters = p.Use("bias", pass), Ask = AttentionAsk.LogSumExp | AttentionAsk.Entropy }));
        Agrees("attention_cosine", (p, pass, q, k, v) => Tensor.Attention(q, k, v, default(CosineScore), default(NoMask),
            new() { Scale = 1, Parameters = p.Use("temperature", pass), QueryTerms = q.InverseNorm(), KeyTerms = k.InverseNorm() }));
        Agrees("attention_shaw", (p, pass, q, k, v) => Tensor.Attention(q, k, v, new ShawScore(2, (float)(1 / Math.Sqrt(6))), default(Causal),
            new() { QueryTable = q.MatMulTransposed(p.Use("a_k", pass)), ValueTable = p.Use("a_v", pass) }));

        static void Agrees(string name, Func<Parity, Pass, Tensor, Tensor, Tensor, AttentionOutputs> attend)
        {
            Parity parity = new(Golden.Load(name));
            parity.Run(pass =>
            {
                AttentionOutputs a = attend(parity, pass, parity.Use("q", pass), parity.Use("k", pass), parity.Use("v", pass));
                List<(string, Tensor)> outputs = [("output", a.Context)];
                if (a.Entropy is not null)
                    outputs.AddRange([("log_sum_exp", a.LogSumExp!), ("entropy", a.Entropy)]);
                return outputs;
            });
        }
    }

    [Fact]
    public void Distributions_agree()
    {
        Parity sparsemax = new(Golden.Load("distribution_sparsemax")), entmax = new(Golden.Load("distribution_entmax15"));
        sparsemax.Run(pass => [("output", sparsemax.Use("x", pass).Sparsemax())]);
        entmax.Run(pass => [("output", entmax.Use("x", pass).Entmax())]);
        Golden g = Golden.Load("distribution_hard");
        Parity hard = new(g);
        hard.Run(pass =>
        {
            (Tensor logs, Tensor entropies) = hard.Use("x", pass).LogProbabilityOf(g.Integers("choices"));
            return [("log_probability", logs), ("entropy", entropies)];
        });
    }

    // Weights that depend on places or on earlier weights; training, where monotonic attention is the expected alignment.
    [Fact]
    public void Local_monotonic_and_location_aware_attention_agree()
    {
        AttentionConfig dot = new() { QuerySize = 4, KeySize = 4, ValueSize = 4, Score = "dot" };
        Agrees("attention_local_p", dot with { Distribution = new LocalAttention(HalfWidth: 2, Size: 3) }, "distribution.W_p.weight=W_p;distribution.v_p.weight=v_p");
        Agrees("attention_local_m", dot with { Distribution = new LocalAttention(HalfWidth: 1, LocalCentre.Step) }, "");
        Agrees("attention_monotonic", dot with { Distribution = new MonotonicAttention(Noise: 0) }, "distribution.r=r");
        Agrees("attention_location_aware", dot with { Score = new LocationAwareScore(Size: 3, Filters: 2, Width: 3) },
            "score.key.weight=key.weight;score.query.weight=query.weight;score.query.bias=query.bias;score.filters.weight=filters.weight;score.features.weight=features.weight;score.v=v");

        static void Agrees(string name, AttentionConfig config, string names)
        {
            Parity parity = new(Golden.Load(name));
            Heed.Attention attention = new(config);
            parity.Adopt(attention, names.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal));
            parity.Run(pass =>
            {
                AttentionResult a = attention.Forward(parity.Use("query", pass), parity.Use("key", pass), parity.Use("value", pass), null, pass);
                return [("context", a.Context), ("weights", a.Weights!)];
            });
        }
    }

    public static TheoryData<string> CoAttentions => [.. CoAttention.Names];

    [Theory]
    [MemberData(nameof(CoAttentions))]
    public void Co_attention_agrees(string name)
    {
        Parity parity = new(Golden.Load("co_attention_" + name));
        CoAttention attention = CoAttention.Create(name, features: 4, attentionSize: 3);
        parity.Adopt(attention);
        parity.Run(pass =>
        {
            CoAttentionResult r = attention.Forward(parity.Use("x", pass), parity.Use("y", pass), SequenceRanges.Full(2, 5), SequenceRanges.Full(2, 3), pass);
            List<(string, Tensor)> outputs = [("first", r.First), ("second", r.Second), ("first_weights", r.FirstWeights), ("second_weights", r.SecondWeights)];
            if (r.Affinity is not null)
                outputs.Add(("affinity", r.Affinity));
            return outputs;
        });
    }

    [Theory]
    [InlineData("projection_concat", "W_a=project.weight")]
    [InlineData("projection_mean", "W_a=project.weight")]
    [InlineData("tanh", "w=query.weight")]
    [InlineData("additive", "W=hidden.weight;b=hidden.bias;u=query.weight")]
    [InlineData("structured", "W1=hidden.weight;W2=queries.weight")]
    [InlineData("last", "")]
    [InlineData("mean", "")]
    [InlineData("max", "")]
    [InlineData("gated", "W=gate.weight;b=gate.bias")]
    public void Poolings_agree(string name, string names)
    {
        Golden g = Golden.Load("pool_" + name);
        Parity parity = new(g);
        Dictionary<string, string> map = names.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=')).ToDictionary(p => p[1], p => p[0], StringComparer.Ordinal);
        int features = g.InputShape("h")[2];
        int Rows(string golden) => map.ContainsValue(golden) ? g.InputShape(golden)[0] : 1;
        SequencePooling pooling = name switch
        {
            "projection_concat" => new ProjectionPooling(features, Rows("W_a")),
            "projection_mean" => new ProjectionPooling(features, Rows("W_a"), average: true),
            "structured" => new StructuredPooling(features, Rows("W1"), Rows("W2")),
            "additive" => new AdditivePooling(features, Rows("W")),
            _ => SequencePooling.Create(name, features),
        };
        parity.Adopt(pooling, map);
        int[] lengths = g.Integers("lengths");
        parity.Run(pass =>
        {
            PoolingResult r = pooling.Forward(parity.Use("h", pass), lengths, pass);
            List<(string, Tensor)> outputs = [("context", r.Context)];
            if (g.Names.Contains("weights") && name is not ("max" or "mean" or "last" or "gated"))
                outputs.Add(("weights", r.Weights));
            if (name == "structured")
                outputs.Add(("penalty", Penalty(r.Weights)));
            return outputs;
        });
    }

    // The golden has one penalty for each text; the module averages them (0 for an empty text there, the number of views here).
    private static Tensor Penalty(Tensor weights)
    {
        (int batch, int views) = (weights.Shape[0], weights.Shape[1]);
        float[] identity = new float[batch * views * views];
        for (int b = 0; b < batch; b++)
        {
            bool empty = weights.Values.Slice(b * views * weights.Shape[2], weights.Shape[2]).ToArray().All(w => w == 0);
            for (int i = 0; i < views && !empty; i++)
                identity[(((b * views) + i) * views) + i] = 1;
        }
        Tensor d = weights.MatMulTransposed(weights) - Tensor.From(identity, new Shape(batch, views, views));
        return (d * d).Reshape(new Shape(batch, views * views)).MeanLast().Scale(views * views);
    }
}
