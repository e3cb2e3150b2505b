namespace Heed;

/// <summary>How many times attention looks, and what the looks are joined to: the output representation of the unified model.</summary>
public abstract record Heads
{
    private protected const string HeadShapes = "queries (batch, queries, query size), keys and values (batch, keys, size); context (batch, queries, size); weights (batch, heads, queries, keys)";
}

/// <summary>One look at queries, keys and values as they come.</summary>
public sealed record SingleOutput : Heads
{
    internal static Mechanism Entry => new("single-output", MechanismKind.OutputRepresentation)
    {
        Softness = "any, global",
        OutputRepresentation = "single",
        Formula = "c = Σ_j α_j·v_j",
        Shapes = HeadShapes,
        Cost = "2·queries·keys·(key size + value size) flops",
        Source = "Niu, Zhong and Yu, \"A review on the attention mechanism of deep learning\", 2021, section 3.4",
        Variant = "Without projections; the context is as long as a value.",
        Use = "Where weights shall be read, and one distribution says it all.",
        Avoid = "Where an item must be looked at in several respects at once: multi-head.",
        Example = new(() =>
        {
            Attention attention = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 3 });
            Tensor query = Tensor.From([2, 0], new Shape(1, 1, 2)), keys = Tensor.From([1, 0, 0, 1], new Shape(1, 2, 2)), values = Tensor.From([1, 2, 3, 4, 5, 6], new Shape(1, 2, 3));
            return Step.Evaluate(pass => attention.Forward(query, keys, values, ranges: null, pass).Context);
        }),
        Types = [typeof(SingleOutput), typeof(Attention)],
        Pages = ["unified-attention"],
    };
}

/// <summary>Several heads, each on projections of its own; contexts side by side, projected. Vaswani et al. 2017.</summary>
/// <remarks>Formula: head_i = attention(Q·W_iᵀ, K·W_iᵀ, V·W_iᵀ); context = [head_1; …; head_h]·W_oᵀ. Parameters <c>q_proj</c>, <c>k_proj</c>, <c>v_proj</c>, <c>out_proj</c> with biases.</remarks>
/// <param name="HeadCount">h; at least 1.</param>
/// <param name="HeadSize">Length of a head's queries, keys and values; default: the query's length divided by h.</param>
public sealed record MultiHead(int HeadCount, int HeadSize = 0) : Heads
{
    internal static Mechanism Entry => new("multi-head", MechanismKind.OutputRepresentation)
    {
        Softness = "any, global",
        OutputRepresentation = "multi-head",
        Formula = "head_i = attention(Q·W_iᵀ, K·W_iᵀ, V·W_iᵀ), c = [head_1; …; head_h]·W_oᵀ",
        Shapes = HeadShapes,
        Cost = "Four projections, and 4·queries·keys·model flops; memory linear in keys where fused",
        Source = "Vaswani et al., \"Attention is all you need\", 2017, section 3.2.2",
        Variant = "Projections with biases; any score and distribution; the head's size may be chosen freely.",
        Use = "Self-attention over many items; where one distribution has to average over what should be kept apart.",
        Avoid = "Where the weights are the explanation: with several heads there are several, and projections mix them.",
        Example = new(() =>
        {
            Attention attention = new(new AttentionConfig { QuerySize = 4, KeySize = 4, ValueSize = 4, Heads = new MultiHead(HeadCount: 2) });
            attention.Initialize(seed: 1);
            Tensor x = Tensor.From([1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1], new Shape(1, 3, 4));
            return Step.Evaluate(pass => attention.Forward(query: x, keys: x, values: x, ranges: null, pass).Weights!, Capture.Weights);
        }),
        Types = [typeof(MultiHead), typeof(Attention), typeof(MultiHeadAttention)],
        Pages = ["unified-attention"],
    };
}
