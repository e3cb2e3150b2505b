namespace Heed;

/// <summary>A text classifier: token vectors, a bidirectional recurrent encoder, attention pooling, a linear layer.</summary>
/// <remarks>
/// <para>Formula: h_t = [→h_t ; ←h_t] from a BLSTM over the token vectors; c = Σ_t α_t·h_t by the chosen <see cref="SequencePooling"/>;
/// logits = W·c + b.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, token vectors <c>(batch, time, embedding)</c>, states <c>(batch, time, 2·hidden)</c>, context
/// <c>(batch, context)</c>, logits <c>(batch, classes)</c>. Dropout on the token vectors and on the context.</para>
/// </remarks>
public sealed class BlstmClassifier : Module
{
    private readonly Slot<Embedding> embedding;
    private readonly Slot<RecurrentLayer> encoder;
    private readonly Slot<SequencePooling> pooling;
    private readonly Slot<Linear> output;
    private readonly Dropout dropout;

    /// <summary>Creates the model.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="vocabularySize">Number of token ids; 0 is padding.</param>
    /// <param name="classCount">Number of classes.</param>
    public BlstmClassifier(BlstmConfig config, int vocabularySize, int classCount)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        Config = config;
        int states = 2 * config.HiddenSize;
        SequencePooling pool = SequencePooling.Create(config.Pooling, states, config.AttentionSize, config.Views, config.AverageViews, config.Penalty);
        embedding = RegisterSlot("embedding", new Embedding(vocabularySize, config.EmbeddingSize, paddingId: 0, Initializer.Uniform(0.1)));
        encoder = RegisterSlot<RecurrentLayer>("encoder", config.Cell == "gru"
            ? new Gru(config.EmbeddingSize, config.HiddenSize, config.LayerCount, isBidirectional: true, config.Dropout)
            : new Lstm(config.EmbeddingSize, config.HiddenSize, config.LayerCount, isBidirectional: true, config.Dropout));
        pooling = RegisterSlot("pooling", pool);
        output = RegisterSlot("output", new Linear(pool.ContextSize, classCount));
        dropout = Register("dropout", new Dropout(config.Dropout));
    }

    /// <summary>The shape.</summary>
    public BlstmConfig Config { get; }

    /// <summary>Classifies a batch.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="ranges">The real tokens of each text.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Logits <c>(batch, classes)</c> and what the pooling returns.</returns>
    public (Tensor Logits, PoolingResult Pooling) Forward(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass)
    {
        Tensor vectors = dropout.Forward(embedding.Module.Forward(ids, ranges.Count, pass), pass);
        Tensor states = encoder.Module.Forward(vectors, ranges, pass).Output;
        PoolingResult pooled = pooling.Module.Forward(states, ranges, pass);
        Tensor logits = output.Module.Forward(dropout.Forward(pooled.Context, pass), pass);
        return (Return(logits, pass), pooled);
    }
}
