namespace Heed;

/// <summary>A text classifier: token vectors, a bidirectional recurrent encoder, attention pooling, a linear layer.</summary>
/// <remarks>
/// <para>Formula: h_t = [→h_t ; ←h_t] from a BLSTM over the token vectors (and, with
/// <see cref="BlstmConfig.PairBuckets"/>, the vectors of neighbouring pairs, added to them), with <see cref="BlstmConfig.Shortcut"/> the token vector behind them; c = Σ_t α_t·h_t by the chosen <see cref="SequencePooling"/>;
/// logits = W·[c ; f] + b, f further features of the row, if there are any. With <see cref="BlstmConfig.PerLabel"/> each label k has its own context:
/// logit_k = ⟨w_k, c_k⟩ + b_k + ⟨v_k, f⟩. Text pairs may be read by <see cref="CoAttention"/>, documents by a <see cref="HierarchicalEncoder"/>, and a
/// <see cref="DirectionalEncoder"/> may stand for the recurrent layers.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, token vectors <c>(batch, time, embedding)</c>, states <c>(batch, time, 2·hidden)</c>, context
/// <c>(batch, context)</c>, features <c>(batch, features)</c>, logits <c>(batch, classes)</c>. Dropout on the token vectors and on the context.</para>
/// </remarks>
public sealed class BlstmClassifier : TextNetwork
{
    private readonly Slot<Embedding> embedding;
    private readonly PairEmbedding? pairs;
    private readonly Slot<RecurrentLayer>? encoder;
    private readonly DirectionalEncoder? directional;
    private readonly HierarchicalEncoder? hierarchy;
    private readonly Slot<SequencePooling>? pooling;
    private readonly Slot<CoAttention>? coAttention;
    private readonly Dropout vectorDropout;
    private readonly BlstmConfig config;
    private readonly int separatorId;

    /// <summary>Creates the model.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="vocabularySize">Number of token ids; 0 is padding.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="featureCount">Further features of a row; default 0.</param>
    /// <param name="separatorId">The token between the two texts of a pair, for <see cref="BlstmConfig.PairForm"/> <c>towers</c>.</param>
    public BlstmClassifier(BlstmConfig config, int vocabularySize, int classCount, int featureCount = 0, int separatorId = Vocabulary.Unknown)
        : base(config, classCount, featureCount)
    {
        bool isPair = config.PairForm != "joined", isCoAttention = isPair && config.PairForm != "towers";
        if (isPair && (separatorId <= Vocabulary.Unknown || separatorId >= vocabularySize))
            throw new ArgumentException($"BlstmClassifier: PairForm {config.PairForm} needs a separator that the vocabulary knows; give rows with two texts, or take PairForm joined.", nameof(separatorId));
        (this.config, this.separatorId) = (config, separatorId);
        int states = config.StateSize;
        bool isHierarchical = config.Structure == "hierarchical";
        SequencePooling? pool = isCoAttention || isHierarchical ? null : config.PerLabel ? new ProjectionPooling(states, classCount) : config.CreatePooling(states);
        embedding = RegisterSlot("embedding", new Embedding(vocabularySize, config.EmbeddingSize, paddingId: 0, Initializer.Uniform(0.1)));
        if (config.PairBuckets > 0)
            pairs = Register("pairs", new PairEmbedding(config.PairBuckets, config.EmbeddingSize, Vocabulary.Unknown + 1, Initializer.Uniform(0.1)));
        if (isHierarchical)
            hierarchy = Register("hierarchy", new HierarchicalEncoder(config));
        else if (config.Structure == "directional")
            directional = Register("directional", new DirectionalEncoder(config.EmbeddingSize, config.HiddenSize));
        else
            encoder = RegisterSlot("encoder", config.CreateEncoder(config.EmbeddingSize));
        if (pool is not null)
            pooling = RegisterSlot("pooling", pool);
        else if (isCoAttention)
            coAttention = RegisterSlot("co_attention", CoAttention.Create(config.PairForm, states, config.AttentionSize, config.Pooling));
        int context = pool?.ContextSize ?? hierarchy?.ContextSize ?? states;
        BuildOutput(config, config.PerLabel ? states : (isPair ? TwoTowers.Parts : 1) * context, config.EmbeddingSize);
        vectorDropout = Register("vector_dropout", new Dropout(config.Dropout, isShared: config.VariationalDropout));
    }

    /// <inheritdoc/>
    public override Parameter TokenVectors => embedding.Module.Weight;

    /// <inheritdoc/>
    public override BlstmConfig Config => config;

    internal override Module VectorPlace => this;

    private protected override PooledText Pool(in TextNetworkInput input, in Pass pass)
    {
        (ReadOnlyMemory<int> ids, SequenceRanges ranges) = (input.Ids, input.Ranges);
        Tensor vectors = embedding.Module.Forward(ids, ranges.Count, pass);
        if (pairs is not null)
            vectors += pairs.Forward(ids, ranges.Count, pass);
        vectors = pass.Probed(this, vectors);
        if (input.Known is not null)
            vectors = Evidence!.IntoVectors(vectors, input.Known, pass);
        vectors = vectorDropout.Forward(vectors, pass);
        PoolingResult pooled = hierarchy is null ? Pool(vectors, ids.Span, ranges, pass) : Read(hierarchy.Forward(vectors, input.Sentences, ranges, pass));
        return new PooledText(pooled.Context, pooled, pooling?.Module.IsFocused ?? hierarchy?.IsFocused ?? true);
    }

    private static PoolingResult Read(HierarchicalResult document) => new(document.Context, document.Weights, document.Penalty) { WordWeights = document.WordWeights, SentenceWeights = document.SentenceWeights };

    private PoolingResult Pool(Tensor vectors, ReadOnlySpan<int> ids, SequenceRanges ranges, Pass pass)
    {
        PoolingResult Read(Tensor x, SequenceRanges steps, bool isWhole) => pooling!.Module.Forward(Encode(x, steps, pass), steps, pass, isWhole);
        if (Config.PairForm == "joined")
            return Read(vectors, ranges, isWhole: true);
        (SequenceRanges first, SequenceRanges second) = TwoTowers.Split(ids, ranges, separatorId);
        ((Tensor x, SequenceRanges xRanges), (Tensor y, SequenceRanges yRanges), int time) = (TwoTowers.Own(vectors, first), TwoTowers.Own(vectors, second), vectors.Shape[1]);
        if (coAttention is null)
        {
            PoolingResult both = TwoTowers.Pool(Read(x, xRanges, isWhole: false), Read(y, yRanges, isWhole: false), first, second, time, pass);
            pooling!.Module.Answer(both.Weights, ranges, pass);
            return both;
        }
        (x, y) = (Encode(x, xRanges, pass), Encode(y, yRanges, pass));
        return TwoTowers.Pool(coAttention.Module.Forward(x, y, xRanges, yRanges, pass), first, second, time, pass);
    }

    private Tensor Encode(Tensor x, SequenceRanges ranges, in Pass pass)
    {
        Tensor states = directional?.Forward(x, ranges, pass) ?? encoder!.Module.Forward(x, ranges, pass).Output;
        return config.Shortcut ? Tensor.Concatenate(states, x) : states;
    }
}
