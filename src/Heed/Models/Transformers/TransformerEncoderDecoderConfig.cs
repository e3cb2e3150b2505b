namespace Heed;

/// <summary>The shape of a <see cref="TransformerEncoderDecoder"/>.</summary>
/// <remarks>The defaults suit some ten thousand pairs; the paper's base model is <c>Stack = new() { Size = 512, LayerCount = 6, HeadCount = 8, InnerSize = 2048, IsPreNorm = false, Dropout = 0.1, … }</c>.</remarks>
public sealed record TransformerEncoderDecoderConfig : SequenceToSequenceConfig
{
    /// <summary>What the layers of both stacks are; <see cref="TransformerConfig.LayerCount"/> is the encoder's. The decoder is causal and attends to the encoder's states.</summary>
    /// <value>Default 3 layers, 4 heads, 256 wide, 1,024 inside, ReLU, pre-norm, sinusoidal positions, vectors scaled by √size, dropout 0.3.</value>
    public TransformerConfig Stack { get => field ?? DefaultStack; init; } = DefaultStack;

    /// <summary>Layers of the decoder.</summary>
    /// <value>Default 0: as many as the encoder has.</value>
    public int DecoderLayerCount { get; init; }

    /// <summary>Whether source and target have one vocabulary and one table of token vectors.</summary>
    /// <value>Default true.</value>
    public bool SharesEmbeddings { get; init; } = true;

    /// <summary>Whether the output layer is the table of the target's token vectors (Press and Wolf 2017).</summary>
    /// <value>Default true.</value>
    public bool TieEmbeddings { get; init; } = true;

    private static TransformerConfig DefaultStack { get; } = new()
    {
        LayerCount = 3, Activation = "relu", Position = "sinusoidal", ScalesEmbedding = true, MaximumLength = 1024, Dropout = 0.3,
    };

    internal override bool SharesTokens => SharesEmbeddings;

    internal override int LongestSequence => Stack.AddsPositions ? Stack.MaximumLength : int.MaxValue;

    internal TransformerConfig Decoder => Stack with { IsCausal = true, LayerCount = DecoderLayerCount == 0 ? Stack.LayerCount : DecoderLayerCount };

    internal override string Description => FormattableString.Invariant(
        $"Transformer of {Stack.LayerCount} and {Decoder.LayerCount} layers, {Stack.HeadCount} heads, {Stack.Size} wide, {Stack.Inner} inside, {Stack.Position} positions");

    /// <inheritdoc/>
    public override void Validate()
    {
        Stack.Validate();
        if (Stack.IsCausal)
            throw new ArgumentException("TransformerEncoderDecoderConfig: Stack.IsCausal would hide a source's later tokens from the encoder; leave it out, the decoder is causal anyhow.", nameof(Stack));
        if (Stack.SegmentCount > 0)
            throw new ArgumentException(FormattableString.Invariant($"TransformerEncoderDecoderConfig: sources and targets have no segments; Stack.SegmentCount must be 0, got {Stack.SegmentCount}."), nameof(Stack));
        if (DecoderLayerCount is < 0 or > 1 << 24)
            throw new ArgumentException(FormattableString.Invariant($"TransformerEncoderDecoderConfig: DecoderLayerCount must be in 0 … 16777216, got {DecoderLayerCount}."), nameof(DecoderLayerCount));
    }

    internal override double LeastWeights(int sourceCount, int targetCount)
    {
        double tables = (double)Stack.Size * (targetCount + (SharesEmbeddings ? 0 : sourceCount) + (TieEmbeddings ? 0 : targetCount));
        double layers = (Stack.LeastLayerWeights * (Stack.LayerCount + Decoder.LayerCount)) + (Stack.CrossAttention(Stack.Size).LeastWeights * Decoder.LayerCount);
        return tables + (2.0 * Stack.Size * Stack.LeastVectors) + layers;
    }

    internal override SequenceToSequence Create(int sourceCount, int targetCount) => new TransformerEncoderDecoder(this, sourceCount, targetCount);
}
