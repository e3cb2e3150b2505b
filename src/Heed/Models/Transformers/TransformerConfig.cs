using Heed.Kernels;

namespace Heed;

/// <summary>The shape of a <see cref="Transformer"/>: tokens in, states out.</summary>
/// <remarks>The defaults are a small pre-norm encoder; <see cref="IsCausal"/> makes it a decoder.</remarks>
public sealed record TransformerConfig
{
    /// <summary>The positions that <see cref="Position"/> may name.</summary>
    public static IReadOnlyList<string> Positions { get; } = ["learned", "sinusoidal", .. MultiHeadConfig.Positions];

    /// <summary>Features of a state.</summary>
    /// <value>Default 256.</value>
    public int Size { get; init; } = 256;

    /// <summary>Layers.</summary>
    /// <value>Default 4.</value>
    public int LayerCount { get; init; } = 4;

    /// <summary>Query heads.</summary>
    /// <value>Default 4.</value>
    public int HeadCount { get; init; } = 4;

    /// <summary>Heads of keys and values in self-attention.</summary>
    /// <value>Default 0: as many as query heads.</value>
    public int KeyValueHeadCount { get; init; }

    /// <summary>Features of a head.</summary>
    /// <value>Default 0: <see cref="Size"/>/<see cref="HeadCount"/>.</value>
    public int HeadSize { get; init; }

    /// <summary>Features inside the position-wise network.</summary>
    /// <value>Default 0: 4·<see cref="Size"/>.</value>
    public int InnerSize { get; init; }

    /// <summary>The function of the position-wise network, one of <see cref="FeedForward.Activations"/>.</summary>
    /// <value>Default <c>gelu</c>.</value>
    public string Activation { get => field ?? "gelu"; init; } = "gelu";

    /// <summary>The normalisation, one of <see cref="Heed.Norm.Names"/>.</summary>
    /// <value>Default <c>layer</c>.</value>
    public string Norm { get => field ?? "layer"; init; } = "layer";

    /// <summary>ε of the normalisation.</summary>
    /// <value>Default 1e-5.</value>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Whether a sublayer normalises what it reads, and the last layer's states are normalised once more (pre-norm); else sums are normalised (post-norm, as published in 2017).</summary>
    /// <value>Default true.</value>
    public bool IsPreNorm { get; init; } = true;

    /// <summary>Whether dense layers add a bias.</summary>
    /// <value>Default true.</value>
    public bool HasBias { get; init; } = true;

    /// <summary>Whether the dense layers of attention add a bias.</summary>
    /// <value>Default null: as <see cref="HasBias"/>.</value>
    public bool? HasAttentionBias { get; init; }

    /// <summary>Where positions come in: <c>learned</c> or <c>sinusoidal</c> vectors are added to the tokens' vectors; the others are those of <see cref="MultiHeadConfig.Position"/>.</summary>
    /// <value>Default <c>learned</c>.</value>
    public string Position { get => field ?? "learned"; init; } = "learned";

    /// <summary>Most tokens of a sequence.</summary>
    /// <value>Default 512.</value>
    public int MaximumLength { get; init; } = 512;

    /// <summary>The learned vector of the first position (RoBERTa's checkpoints begin at 2).</summary>
    /// <value>Default 0.</value>
    public int FirstPosition { get; init; }

    /// <summary>Kinds of segments whose vectors are added to the tokens' (BERT has 2); 0 for none.</summary>
    /// <value>Default 0.</value>
    public int SegmentCount { get; init; }

    /// <summary>Whether the sum of vectors is normalised before the first layer (BERT).</summary>
    /// <value>Default false.</value>
    public bool NormalizesEmbedding { get; init; }

    /// <summary>Whether token vectors are multiplied by √size before positions are added (Vaswani et al. 2017).</summary>
    /// <value>Default false.</value>
    public bool ScalesEmbedding { get; init; }

    /// <summary>Whether a token sees no later ones.</summary>
    /// <value>Default false.</value>
    public bool IsCausal { get; init; }

    /// <summary>As <see cref="MultiHeadConfig.Window"/>.</summary>
    /// <value>Default 0: all.</value>
    public int Window { get; init; }

    /// <summary>As <see cref="MultiHeadConfig.SoftCap"/>.</summary>
    /// <value>Default 0: none.</value>
    public float SoftCap { get; init; }

    /// <summary>As <see cref="MultiHeadConfig.HasSinks"/>.</summary>
    /// <value>Default false.</value>
    public bool HasSinks { get; init; }

    /// <summary>As <see cref="MultiHeadConfig.NormalizesHeads"/>.</summary>
    /// <value>Default false.</value>
    public bool NormalizesHeads { get; init; }

    /// <summary>As <see cref="MultiHeadConfig.HasGate"/>.</summary>
    /// <value>Default false.</value>
    public bool HasGate { get; init; }

    /// <summary>As <see cref="MultiHeadConfig.RopeBase"/>.</summary>
    /// <value>Default 10,000.</value>
    public double RopeBase { get; init; } = 10_000;

    /// <summary>As <see cref="MultiHeadConfig.RopeFactor"/>.</summary>
    /// <value>Default 1.</value>
    public double RopeFactor { get; init; } = 1;

    /// <summary>As <see cref="MultiHeadConfig.Buckets"/>.</summary>
    /// <value>Default 0: 32.</value>
    public int Buckets { get; init; }

    /// <summary>As <see cref="MultiHeadConfig.MaximumDistance"/>.</summary>
    /// <value>Default 0: 128 for <c>t5</c>, 16 for <c>shaw</c>.</value>
    public int MaximumDistance { get; init; }

    /// <summary>Probability that a feature of a sublayer's result, or of the vectors at the start, is dropped in training.</summary>
    /// <value>Default 0.1.</value>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Probability that an attention weight is dropped in training.</summary>
    /// <value>Default 0.</value>
    public float AttentionDropout { get; init; }

    /// <summary>Probability that an inner feature of the position-wise network is dropped in training.</summary>
    /// <value>Default null: that of <see cref="Dropout"/>, as in torch's layers. 0 in checkpoints of the BERT family and of GPT-2, which drop nothing there.</value>
    public double? InnerDropout { get; init; }

    /// <summary>Probability that a feature of the vectors at the start is dropped in training.</summary>
    /// <value>Default null: that of <see cref="Dropout"/>.</value>
    public double? EmbeddingDropout { get; init; }

    /// <summary>Bytes that keys and values of one sequence take in a cache.</summary>
    /// <param name="tokens">Tokens of the sequence.</param>
    /// <param name="format">How numbers are stored.</param>
    public long CacheBytes(int tokens, KeyValueFormat format = KeyValueFormat.Float32) =>
        (long)LayerCount * SelfAttention.KeyHeads * (SelfAttention.KeyDim + SelfAttention.ValueDim) * tokens * (format == KeyValueFormat.BFloat16 ? 2 : 4);

    internal bool AddsPositions => Position is "learned" or "sinusoidal";

    internal int Inner => InnerSize == 0 ? 4 * Size : InnerSize;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or two do not go together; says which and why.</exception>
    public void Validate()
    {
        foreach ((string name, int value, int least) in new[]
            {
                (nameof(Size), Size, 1), (nameof(LayerCount), LayerCount, 1), (nameof(HeadCount), HeadCount, 1), (nameof(InnerSize), InnerSize, 0), (nameof(MaximumLength), MaximumLength, 1),
                (nameof(FirstPosition), FirstPosition, 0), (nameof(SegmentCount), SegmentCount, 0),
            })
        {
            if (value < least || value > 1 << 24)
                throw new ArgumentException(FormattableString.Invariant($"TransformerConfig: {name} must be in {least} … 16777216, got {value}."), name);
        }
        FeedForward.RequireActivation(nameof(TransformerConfig), Activation);
        if (!Heed.Norm.Names.Contains(Norm, StringComparer.Ordinal))
            throw new ArgumentException($"TransformerConfig: there is no Norm '{Norm}'; there are {string.Join(", ", Heed.Norm.Names)}.{NearestName.Hint(Norm, Heed.Norm.Names)}", nameof(Norm));
        if (!Positions.Contains(Position, StringComparer.Ordinal))
            throw new ArgumentException($"TransformerConfig: there is no Position '{Position}'; there are {string.Join(", ", Positions)}.{NearestName.Hint(Position, Positions)}", nameof(Position));
        foreach ((string name, double value) in new[]
            {
                (nameof(Dropout), Dropout), (nameof(AttentionDropout), AttentionDropout), (nameof(InnerDropout), InnerDropout ?? 0), (nameof(EmbeddingDropout), EmbeddingDropout ?? 0),
            })
        {
            if (value is not (>= 0 and < 1))
                throw new ArgumentException(FormattableString.Invariant($"TransformerConfig: {name} must be in [0, 1), got {value}."), name);
        }
        if (!(Epsilon > 0))
            throw new ArgumentException(FormattableString.Invariant($"TransformerConfig: Epsilon must be above 0, got {Epsilon}."), nameof(Epsilon));
        SelfAttention.Validate();
    }

    internal MultiHeadConfig SelfAttention => new()
    {
        Size = Size, HeadCount = HeadCount, KeyValueHeadCount = KeyValueHeadCount, HeadSize = HeadSize, HasBias = HasAttentionBias ?? HasBias, NormalizesHeads = NormalizesHeads, HasGate = HasGate, SoftCap = SoftCap,
        HasSinks = HasSinks, Dropout = AttentionDropout, IsCausal = IsCausal, Window = Window, Position = AddsPositions ? "none" : Position, RopeBase = RopeBase, RopeFactor = RopeFactor,
        Buckets = Buckets == 0 ? 32 : Buckets, MaximumDistance = MaximumDistance,
    };

    // Positions of one sequence mean nothing in another, so cross-attention has none; it sees the whole memory.
    internal MultiHeadConfig CrossAttention(int memorySize) => SelfAttention with { MemorySize = memorySize, IsCausal = false, Window = 0, Position = "none" };

    /// <summary>The weights of a network with a vocabulary, at the least: vectors and dense layers.</summary>
    internal double LeastWeights(int vocabulary) => (Size * ((double)vocabulary + LeastVectors)) + (LayerCount * LeastLayerWeights);

    /// <summary>Rows of the tables beside that of the tokens.</summary>
    internal double LeastVectors => SegmentCount + (Position == "learned" ? (double)FirstPosition + MaximumLength : 0);

    /// <summary>The weights of a layer without a memory, at the least.</summary>
    internal double LeastLayerWeights => (2.0 * Size * Inner) + SelfAttention.LeastWeights;
}
