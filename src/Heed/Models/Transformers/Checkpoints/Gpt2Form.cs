using System.Text.Json.Nodes;

namespace Heed;

/// <summary>Decoders of GPT-2's form (Radford et al. 2019): pre-norm, learned positions, dense layers stored as (in, out), queries, keys and values in one.</summary>
internal sealed class Gpt2Form : CheckpointForm
{
    public override string Name => "gpt2";

    public override string Prefix => "transformer.";

    public override bool IsDecoder => true;

    public override TransformerConfig Read(ConfigFields fields)
    {
        fields.Expect("scale_attn_weights", true);
        fields.Expect("scale_attn_by_inverse_layer_idx", false);
        fields.Expect("add_cross_attention", false);
        return new TransformerConfig
        {
            Size = fields.Count("n_embd"),
            LayerCount = fields.Count("n_layer"),
            HeadCount = fields.Count("n_head"),
            InnerSize = fields.Count("n_inner", absent: 0),
            Activation = fields.Choose("activation_function", "gelu_new", Activations),
            Epsilon = fields.Epsilon("layer_norm_epsilon", 1e-5),
            MaximumLength = fields.CountOrNone("n_positions") ?? fields.Count("n_ctx"),
            IsCausal = true,
            Dropout = fields.Dropout("resid_pdrop", 0.1),
            EmbeddingDropout = fields.Dropout("embd_pdrop", 0.1),
            InnerDropout = 0,
            AttentionDropout = (float)fields.Dropout("attn_pdrop", 0.1),
        };
    }

    public override JsonObject? Write(TransformerConfig config) => new()
    {
        ["architectures"] = new JsonArray("GPT2LMHeadModel"),
        ["n_embd"] = config.Size,
        ["n_layer"] = config.LayerCount,
        ["n_head"] = config.HeadCount,
        ["n_inner"] = config.Inner,
        ["activation_function"] = TheirName(Activations, config.Activation),
        ["layer_norm_epsilon"] = config.Epsilon,
        ["n_positions"] = config.MaximumLength,
        ["resid_pdrop"] = config.Dropout,
        ["embd_pdrop"] = config.EmbeddingDropout ?? config.Dropout,
        ["attn_pdrop"] = config.AttentionDropout,
    };

    public override IEnumerable<WeightPlace> Places(TransformerConfig config)
    {
        yield return new("embedding.tokens.weight", "wte.weight");
        yield return new("embedding.positions.weight", "wpe.weight");
        for (int i = 0; i < config.LayerCount; i++)
        {
            string ours = FormattableString.Invariant($"layer{i}."), theirs = FormattableString.Invariant($"h.{i}.");
            foreach (WeightPlace place in new[]
                {
                    Pair(ours + "attention_norm", theirs + "ln_1"), Turned(ours + "attention.q_proj", theirs + "attn.c_attn"), Turned(ours + "attention.k_proj", theirs + "attn.c_attn", config.Size),
                    Turned(ours + "attention.v_proj", theirs + "attn.c_attn", 2 * config.Size), Turned(ours + "attention.out_proj", theirs + "attn.c_proj"), Pair(ours + "feed_forward_norm", theirs + "ln_2"),
                    Turned(ours + "feed_forward.up_proj", theirs + "mlp.c_fc"), Turned(ours + "feed_forward.down_proj", theirs + "mlp.c_proj"),
                }.SelectMany(p => p))
                yield return place;
        }
        foreach (WeightPlace place in Pair("norm", "ln_f"))
            yield return place;
    }

    // Masks of attention, one a layer.
    protected override bool IsConstant(string name) => name.StartsWith("h.", StringComparison.Ordinal)
        && (name.EndsWith(".attn.bias", StringComparison.Ordinal) || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal));

    private static IEnumerable<WeightPlace> Turned(string ours, string theirs, int firstRow = 0) => Pair(ours, theirs).Select(p => p with { FirstRow = firstRow, IsTransposed = true });
}
