namespace Heed;

/// <summary>A text classifier: token vectors, a bidirectional recurrent encoder, attention pooling, a linear layer.</summary>
/// <remarks>
/// <para>Formula: h_t = [→h_t ; ←h_t] from a BLSTM over the token vectors (and, with
/// <see cref="BlstmConfig.PairBuckets"/>, the vectors of neighbouring pairs, added to them); c = Σ_t α_t·h_t by the chosen <see cref="SequencePooling"/>;
/// logits = W·[c ; f] + b, f further features of the row, if there are any. With <see cref="BlstmConfig.PerLabel"/> each label k has its own context:
/// logit_k = ⟨w_k, c_k⟩ + b_k + ⟨v_k, f⟩. Text pairs may be read by <see cref="CoAttention"/>, documents by a <see cref="HierarchicalEncoder"/>, and a
/// <see cref="DirectionalEncoder"/> may stand for the recurrent layers.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, token vectors <c>(batch, time, embedding)</c>, states <c>(batch, time, 2·hidden)</c>, context
/// <c>(batch, context)</c>, features <c>(batch, features)</c>, logits <c>(batch, classes)</c>. Dropout on the token vectors and on the context.</para>
/// </remarks>
public sealed class BlstmClassifier : Module
{
    private readonly Slot<Embedding> embedding;
    private readonly PairEmbedding? pairs;
    private readonly Slot<RecurrentLayer>? encoder;
    private readonly DirectionalEncoder? directional;
    private readonly HierarchicalEncoder? hierarchy;
    private readonly Slot<SequencePooling>? pooling;
    private readonly Slot<CoAttention>? coAttention;
    private readonly Slot<Linear>? output;
    private readonly LabelwiseLinear? labelOutput;
    private readonly Linear? featureOutput;
    private readonly Dropout dropout, vectorDropout;
    private readonly TokenEvidence? tokenEvidence;
    private readonly int classCount, separatorId;

    /// <summary>Creates the model.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="vocabularySize">Number of token ids; 0 is padding.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="featureCount">Further features of a row; default 0.</param>
    /// <param name="separatorId">The token between the two texts of a pair, for <see cref="BlstmConfig.PairForm"/> <c>towers</c>.</param>
    public BlstmClassifier(BlstmConfig config, int vocabularySize, int classCount, int featureCount = 0, int separatorId = Vocabulary.Unknown)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(featureCount);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        bool isPair = config.PairForm != "joined", isCoAttention = isPair && config.PairForm != "towers";
        if (isPair && (separatorId <= Vocabulary.Unknown || separatorId >= vocabularySize))
            throw new ArgumentException($"BlstmClassifier: PairForm {config.PairForm} needs a separator that the vocabulary knows; give rows with two texts, or take PairForm joined.", nameof(separatorId));
        (Config, this.classCount, FeatureCount, this.separatorId) = (config, classCount, featureCount, separatorId);
        int states = 2 * config.HiddenSize;
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
            coAttention = RegisterSlot("co_attention", CoAttention.Create(config.PairForm, states, config.AttentionSize));
        int context = pool?.ContextSize ?? hierarchy?.ContextSize ?? states;
        if (!config.PerLabel)
            output = RegisterSlot("output", new Linear(((isPair ? TwoTowers.Parts : 1) * context) + featureCount, classCount));
        else
            labelOutput = Register("output", new LabelwiseLinear(classCount, states));
        if (config.PerLabel && featureCount > 0)
            featureOutput = Register("features", new Linear(featureCount, classCount, hasBias: false));
        if (config.Evidence)
            tokenEvidence = Register("evidence", new TokenEvidence(classCount, config.EmbeddingSize, config.PerLabel));
        dropout = Register("dropout", new Dropout(config.Dropout));
        vectorDropout = Register("vector_dropout", new Dropout(config.Dropout, isShared: config.VariationalDropout));
    }

    /// <summary>Further features of a row.</summary>
    public int FeatureCount { get; }

    /// <summary>The table of token vectors.</summary>
    public Parameter TokenVectors => embedding.Module.Weight;

    /// <summary>The shape.</summary>
    public BlstmConfig Config { get; }

    /// <summary>Classifies a batch.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="ranges">The real tokens of each text.</param>
    /// <param name="pass">The call.</param>
    /// <param name="features">Further features <c>(batch · features)</c>, row-major; empty where the model has none.</param>
    /// <param name="evidence">With <see cref="BlstmConfig.Evidence"/> that of each token, <c>(batch · time · classes)</c>, row-major; else empty.</param>
    /// <param name="sentences">With <see cref="BlstmConfig.Structure"/> <c>hierarchical</c> the number of each token's sentence, <c>(batch · time)</c>, row-major; else not read.</param>
    /// <returns>Logits <c>(batch, classes)</c> and what the pooling returns.</returns>
    /// <exception cref="ShapeException">The number of features or of values of evidence is another.</exception>
    public (Tensor Logits, PoolingResult Pooling) Forward(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass, ReadOnlyMemory<float> features = default, ReadOnlyMemory<float> evidence = default,
        ReadOnlyMemory<int> sentences = default)
    {
        if (features.Length != ranges.Count * FeatureCount)
            throw new ShapeException(FormattableString.Invariant($"BlstmClassifier: {features.Length} features came; (batch, features) = ({ranges.Count}, {FeatureCount}) is required."));
        Tensor vectors = embedding.Module.Forward(ids, ranges.Count, pass);
        if (pairs is not null)
            vectors += pairs.Forward(ids, ranges.Count, pass);
        Tensor? known = tokenEvidence?.Read(evidence.Span, ranges, vectors.Shape[1], pass);
        if (known is not null)
            vectors = tokenEvidence!.IntoVectors(vectors, known, pass);
        vectors = vectorDropout.Forward(vectors, pass);
        PoolingResult pooled = hierarchy is null ? Pool(vectors, ids.Span, ranges, pass) : Read(hierarchy.Forward(vectors, sentences, ranges, pass));
        Tensor context = dropout.Forward(pooled.Context, pass);
        Tensor logits = Logits(context, features.Span, ranges.Count, pass);
        if (known is not null)
            logits = tokenEvidence!.IntoLogits(logits, known, (pooling?.Module.IsFocused ?? hierarchy?.IsFocused ?? true) ? pooled.Weights : null, ranges, pass);
        return (Return(logits, pass), pooled);
    }

    private static PoolingResult Read(HierarchicalResult document) => new(document.Context, document.Weights, document.Penalty) { WordWeights = document.WordWeights, SentenceWeights = document.SentenceWeights };

    private PoolingResult Pool(Tensor vectors, ReadOnlySpan<int> ids, SequenceRanges ranges, Pass pass)
    {
        PoolingResult Read(Tensor x, SequenceRanges steps) => pooling!.Module.Forward(Encode(x, steps, pass), steps, pass);
        if (Config.PairForm == "joined")
            return Read(vectors, ranges);
        (SequenceRanges first, SequenceRanges second) = TwoTowers.Split(ids, ranges, separatorId);
        ((Tensor x, SequenceRanges xRanges), (Tensor y, SequenceRanges yRanges), int time) = (TwoTowers.Own(vectors, first), TwoTowers.Own(vectors, second), vectors.Shape[1]);
        if (coAttention is null)
            return TwoTowers.Pool(Read(x, xRanges), Read(y, yRanges), first, second, time, pass);
        (x, y) = (Encode(x, xRanges, pass), Encode(y, yRanges, pass));
        return TwoTowers.Pool(coAttention.Module.Forward(x, y, xRanges, yRanges, pass), first, second, time, pass);
    }

    private Tensor Encode(Tensor x, SequenceRanges ranges, in Pass pass) => directional?.Forward(x, ranges, pass) ?? encoder!.Module.Forward(x, ranges, pass).Output;

    private Tensor Logits(Tensor context, ReadOnlySpan<float> features, int batch, in Pass pass)
    {
        Tensor? further = FeatureCount == 0 ? null : pass.Input(features, new Shape(batch, FeatureCount));
        if (output is not null)
            return output.Module.Forward(further is null ? context : Tensor.Concatenate(context, further), pass);
        Tensor logits = labelOutput!.Forward(context.Reshape(new Shape(batch, classCount, context.Shape[1] / classCount)), pass);
        return further is null ? logits : logits + featureOutput!.Forward(further, pass);
    }
}
