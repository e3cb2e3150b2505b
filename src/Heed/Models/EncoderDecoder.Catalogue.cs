namespace Heed;

/// <summary>The forms of the recurrent encoder–decoder, and what may be added to it.</summary>
public sealed partial class EncoderDecoder
{
    private const string DecoderShapes = "source ids (batch, source), target ids (batch, time); logits (tokens, vocabulary); alignment: for each token of a target weights (source)";

    /// <summary>The forms of the decoder, and what may be added to it.</summary>
    public static IReadOnlyList<Mechanism> Mechanisms { get; } = [BahdanauEntry, LuongEntry, InputFeedingEntry, CoverageEntry, CopyEntry];

    private static Mechanism BahdanauEntry => new("bahdanau", MechanismKind.Architecture)
    {
        Softness = "any, global",
        InputRepresentation = "distinctive",
        OutputRepresentation = "single",
        Formula = "h_j = [→h_j; ←h_j]; c_t = attention(s_{t−1}, H); s_t = cell([y_{t−1}; c_t], s_{t−1}); o_t = tanh(W_o[s_t; c_t; y_{t−1}] + b); P(y_t) = softmax(W_y·o_t + b_y)",
        Shapes = DecoderShapes,
        Cost = "Forward 2·tokens·(8·hidden·(embedding + hidden) for the encoder + 4·hidden·(embedding + context + hidden) for the decoder + hidden·vocabulary) flops, and the score of every pair of tokens; steps of training come one after the other",
        Source = "Bahdanau, Cho and Bengio, \"Neural machine translation by jointly learning to align and translate\", 2015",
        Variant = "LSTM or GRU, whose reset gate stands behind the product, r∘(W·s), where the paper has W(r∘s); tanh where the paper has a maxout layer; s_0 = tanh(W[→h_n; ←h_1] + b), the paper starts from ←h_1 alone. Any score and distribution by name; scores that want queries and keys of one length get projections of both.",
        Use = "One sequence becomes another of other length and order, and the reader wants to see from where: the default of heed train translate.",
        Avoid = "Source and target equally long and in one order: a tagger. Few labels: a classifier. With a product as score luong is some percent faster.",
        Example = ExampleOf("bahdanau"),
        Types = [typeof(EncoderDecoder), typeof(EncoderDecoderConfig)],
        Pages = ["encoder-decoder"],
    };

    private static Mechanism LuongEntry => BahdanauEntry with
    {
        Name = "luong",
        Formula = "h_j = [→h_j; ←h_j]; s_t = cell(y_{t−1}, s_{t−1}); c_t = attention(s_t, H); o_t = tanh(W_c[c_t; s_t]); P(y_t) = softmax(W_y·o_t + b_y)",
        Cost = "That of bahdanau with hidden instead of context; without input feeding all steps of training of an LSTM run at once, through the sequence kernel and fused attention: some quarter less time a step",
        Source = "Luong, Pham and Manning, \"Effective approaches to attention-based neural machine translation\", 2015, section 3",
        Variant = "Attention behind the cell, one bidirectional encoder; the paper stacks unidirectional layers and hands their last states over. Input feeding is on unless InputFeeding is false; a GRU runs step by step either way.",
        Use = "With a product as score (general, scaled-dot), and where training time counts.",
        Avoid = "Where the cell should know what it attends to before it decides: bahdanau.",
        Example = ExampleOf("luong"),
    };

    private static Mechanism InputFeedingEntry => LuongEntry with
    {
        Name = "input-feeding",
        Formula = "s_t = cell([y_{t−1}; o_{t−1}], s_{t−1}), o_0 = 0: what was attended to goes into the next step",
        Cost = "hidden more inputs of the cell, and steps of training come one after the other",
        Source = "Luong, Pham and Manning, \"Effective approaches to attention-based neural machine translation\", 2015, section 3.3",
        Variant = "Of luong, InputFeeding, on unless told otherwise; bahdanau feeds its context c_t in any case.",
        Use = "Translation: without it a decoder does not know what it attended to.",
        Avoid = "Where training time counts more than the last points of quality.",
        Example = new(() =>
        {
            EncoderDecoder network = new(new EncoderDecoderConfig { EmbeddingSize = 4, HiddenSize = 4, Decoder = "luong", InputFeeding = true, Score = "general" }, sourceCount: 9, targetCount: 7);
            network.Initialize(seed: 1);
            PairBatch pairs = PairBatch.Create(sources: [[3, 5, 8]], targets: [[2, 6]], rows: [0]);
            AttentionCapture alignment = new(network);
            Step.Evaluate(pass => network.Loss(pairs, pass), request: alignment);
            return Tensor.From(alignment.Results[0].Weights.ToArray(), new Shape(3, 3));
        }),
    };

    private static Mechanism CoverageEntry => BahdanauEntry with
    {
        Name = "coverage",
        Softness = "soft, global",
        Formula = "s_t = Σ_{t′<t} α_{t′}; e_tj = vᵀ tanh(W₁h_j + W₂q_t + w_c·s_tj + b); loss + λ·Σ_j min(α_tj, s_tj) of each token",
        Shapes = "s (batch, source), beside those of the decoder; the loss is one number",
        Cost = "source·size multiply-adds a step; weights are written out",
        Source = "See, Liu and Manning, \"Get to the point: summarization with pointer-generator networks\", 2017, section 2.3 and equations 10 to 13",
        Variant = "With the score additive, under either decoder; λ is CoverageWeight, 1 as in the paper. The paper adds coverage after training without it, for the last few thousand steps: heed train translate --init MODEL --coverage --epochs 2 does so.",
        Use = "Answers that repeat themselves: looking twice at a place costs.",
        Avoid = "From the first step of training: there its loss costs much (on Multi30k 11 BLEU with λ = 0.2); add it to a trained model. Sources of which one token stands for several of the target.",
        Example = new(() =>
        {
            EncoderDecoder network = new(new EncoderDecoderConfig { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4, Coverage = true, CoverageWeight = 1 }, sourceCount: 9, targetCount: 7);
            network.Initialize(seed: 1);
            PairBatch pairs = PairBatch.Create(sources: [[3, 5, 8]], targets: [[2, 6]], rows: [0]);
            return Step.Evaluate(pass => network.Loss(pairs, pass));
        }),
    };

    private static Mechanism CopyEntry => BahdanauEntry with
    {
        Name = "copy",
        Formula = "p_gen = σ(w·[c_t; s_t; y_{t−1}] + b); P(y) = p_gen·P_vocabulary(y) + (1 − p_gen)·Σ_{j: x_j = y} α_tj",
        Shapes = "P over the vocabulary and all tokens of the source: (tokens, vocabulary + unknown tokens of the source)",
        Cost = "One gate a token, and a sum over the source; weights are written out",
        Source = "See, Liu and Manning, \"Get to the point: summarization with pointer-generator networks\", 2017, section 2.2; copying: Gu et al. 2016",
        Variant = "The pointer generator, under either decoder. Tokens of the source that the target's vocabulary lacks are numbered behind it, for each pair anew. Needs weights that sum to 1, and no label smoothing.",
        Use = "Names, numbers and rare words that stand in the answer as in the source.",
        Avoid = "Tokenizers that cover every text (byte pairs, characters) with languages that share few words. Answers that are places alone: a pointer network.",
        Example = new(() =>
        {
            EncoderDecoder network = new(new EncoderDecoderConfig { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4, Copy = true }, sourceCount: 9, targetCount: 7);
            network.Initialize(seed: 1);
            PairBatch pairs = PairBatch.Create(sources: [[3, 5, 8]], targets: [[2, 7]], rows: [0], copies: [[4, 7, 2]]);
            return Tensor.From(network.Score(pairs).LogProbabilities[0], new Shape(3));
        }),
    };

    private static MechanismExample ExampleOf(string decoder) => new(decoder, name =>
    {
        EncoderDecoder network = new(new EncoderDecoderConfig { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4, Decoder = name }, sourceCount: 9, targetCount: 7);
        network.Initialize(seed: 1);
        PairBatch pairs = PairBatch.Create(sources: [[3, 5, 8]], targets: [[2, 6]], rows: [0]);
        AttentionCapture alignment = new(network);
        Step.Evaluate(pass => network.Loss(pairs, pass), request: alignment);
        return Tensor.From(alignment.Results[0].Weights.ToArray(), new Shape(3, 3));
    });
}
