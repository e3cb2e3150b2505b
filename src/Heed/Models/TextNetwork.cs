namespace Heed;

/// <summary>A network that classifies texts: token ids in, logits and the weight of each token out.</summary>
/// <remarks>
/// <para>Encoder and pooling are those of <see cref="BlstmClassifier"/> and <see cref="TransformerClassifier"/>; what comes behind them is the same: logits = W·[c ; f] + b from the context c and further features f
/// of the row, or with <see cref="TextNetworkConfig.PerLabel"/> logit_k = ⟨w_k, c_k⟩ + b_k + ⟨v_k, f⟩; then <see cref="TokenEvidence"/>.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, features <c>(batch, features)</c>, logits <c>(batch, classes)</c>.</para>
/// </remarks>
public abstract class TextNetwork : Module
{
    private readonly int classCount;
    private Slot<Linear>? output;
    private LabelwiseLinear? labelOutput;
    private Linear? featureOutput;
    private Dropout? dropout;

    private protected TextNetwork(TextNetworkConfig config, int classCount, int featureCount)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfNegative(featureCount);
        config.Validate();
        (this.classCount, FeatureCount) = (classCount, featureCount);
    }

    /// <summary>The shape.</summary>
    public abstract TextNetworkConfig Config { get; }

    /// <summary>Further features of a row.</summary>
    public int FeatureCount { get; }

    /// <summary>The table of token vectors.</summary>
    public abstract Parameter TokenVectors { get; }

    /// <summary>The path of evidence; null where the network has none.</summary>
    internal TokenEvidence? Evidence { get; private set; }

    /// <summary>The module that makes token vectors, as an <see cref="InputProbe"/> watches it.</summary>
    internal abstract Module VectorPlace { get; }

    /// <summary>Classifies a batch.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="ranges">The real tokens of each text.</param>
    /// <param name="pass">The call.</param>
    /// <param name="features">Further features <c>(batch · features)</c>, row-major; empty where the model has none.</param>
    /// <param name="evidence">With <see cref="TextNetworkConfig.Evidence"/> that of each token, <c>(batch · time · classes)</c>, row-major; else empty.</param>
    /// <param name="sentences">For <see cref="BlstmConfig.Structure"/> <c>hierarchical</c> the number of each token's sentence, <c>(batch · time)</c>, row-major; else not read.</param>
    /// <param name="segments">For encoders with <see cref="TransformerConfig.SegmentCount"/> the segment of each token, <c>(batch · time)</c>, row-major; empty: all 0.</param>
    /// <returns>Logits <c>(batch, classes)</c> and what the pooling returns.</returns>
    /// <exception cref="ShapeException">The number of features or of values of evidence is another.</exception>
    public (Tensor Logits, PoolingResult Pooling) Forward(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass, ReadOnlyMemory<float> features = default, ReadOnlyMemory<float> evidence = default,
        ReadOnlyMemory<int> sentences = default, ReadOnlyMemory<int> segments = default)
    {
        if (features.Length != ranges.Count * FeatureCount)
            throw new ShapeException(FormattableString.Invariant($"{GetType().Name}: {features.Length} features came; (batch, features) = ({ranges.Count}, {FeatureCount}) is required."));
        Tensor? known = Evidence?.Read(evidence.Span, ranges, ids.Length / Math.Max(1, ranges.Count), pass);
        if (known is not null)
            known = pass.Probed(Evidence!, known);
        PooledText pooled = Pool(new TextNetworkInput(ids, ranges, known, sentences, segments), pass);
        Tensor context = dropout!.Forward(pooled.Context, pass);
        Tensor logits = Logits(context, features.Span, ranges.Count, pass);
        if (known is not null)
            logits = Evidence!.IntoLogits(logits, known, pooled.IsFocused ? pooled.Result.Weights : null, ranges, pass);
        return (Return(logits, pass), pooled.Result);
    }

    /// <summary>Encodes and pools.</summary>
    private protected abstract PooledText Pool(in TextNetworkInput input, in Pass pass);

    /// <summary>Registers what stands behind the pooling; the last thing but one of a constructor.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="contextSize">Length of the context, or of one label's.</param>
    /// <param name="vectorSize">Length of a token's vector.</param>
    private protected void BuildOutput(TextNetworkConfig config, int contextSize, int vectorSize)
    {
        if (!config.PerLabel)
            output = RegisterSlot("output", new Linear(contextSize + FeatureCount, classCount));
        else
            labelOutput = Register("output", new LabelwiseLinear(classCount, contextSize));
        if (config.PerLabel && FeatureCount > 0)
            featureOutput = Register("features", new Linear(FeatureCount, classCount, hasBias: false));
        if (config.Evidence)
            Evidence = Register("evidence", new TokenEvidence(classCount, vectorSize, config.PerLabel));
        dropout = Register("dropout", new Dropout(config.Dropout));
    }

    private Tensor Logits(Tensor context, ReadOnlySpan<float> features, int batch, in Pass pass)
    {
        Tensor? further = FeatureCount == 0 ? null : pass.Input(features, new Shape(batch, FeatureCount));
        if (output is not null)
            return output.Module.Forward(further is null ? context : Tensor.Concatenate(context, further), pass);
        Tensor logits = labelOutput!.Forward(context.Reshape(new Shape(batch, classCount, context.Shape[1] / classCount)), pass);
        return further is null ? logits : logits + featureOutput!.Forward(further, pass);
    }
}

/// <summary>What the encoder of a <see cref="TextNetwork"/> reads.</summary>
internal readonly record struct TextNetworkInput(ReadOnlyMemory<int> Ids, SequenceRanges Ranges, Tensor? Known, ReadOnlyMemory<int> Sentences, ReadOnlyMemory<int> Segments);

/// <summary>What it returns: the context that the output reads, the pooling's result, and whether learned queries decided over its weights.</summary>
internal readonly record struct PooledText(Tensor Context, PoolingResult Result, bool IsFocused);
