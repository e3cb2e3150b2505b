using System.Text.Json.Nodes;

namespace Heed;

/// <summary>Decoders of Llama's form (Touvron et al. 2023): pre-norm with RMS norm, rotary positions in halves, SwiGLU, grouped key/value heads.</summary>
internal sealed class LlamaForm : CheckpointForm
{
    private static readonly (string Theirs, string Ours)[] gated = [("silu", "swiglu"), ("swish", "swiglu"), ("gelu", "geglu")];

    public override string Name => "llama";

    public override string Prefix => "model.";

    public override bool IsDecoder => true;

    public override bool IsTiedByDefault => false;

    public override TransformerConfig Read(ConfigFields fields)
    {
        (double ropeBase, double ropeFactor) = Rope(fields);
        if (fields.Number("partial_rotary_factor", 1, 0, 1) != 1)
            throw new FormatException("'partial_rotary_factor': only 1 is supported");
        return new TransformerConfig
        {
            Size = fields.Count("hidden_size"),
            LayerCount = fields.Count("num_hidden_layers"),
            HeadCount = fields.Count("num_attention_heads"),
            KeyValueHeadCount = fields.Count("num_key_value_heads", absent: 0),
            HeadSize = fields.Count("head_dim", absent: 0),
            InnerSize = fields.Count("intermediate_size"),
            Activation = fields.Choose("hidden_act", "silu", gated),
            Norm = "rms",
            Epsilon = fields.Epsilon("rms_norm_eps", 1e-6),
            HasBias = fields.Flag("mlp_bias", absent: false),
            HasAttentionBias = fields.Flag("attention_bias", absent: false),
            Position = "rope",
            RopeBase = ropeBase,
            RopeFactor = ropeFactor,
            MaximumLength = fields.Count("max_position_embeddings", absent: 2048),
            IsCausal = true,
            Dropout = 0,
            AttentionDropout = (float)fields.Dropout("attention_dropout", 0),
        };
    }

    public override JsonObject? Write(TransformerConfig config) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["hidden_size"] = config.Size,
        ["num_hidden_layers"] = config.LayerCount,
        ["num_attention_heads"] = config.HeadCount,
        ["num_key_value_heads"] = config.SelfAttention.KeyHeads,
        ["head_dim"] = config.SelfAttention.KeyDim,
        ["intermediate_size"] = config.Inner,
        ["hidden_act"] = TheirName(gated, config.Activation),
        ["rms_norm_eps"] = config.Epsilon,
        ["mlp_bias"] = config.HasBias,
        ["attention_bias"] = config.HasAttentionBias ?? config.HasBias,
        ["rope_theta"] = config.RopeBase,
        ["rope_scaling"] = config.RopeFactor == 1 ? null : new JsonObject { ["type"] = "linear", ["factor"] = config.RopeFactor },
        ["max_position_embeddings"] = config.MaximumLength,
        ["attention_dropout"] = config.AttentionDropout,
    };

    public override IEnumerable<WeightPlace> Places(TransformerConfig config)
    {
        yield return new("embedding.tokens.weight", "embed_tokens.weight");
        bool attention = config.HasAttentionBias ?? config.HasBias, network = config.HasBias;
        for (int i = 0; i < config.LayerCount; i++)
        {
            string ours = FormattableString.Invariant($"layer{i}."), theirs = FormattableString.Invariant($"layers.{i}.");
            foreach (WeightPlace place in new[]
                {
                    Pair(ours + "attention_norm", theirs + "input_layernorm", hasBias: false), Pair(ours + "attention.q_proj", theirs + "self_attn.q_proj", attention),
                    Pair(ours + "attention.k_proj", theirs + "self_attn.k_proj", attention), Pair(ours + "attention.v_proj", theirs + "self_attn.v_proj", attention),
                    Pair(ours + "attention.out_proj", theirs + "self_attn.o_proj", attention), Pair(ours + "feed_forward_norm", theirs + "post_attention_layernorm", hasBias: false),
                    Pair(ours + "feed_forward.gate_proj", theirs + "mlp.gate_proj", network), Pair(ours + "feed_forward.up_proj", theirs + "mlp.up_proj", network),
                    Pair(ours + "feed_forward.down_proj", theirs + "mlp.down_proj", network),
                }.SelectMany(p => p))
                yield return place;
        }
        yield return new("norm.weight", "norm.weight");
    }

    protected override bool IsConstant(string name) => name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal);

    // Newer files have all in rope_parameters; older ones rope_theta and, for longer texts, rope_scaling.
    private static (double Base, double Factor) Rope(ConfigFields fields)
    {
        ConfigFields? parameters = fields.Inside("rope_parameters"), scaling = parameters ?? fields.Inside("rope_scaling");
        double ropeBase = (parameters ?? fields).Number("rope_theta", 10_000, 1.001, 1e12);
        if (scaling is not { } s)
            return (ropeBase, 1);
        string kind = s.Choose(s.Find("rope_type") is null ? "type" : "rope_type", "default", ("default", "default"), ("linear", "linear"));
        return (ropeBase, kind == "default" ? 1 : s.Find("factor") is null ? throw new FormatException("'factor' of the linear rope scaling is missing") : s.Number("factor", 1, 1e-3, 1e6));
    }
}
