namespace Heed;

/// <summary>Encoders of DistilBERT's form (Sanh et al. 2019): BERT's without segments, under names of their own.</summary>
internal sealed class DistilBertForm : CheckpointForm
{
    public override string Name => "distilbert";

    public override string Prefix => "distilbert.";

    public override TransformerConfig Read(ConfigFields fields) => new()
    {
        Size = fields.Count("dim"),
        LayerCount = fields.Count("n_layers"),
        HeadCount = fields.Count("n_heads"),
        InnerSize = fields.Count("hidden_dim"),
        Activation = fields.Choose("activation", "gelu", Activations),
        // Fixed in the published network.
        Epsilon = 1e-12,
        IsPreNorm = false,
        // Positions that began as sines are in the file, too, so they are read like learned ones.
        MaximumLength = fields.Count("max_position_embeddings"),
        NormalizesEmbedding = true,
        Dropout = fields.Dropout("dropout", 0.1),
        InnerDropout = 0,
        AttentionDropout = (float)fields.Dropout("attention_dropout", 0.1),
    };

    public override IEnumerable<WeightPlace> Places(TransformerConfig config)
    {
        yield return new("embedding.tokens.weight", "embeddings.word_embeddings.weight");
        yield return new("embedding.positions.weight", "embeddings.position_embeddings.weight");
        foreach (WeightPlace place in Pair("embedding.norm", "embeddings.LayerNorm"))
            yield return place;
        for (int i = 0; i < config.LayerCount; i++)
        {
            string ours = FormattableString.Invariant($"layer{i}."), theirs = FormattableString.Invariant($"transformer.layer.{i}.");
            foreach (WeightPlace place in new[]
                {
                    Pair(ours + "attention.q_proj", theirs + "attention.q_lin"), Pair(ours + "attention.k_proj", theirs + "attention.k_lin"), Pair(ours + "attention.v_proj", theirs + "attention.v_lin"),
                    Pair(ours + "attention.out_proj", theirs + "attention.out_lin"), Pair(ours + "attention_norm", theirs + "sa_layer_norm"), Pair(ours + "feed_forward.up_proj", theirs + "ffn.lin1"),
                    Pair(ours + "feed_forward.down_proj", theirs + "ffn.lin2"), Pair(ours + "feed_forward_norm", theirs + "output_layer_norm"),
                }.SelectMany(p => p))
                yield return place;
        }
    }

    protected override bool IsConstant(string name) => name == "embeddings.position_ids";
}
