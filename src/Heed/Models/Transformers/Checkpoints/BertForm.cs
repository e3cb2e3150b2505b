using System.Text.Json.Nodes;

namespace Heed;

/// <summary>Encoders of BERT's form (Devlin et al. 2019), MiniLM among them (Wang et al. 2020), and of RoBERTa's (Liu et al. 2019), whose positions begin behind the padding id.</summary>
/// <remarks>Post-norm, learned positions and segments, the sum of vectors normalised.</remarks>
internal sealed class BertForm(string name) : CheckpointForm
{
    public override string Name => name;

    public override string Prefix => name == "bert" ? "bert." : "roberta.";

    public override TransformerConfig Read(ConfigFields fields)
    {
        fields.Expect("is_decoder", false);
        fields.Expect("add_cross_attention", false);
        fields.Choose("position_embedding_type", "absolute", ("absolute", ""));
        int first = name == "bert" ? 0 : (fields.CountOrNone("pad_token_id", least: 0) ?? 1) + 1, positions = fields.Count("max_position_embeddings");
        if (positions <= first)
            throw new FormatException(FormattableString.Invariant($"'max_position_embeddings' is {positions}, but positions begin at {first}"));
        return new TransformerConfig
        {
            Size = fields.Count("hidden_size"),
            LayerCount = fields.Count("num_hidden_layers"),
            HeadCount = fields.Count("num_attention_heads"),
            InnerSize = fields.Count("intermediate_size"),
            Activation = fields.Choose("hidden_act", "gelu", Activations),
            Epsilon = fields.Epsilon("layer_norm_eps", 1e-12),
            IsPreNorm = false,
            MaximumLength = positions - first,
            FirstPosition = first,
            SegmentCount = fields.CountOrNone("type_vocab_size", least: 0) ?? 2,
            NormalizesEmbedding = true,
            Dropout = fields.Dropout("hidden_dropout_prob", 0.1),
            InnerDropout = 0,
            AttentionDropout = (float)fields.Dropout("attention_probs_dropout_prob", 0.1),
        };
    }

    public override JsonObject? Write(TransformerConfig config) => new()
    {
        ["architectures"] = new JsonArray(name == "bert" ? "BertModel" : name == "roberta" ? "RobertaModel" : "XLMRobertaModel"),
        ["hidden_size"] = config.Size,
        ["num_hidden_layers"] = config.LayerCount,
        ["num_attention_heads"] = config.HeadCount,
        ["intermediate_size"] = config.Inner,
        ["hidden_act"] = TheirName(Activations, config.Activation),
        ["layer_norm_eps"] = config.Epsilon,
        ["max_position_embeddings"] = config.FirstPosition + config.MaximumLength,
        ["pad_token_id"] = Math.Max(0, config.FirstPosition - 1),
        ["type_vocab_size"] = config.SegmentCount,
        ["hidden_dropout_prob"] = config.Dropout,
        ["attention_probs_dropout_prob"] = config.AttentionDropout,
        ["position_embedding_type"] = "absolute",
    };

    public override IEnumerable<WeightPlace> Places(TransformerConfig config)
    {
        yield return new("embedding.tokens.weight", "embeddings.word_embeddings.weight");
        yield return new("embedding.positions.weight", "embeddings.position_embeddings.weight");
        if (config.SegmentCount > 0)
            yield return new("embedding.segments.weight", "embeddings.token_type_embeddings.weight");
        foreach (WeightPlace place in Pair("embedding.norm", "embeddings.LayerNorm"))
            yield return place;
        for (int i = 0; i < config.LayerCount; i++)
        {
            string ours = FormattableString.Invariant($"layer{i}."), theirs = FormattableString.Invariant($"encoder.layer.{i}.");
            foreach (WeightPlace place in new[]
                {
                    Pair(ours + "attention.q_proj", theirs + "attention.self.query"), Pair(ours + "attention.k_proj", theirs + "attention.self.key"),
                    Pair(ours + "attention.v_proj", theirs + "attention.self.value"), Pair(ours + "attention.out_proj", theirs + "attention.output.dense"),
                    Pair(ours + "attention_norm", theirs + "attention.output.LayerNorm"), Pair(ours + "feed_forward.up_proj", theirs + "intermediate.dense"),
                    Pair(ours + "feed_forward.down_proj", theirs + "output.dense"), Pair(ours + "feed_forward_norm", theirs + "output.LayerNorm"),
                }.SelectMany(p => p))
                yield return place;
        }
    }

    protected override bool IsConstant(string name) => name is "embeddings.position_ids" or "embeddings.token_type_ids";
}
