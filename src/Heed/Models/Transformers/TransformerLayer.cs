using Heed.Kernels;

namespace Heed;

/// <summary>A Transformer layer: self-attention, in decoders that read a memory cross-attention, then a position-wise network, each with a residual connection.</summary>
/// <remarks>
/// <para>Formula, pre-norm: x ← x + attention(norm₁(x)); x ← x + cross(norm₂(x), memory); x ← x + network(norm₃(x)). Post-norm: x ← norm₁(x + attention(x)), and so on.</para>
/// <para>Shapes: x and y <c>(batch, sequence, size)</c>, memory <c>(batch, keys, memory size)</c>. Children: <c>attention</c>, <c>attention_norm</c>, <c>cross_attention</c>, <c>cross_attention_norm</c>,
/// <c>feed_forward</c>, <c>feed_forward_norm</c>.</para>
/// <para>Source: Vaswani et al. 2017; pre-norm: Xiong et al. 2020.</para>
/// </remarks>
public sealed class TransformerLayer : Module
{
    private readonly Slot<MultiHeadAttention> attention;
    private readonly Slot<MultiHeadAttention>? cross;
    private readonly Slot<FeedForward> network;
    private readonly Norm attentionNorm, networkNorm;
    private readonly Norm? crossNorm;
    private readonly Dropout dropout;
    private readonly bool isPreNorm;

    /// <summary>Builds the layer.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="memorySize">Features of the memory that it attends to; 0 for none.</param>
    public TransformerLayer(TransformerConfig config, int memorySize = 0)
    {
        ArgumentNullException.ThrowIfNull(config);
        isPreNorm = config.IsPreNorm;
        attention = RegisterSlot("attention", new MultiHeadAttention(config.SelfAttention));
        attentionNorm = Register("attention_norm", Norm.Create(config.Norm, config.Size, config.Epsilon));
        if (memorySize > 0)
        {
            cross = RegisterSlot("cross_attention", new MultiHeadAttention(config.CrossAttention(memorySize)));
            crossNorm = Register("cross_attention_norm", Norm.Create(config.Norm, config.Size, config.Epsilon));
        }
        network = RegisterSlot("feed_forward", new FeedForward(config.Size, config.Inner, config.Activation, config.HasBias, config.InnerDropout ?? config.Dropout));
        networkNorm = Register("feed_forward_norm", Norm.Create(config.Norm, config.Size, config.Epsilon));
        dropout = Register("dropout", new Dropout(config.Dropout));
    }

    /// <summary>Self-attention.</summary>
    public MultiHeadAttention Attention => attention.Module;

    /// <summary>Cross-attention, if there is any.</summary>
    public MultiHeadAttention? CrossAttention => cross?.Module;

    /// <summary>Runs the layer over whole sequences.</summary>
    /// <param name="x">Shape <c>(batch, sequence, size)</c>.</param>
    /// <param name="ranges">The real steps; null: all.</param>
    /// <param name="pass">The call.</param>
    /// <param name="memory">What cross-attention attends to.</param>
    /// <param name="memoryRanges">Its real steps; null: all.</param>
    /// <returns>States <c>(batch, sequence, size)</c>, and weights of both attentions if asked.</returns>
    public TransformerLayerResult Forward(Tensor x, SequenceRanges? ranges, in Pass pass, Tensor? memory = null, SequenceRanges? memoryRanges = null)
    {
        AttentionResult own = attention.Module.Forward(Read(x, attentionNorm, pass), ranges, pass), other = default;
        x = Add(x, own.Context, attentionNorm, pass);
        if (cross is not null)
        {
            other = cross.Module.Forward(Read(x, crossNorm!, pass), ranges, memory ?? throw new ArgumentNullException(nameof(memory)), memoryRanges, pass);
            x = Add(x, other.Context, crossNorm!, pass);
        }
        return new TransformerLayerResult(Think(x, pass), own.Weights, other.Weights);
    }

    /// <summary>Runs the layer over new tokens, with what was computed before in a cache; gives weights over the memory, too, if asked.</summary>
    internal (Tensor States, Tensor? MemoryWeights) Forward(Tensor x, KeyValueCache own, ReadOnlyMemory<int> starts, MultiHeadMemory? memory, in Pass pass)
    {
        x = Add(x, attention.Module.Forward(Read(x, attentionNorm, pass), own, starts, pass), attentionNorm, pass);
        Tensor? weights = null;
        if (cross is not null)
        {
            // Sequences that attend to one source are its queries, side by side.
            Tensor queries = Read(x, crossNorm!, pass);
            AttentionResult other = cross.Module.Forward(queries.Reshape(new Shape(memory!.Batch, x.Shape[0] * x.Shape[1] / memory.Batch, x.Shape[2])), null, memory, pass);
            (x, weights) = (Add(x, other.Context.Reshape(x.Shape), crossNorm!, pass), other.Weights);
        }
        return (Think(x, pass), weights);
    }

    private Tensor Think(Tensor x, in Pass pass) => Return(Add(x, network.Module.Forward(Read(x, networkNorm, pass), pass), networkNorm, pass), pass);

    private Tensor Read(Tensor x, Norm norm, in Pass pass) => isPreNorm ? norm.Forward(x, pass) : x;

    private Tensor Add(Tensor x, Tensor result, Norm norm, in Pass pass)
    {
        Tensor sum = x + dropout.Forward(result, pass);
        return isPreNorm ? sum : norm.Forward(sum, pass);
    }
}

/// <summary>What a <see cref="TransformerLayer"/> returns.</summary>
/// <param name="States"><c>(batch, sequence, size)</c>.</param>
/// <param name="Weights">Of self-attention <c>(batch, heads, queries, keys)</c>; null unless asked (<see cref="Capture.Weights"/>).</param>
/// <param name="MemoryWeights">Of cross-attention; null unless asked and there is one.</param>
public readonly record struct TransformerLayerResult(Tensor States, Tensor? Weights, Tensor? MemoryWeights);
