namespace Heed;

/// <summary>The encoder–decoder of Vaswani et al. 2017: one <see cref="Transformer"/> reads the source, a causal one writes the target and attends to the source's states in each layer.</summary>
/// <remarks>
/// <para>Formula: M = encoder(x); P(y_t | y_1 … y_{t−1}, x) = softmax(W·decoder(y_0 … y_{t−1}; M)), y_0 the edge; W may be the table of the target's token vectors.</para>
/// <para>Alignment: α_tj is the mean over the heads of the last layer's cross-attention at step t. Other layers' weights come from <see cref="TransformerResult.MemoryWeights"/>.</para>
/// <para>Children: <c>encoder</c>, <c>decoder</c> (its <c>embedding.tokens</c> only where tables are not shared), <c>output</c> unless tied.</para>
/// <para>Decoding projects a source's states once a layer, for all its hypotheses, and keeps keys and values of the target's tokens; its logits have the bits of those of the whole target at once.</para>
/// </remarks>
public sealed class TransformerEncoderDecoder : SequenceToSequence
{
    private readonly Slot<Linear>? output;

    /// <summary>Builds the network.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="sourceCount">Ids of the source's vocabulary.</param>
    /// <param name="targetCount">Ids of the target's vocabulary.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense, or a shared table would have two sizes; says which and why.</exception>
    public TransformerEncoderDecoder(TransformerEncoderDecoderConfig config, int sourceCount, int targetCount)
        : base(sourceCount, targetCount)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        if (config.SharesEmbeddings && sourceCount != targetCount)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"TransformerEncoderDecoder: SharesEmbeddings needs one vocabulary, got {sourceCount} ids of the source and {targetCount} of the target; share the tokens, or leave SharesEmbeddings out."), nameof(config));
        }
        Config = config;
        Encoder = Register("encoder", new Transformer(config.Stack, sourceCount));
        Decoder = Register("decoder", new Transformer(config.Decoder, targetCount, config.Stack.Size, config.SharesEmbeddings ? Encoder.Tokens : null));
        if (!config.TieEmbeddings)
            output = RegisterSlot("output", new Linear(config.Stack.Size, targetCount, hasBias: false, Initializer.XavierUniform));
    }

    /// <inheritdoc/>
    public override TransformerEncoderDecoderConfig Config { get; }

    /// <summary>The stack that reads.</summary>
    public Transformer Encoder { get; }

    /// <summary>The stack that writes.</summary>
    public Transformer Decoder { get; }

    /// <inheritdoc/>
    public override Tensor Loss(PairBatch batch, in Pass pass, float labelSmoothing = 0)
    {
        ArgumentNullException.ThrowIfNull(batch);
        (Tensor logits, int[] targets) = Forward(batch, pass);
        return Tensor.CrossEntropy(logits, targets, null, labelSmoothing);
    }

    private protected override (Tensor Logits, Tensor LogProbabilities, int[] Targets) Foretell(PairBatch batch, in Pass pass)
    {
        (Tensor logits, int[] targets) = Forward(batch, pass);
        return (logits, logits.LogSoftmax().Pick(targets), targets);
    }

    internal override object SourceVectors => Encoder.InputVectors;

    internal override Module AlignmentPlace => Decoder.Layers[^1].CrossAttention!;

    internal override DecodingState Begin(ReadOnlyMemory<int> ids, SequenceRanges ranges, int width) => new TransformerDecodingState(this, ids, ranges, width);

    internal Tensor Logits(Tensor states, in Pass pass) => output?.Module.Forward(states, pass) ?? Tensor.Linear(states, pass.Use(Decoder.TokenVectors));

    // Logits of the real tokens alone, (tokens, targets): the layer over the vocabulary costs most.
    private (Tensor Logits, int[] Targets) Forward(PairBatch batch, in Pass pass)
    {
        SequenceRanges sources = new(batch.SourceLengths);
        Tensor memory = Encoder.Forward(batch.SourceIds, sources, pass).States;
        Tensor states = Decoder.Forward(batch.TargetInputs(timeFirst: false, TargetCount), new SequenceRanges(batch.TargetLengths), pass, memory: memory, memoryRanges: sources).States;
        (int[] rows, int[] targets) = batch.TargetTokens(timeFirst: false);
        return (Logits(Rows(states, rows), pass), targets);
    }
}
