namespace Heed;

/// <summary>Maps for weights of torch's own modules, so that a <c>state_dict</c> saved as safetensors loads into ours, and back.</summary>
/// <remarks>Recurrent layers need none: <see cref="Lstm"/> and <see cref="Gru"/> have torch's names. What torch keeps in one matrix (<c>in_proj_weight</c>: queries, keys, values) is taken apart.</remarks>
public static class TorchWeights
{
    /// <summary>The weights of <c>nn.MultiheadAttention</c> in a <see cref="MultiHeadAttention"/>.</summary>
    /// <remarks>Where <c>kdim</c> differs from <c>embed_dim</c> (<see cref="MultiHeadConfig.MemorySize"/>) torch keeps three matrices, and one bias; <c>vdim</c> must be <c>kdim</c>. <c>add_bias_kv</c> has no counterpart.</remarks>
    /// <param name="attention">Our layer.</param>
    /// <param name="prefix">What stands before the file's names, as <c>encoder.self_attn.</c>.</param>
    public static WeightMap Of(MultiHeadAttention attention, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(attention);
        return new WeightMap(Attention(attention.Config, "", prefix));
    }

    /// <summary>The weights of <c>nn.TransformerEncoderLayer</c>, or of <c>nn.TransformerDecoderLayer</c> where our layer attends to a memory; <c>norm_first</c> is <see cref="TransformerConfig.IsPreNorm"/>.</summary>
    /// <param name="layer">Our layer.</param>
    /// <param name="prefix">What stands before the file's names, as <c>layers.0.</c>.</param>
    public static WeightMap Of(TransformerLayer layer, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(layer);
        return new WeightMap(Layer(layer, "", prefix));
    }

    /// <summary>The weights of <c>nn.TransformerEncoder</c> in the layers of a stack, its embedding left as it is: <c>layers.0.…</c>, and <c>norm</c> where the stack is pre-norm.</summary>
    /// <param name="stack">Our stack.</param>
    /// <param name="prefix">What stands before the file's names, as <c>encoder.</c>.</param>
    public static WeightMap Of(Transformer stack, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(stack);
        return new WeightMap(Stack(stack, "", prefix));
    }

    /// <summary>The weights of <c>nn.Transformer</c> in the layers of an encoder–decoder, its tables left as they are: <c>encoder.layers.0.…</c>, <c>decoder.layers.0.…</c>, and both <c>norm</c> where it is pre-norm.</summary>
    /// <remarks>torch normalises the last states of a post-norm stack once more, unless it is built without; the paper does not, nor do we.</remarks>
    /// <param name="network">Our network.</param>
    /// <param name="prefix">What stands before the file's names, as <c>transformer.</c>.</param>
    public static WeightMap Of(TransformerEncoderDecoder network, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(network);
        return new WeightMap(Stack(network.Encoder, "encoder.", prefix + "encoder.").Concat(Stack(network.Decoder, "decoder.", prefix + "decoder.")));
    }

    private static IEnumerable<WeightPlace> Stack(Transformer stack, string ours, string theirs)
    {
        IEnumerable<WeightPlace> places = stack.Layers.SelectMany((layer, i) => Layer(layer, FormattableString.Invariant($"{ours}layer{i}."), FormattableString.Invariant($"{theirs}layers.{i}.")));
        return stack.Config.IsPreNorm ? places.Concat(Both(ours + "norm", theirs + "norm")) : places;
    }

    private static IEnumerable<WeightPlace> Layer(TransformerLayer layer, string ours, string theirs)
    {
        bool hasMemory = layer.CrossAttention is not null;
        IEnumerable<WeightPlace> places = Attention(layer.Attention.Config, ours + "attention.", theirs + "self_attn.").Concat(Both(ours + "attention_norm", theirs + "norm1"));
        if (layer.CrossAttention is { } cross)
            places = places.Concat(Attention(cross.Config, ours + "cross_attention.", theirs + "multihead_attn.")).Concat(Both(ours + "cross_attention_norm", theirs + "norm2"));
        return places.Concat(Both(ours + "feed_forward.up_proj", theirs + "linear1")).Concat(Both(ours + "feed_forward.down_proj", theirs + "linear2"))
            .Concat(Both(ours + "feed_forward_norm", theirs + (hasMemory ? "norm3" : "norm2")));
    }

    private static IEnumerable<WeightPlace> Attention(MultiHeadConfig config, string ours, string theirs)
    {
        int first = 0;
        bool isJoined = config.MemorySize == 0 || config.MemorySize == config.Size;
        foreach ((string name, int rows) in new[] { ("q", config.Heads * config.KeyDim), ("k", config.KeyHeads * config.KeyDim), ("v", config.KeyHeads * config.ValueDim) })
        {
            yield return isJoined ? new($"{ours}{name}_proj.weight", theirs + "in_proj_weight", first) : new($"{ours}{name}_proj.weight", $"{theirs}{name}_proj_weight");
            if (config.HasBias)
                yield return new($"{ours}{name}_proj.bias", theirs + "in_proj_bias", first);
            first += rows;
        }
        yield return new(ours + "out_proj.weight", theirs + "out_proj.weight");
        if (config.HasOutputBias ?? config.HasBias)
            yield return new(ours + "out_proj.bias", theirs + "out_proj.bias");
    }

    private static WeightPlace[] Both(string ours, string theirs) => [new(ours + ".weight", theirs + ".weight"), new(ours + ".bias", theirs + ".bias")];
}
