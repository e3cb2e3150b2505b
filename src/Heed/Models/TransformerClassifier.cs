namespace Heed;

/// <summary>A text classifier: a Transformer encoder, pooling, a linear layer.</summary>
/// <remarks>
/// <para>Formula: h = <see cref="Heed.Transformer"/>(ids); c = h of the first token (pooling <c>cls</c>) or Σ_t α_t·h_t by the chosen <see cref="SequencePooling"/>; with a pooler c ← tanh(P·c + p), or relu;
/// logits as <see cref="TextNetwork"/> has them.</para>
/// <para>Token weights are those of the pooling. <c>cls</c> has none of its own: there they are the last layer's attention from the first token, the mean over its heads, and 0 unless
/// <see cref="Capture.Weights"/> asks for them.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, states <c>(batch, time, size)</c>, context <c>(batch, context)</c>, logits <c>(batch, classes)</c>. Children: <c>transformer</c>, <c>pooling</c>, <c>pooler</c>,
/// <c>output</c>, <c>evidence</c>.</para>
/// <para>Source: Devlin et al., "BERT", 2019, section 3.2, for <c>cls</c> and its pooler.</para>
/// </remarks>
public sealed class TransformerClassifier : TextNetwork
{
    private readonly TransformerClassifierConfig config;
    private readonly Slot<SequencePooling>? pooling;
    private readonly Slot<Linear>? pooler;

    /// <summary>Creates the model.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="vocabularySize">Number of token ids.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="featureCount">Further features of a row; default 0.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense; says which part and why.</exception>
    public TransformerClassifier(TransformerClassifierConfig config, int vocabularySize, int classCount, int featureCount = 0)
        : base(config, classCount, featureCount)
    {
        this.config = config;
        int size = config.Encoder.Size;
        Transformer = Register("transformer", new Transformer(config.Encoder, vocabularySize));
        SequencePooling? pool = config.ReadsFirst ? null : config.PerLabel ? new ProjectionPooling(size, classCount)
            : SequencePooling.Create(config.Pooling, size, config.AttentionSize, config.Views, config.AverageViews, config.Penalty);
        if (pool is not null)
            pooling = RegisterSlot("pooling", pool);
        int context = pool?.ContextSize ?? size;
        if (config.HasPooler)
            pooler = RegisterSlot("pooler", new Linear(context, context, initializer: Initializer.Normal(0.02)));
        BuildOutput(config, config.PerLabel ? size : context, size);
    }

    /// <inheritdoc/>
    public override TransformerClassifierConfig Config => config;

    /// <summary>The encoder.</summary>
    public Transformer Transformer { get; }

    /// <inheritdoc/>
    public override Parameter TokenVectors => Transformer.TokenVectors;

    internal override Module VectorPlace => Transformer.InputVectors;

    internal Linear? Pooler => pooler?.Module;

    private protected override PooledText Pool(in TextNetworkInput input, in Pass pass)
    {
        Tensor? known = input.Known is null ? null : Evidence!.Vectors(input.Known, pass);
        PoolingResult result = config.ReadsFirst ? First(input, known, pass)
            : pooling!.Module.Forward(Transformer.Forward(input.Ids, input.Ranges, pass, input.Segments, known, captured: 0).States, input.Ranges, pass);
        Tensor context = pooler is null ? result.Context : pooler.Module.Forward(result.Context, pass);
        return new PooledText(pooler is null ? context : config.PoolerActivation == "relu" ? context.Relu() : context.Tanh(), result, pooling?.Module.IsFocused ?? false);
    }

    private PoolingResult First(in TextNetworkInput input, Tensor? known, in Pass pass)
    {
        int batch = input.Ranges.Count, time = input.Ids.Length / batch, before = config.AddsClassToken ? 1 : 0;
        (ReadOnlyMemory<int> ids, SequenceRanges ranges) = before == 0 ? (input.Ids, input.Ranges) : WithClassToken(input);
        ReadOnlyMemory<int> segments = before == 0 || input.Segments.IsEmpty ? input.Segments : Shifted(input.Segments.Span, time, 0);
        if (before > 0 && known is not null)
            known = Tensor.Concatenate(pass.Input(new float[batch * known.Shape[2]], new Shape(batch, known.Shape[2])), known.Reshape(new Shape(batch, time * known.Shape[2]))).Reshape(new Shape(batch, time + 1, known.Shape[2]));
        TransformerResult encoded = Transformer.Forward(ids, ranges, pass, segments, known, captured: 1);
        // The mean of one step is that step, and zero where a text has none.
        Tensor context = encoded.States.MeanOverTime(new SequenceRanges(ranges.Lengths.ToArray().Select(length => Math.Min(1, length)).ToArray(), ranges.Starts));
        float[] weights = new float[batch * time];
        if (encoded.Weights.Count > 0)
            Average(encoded.Weights[^1], ranges, before, weights, time);
        return new PoolingResult(context, pass.Input(weights, new Shape(batch, 1, time)));
    }

    private static (ReadOnlyMemory<int> Ids, SequenceRanges Ranges) WithClassToken(in TextNetworkInput input)
    {
        SequenceRanges ranges = input.Ranges;
        int time = input.Ids.Length / ranges.Count;
        // It stands directly before the text, which may begin behind padding.
        int[] ids = Shifted(input.Ids.Span, time, Vocabulary.Padding);
        for (int i = 0; i < ranges.Count; i++)
            ids[(i * (time + 1)) + ranges.Starts.Span[i]] = Vocabulary.Padding;
        return (ids, new SequenceRanges(ranges.Lengths.ToArray().Select(length => length + 1).ToArray(), ranges.Starts));
    }

    private static int[] Shifted(ReadOnlySpan<int> values, int time, int first)
    {
        int batch = values.Length / Math.Max(1, time);
        int[] shifted = new int[batch * (time + 1)];
        for (int i = 0; i < batch; i++)
        {
            shifted[i * (time + 1)] = first;
            values.Slice(i * time, time).CopyTo(shifted.AsSpan((i * (time + 1)) + 1));
        }
        return shifted;
    }

    // The mean over heads of what the first token attends to, (batch, heads, queries, keys) → (batch, time).
    private static void Average(Tensor attention, SequenceRanges ranges, int before, Span<float> weights, int time)
    {
        (int heads, int steps) = (attention.Shape[1], attention.Shape[3]);
        for (int i = 0; i < ranges.Count; i++)
        {
            int start = ranges.Starts.Span[i], length = ranges.Lengths.Span[i];
            for (int t = before; t < length; t++)
            {
                float sum = 0;
                for (int h = 0; h < heads; h++)
                    sum += attention.Values[((((i * heads) + h) * steps) + start) * steps + start + t];
                weights[(i * time) + start + t - before] = sum / heads;
            }
        }
    }
}
