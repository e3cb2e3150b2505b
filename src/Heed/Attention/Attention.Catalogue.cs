namespace Heed;

/// <summary>The input representations that are one call of attention: which sequences stand in its three places.</summary>
public sealed partial class Attention
{
    internal static Mechanism Distinctive => new("distinctive", MechanismKind.InputRepresentation)
    {
        Softness = "any, global",
        InputRepresentation = "distinctive",
        OutputRepresentation = "any",
        Formula = "c = φ(g(f(q, K)), V), q from one sequence, K and V from another",
        Shapes = "queries (batch, queries, query size), keys and values (batch, keys, size); context (batch, queries, size); weights (batch, heads, queries, keys)",
        Cost = "2·queries·keys·(key size + value size) flops; keys are prepared once where queries come step by step (Attention.Prepare)",
        Source = "Bahdanau, Cho and Bengio, \"Neural machine translation by jointly learning to align and translate\", 2015; the name: Niu, Zhong and Yu 2021, section 3.3",
        Variant = "Any score, distribution, mask and heads. Also called cross-attention.",
        Use = "A task reads a source: a translation its sentence, a question its text, a summary its document.",
        Avoid = "Where neither sequence is the task: co-attention summarises both.",
        Example = new(() =>
        {
            Attention attention = new(new AttentionConfig { QuerySize = 3, KeySize = 2, ValueSize = 2, Score = "general" });
            attention.Initialize(seed: 1);
            Tensor target = Tensor.From([1, 0, 0, 0, 1, 1], new Shape(1, 2, 3)), source = Tensor.From([1, 0, 0, 1, 1, 1, 2, 0], new Shape(1, 4, 2));
            return Step.Evaluate(pass => attention.Forward(query: target, keys: source, values: source, ranges: null, pass).Context);
        }),
        Types = [typeof(Attention)],
        Pages = ["unified-attention", "encoder-decoder"],
    };

    internal static Mechanism Self => new("self", MechanismKind.InputRepresentation)
    {
        Softness = "any, global",
        InputRepresentation = "self",
        OutputRepresentation = "any",
        Formula = "c_i = Σ_j g(f(x_i, X))_j·x_j: one sequence as query, keys and values",
        Shapes = "sequence (batch, sequence, size); context (batch, sequence, size); weights (batch, heads, sequence, sequence)",
        Cost = "4·sequence²·size flops, quadratic in the length; a window, a mask or top-k makes it less",
        Source = "Cheng, Dong and Lapata, \"Long short-term memory-networks for machine reading\", 2016; Vaswani et al., \"Attention is all you need\", 2017, section 3.2",
        Variant = "Any score, distribution, mask and heads. Also called intra-attention; it knows no order unless mask, score or the vectors bring it.",
        Use = "Every item should know the others before it is judged: tagging, encoding, comparing distant words.",
        Avoid = "To get one vector: pooling has no query to make. Long sequences without a mask.",
        Example = new(() =>
        {
            Attention attention = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 2 });
            Tensor x = Tensor.From([1, 0, 0, 1, 1, 1], new Shape(1, 3, 2));
            return Step.Evaluate(pass => attention.Forward(query: x, keys: x, values: x, ranges: null, pass).Weights!, Capture.Weights);
        }),
        Types = [typeof(Attention)],
        Pages = ["unified-attention"],
    };
}
