using Heed.Kernels;

namespace Heed;

/// <summary>A stack of Transformer layers over token vectors: an encoder, or with <see cref="TransformerConfig.IsCausal"/> a decoder, with or without a memory to attend to.</summary>
/// <remarks>
/// <para>Formula: x⁰ = embedding(ids); x^l = layer_l(x^(l−1)); y = norm(x^L) where layers are pre-norm, else x^L.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, y <c>(batch, time, size)</c>. Children: <c>embedding</c>, <c>layer0</c>, <c>layer1</c>, …, <c>norm</c>.</para>
/// <para>Source: Vaswani et al. 2017.</para>
/// </remarks>
public sealed class Transformer : Module
{
    private readonly TransformerEmbedding embedding;
    private readonly TransformerLayer[] layers;
    private readonly Norm? norm;
    private readonly bool hasMemory;

    internal static Mechanism Entry => new("transformer", MechanismKind.Architecture)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-head",
        Formula = "x⁰ = embedding(ids) with positions; x′ = x + MHA(norm(x)), with a memory x′ + MHA(norm(x′), M); x^l = x′ + FFN(norm(x′)); y = norm(x^L)",
        Shapes = "ids (batch · time), memory (batch, keys, memory size); states (batch, time, size); weights of a layer (batch, heads, time, keys)",
        Cost = "2·tokens·layers·(4·size² + 2·size·inner + 2·time·size) flops forward; memory linear in time unless weights are captured",
        Source = "Vaswani et al., \"Attention is all you need\", 2017",
        Variant = "Pre-norm, or post-norm as published (IsPreNorm); an encoder, with IsCausal a decoder, with a memory one that reads a source. Windows, grouped heads, positions and position-wise networks by option.",
        Use = "Many sequences to learn from, or weights trained before; all steps of training run at once.",
        Avoid = "Few and short sequences: a BLSTM with attention pooling learns from less.",
        Example = new(() =>
        {
            Transformer encoder = new(new TransformerConfig { Size = 4, LayerCount = 1, HeadCount = 2 }, vocabularySize: 6);
            encoder.Initialize(seed: 1);
            int[] ids = [1, 4, 2];
            return Step.Evaluate(pass => encoder.Forward(ids, SequenceRanges.Full(batch: 1, time: 3), pass).States);
        }),
        Types = [typeof(Transformer), typeof(TransformerLayer), typeof(TransformerEncoderDecoder), typeof(TransformerLanguageModel), typeof(TransformerMaskedLanguageModel)],
        Pages = ["../transformers"],
    };

    /// <summary>Builds the stack.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="vocabularySize">Number of ids.</param>
    /// <param name="memorySize">Features of the memory that layers attend to; default 0: none.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense; says which part and why.</exception>
    public Transformer(TransformerConfig config, int vocabularySize, int memorySize = 0)
        : this(config, vocabularySize, memorySize, null)
    {
    }

    /// <summary>The same over a table of token vectors that belongs to another module.</summary>
    internal Transformer(TransformerConfig config, int vocabularySize, int memorySize, Embedding? tokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(memorySize);
        config.Validate();
        (Config, VocabularySize, hasMemory) = (config, vocabularySize, memorySize > 0);
        embedding = Register("embedding", new TransformerEmbedding(config, vocabularySize, tokens));
        layers = [.. Enumerable.Range(0, config.LayerCount).Select(i => Register(FormattableString.Invariant($"layer{i}"), new TransformerLayer(config, memorySize)))];
        if (config.IsPreNorm)
            norm = Register("norm", Norm.Create(config.Norm, config.Size, config.Epsilon));
    }

    /// <summary>The shape.</summary>
    public TransformerConfig Config { get; }

    /// <summary>Number of ids.</summary>
    public int VocabularySize { get; }

    /// <summary>The table of token vectors.</summary>
    public Parameter TokenVectors => embedding.TokenVectors;

    internal override bool SeparatesSteps => true;

    internal Embedding Tokens => embedding.Tokens;

    /// <summary>The module that makes token vectors, as an <see cref="InputProbe"/> watches it.</summary>
    internal Module InputVectors => embedding;

    /// <summary>The layers, first one first.</summary>
    public IReadOnlyList<TransformerLayer> Layers => layers;

    /// <summary>Runs whole sequences.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major; padding may be any id.</param>
    /// <param name="ranges">The real tokens of each sequence.</param>
    /// <param name="pass">The call.</param>
    /// <param name="segments">Segment of each token; empty: all 0.</param>
    /// <param name="memory">What cross-attention attends to <c>(batch, keys, memory size)</c>, if there is any.</param>
    /// <param name="memoryRanges">Its real steps; null: all.</param>
    /// <returns>States <c>(batch, time, size)</c>, and weights of each layer if asked. States of padding mean nothing.</returns>
    /// <exception cref="ShapeException">The number of ids is no multiple of the sequences'.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token is unknown, or a sequence too long.</exception>
    public TransformerResult Forward(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass, ReadOnlyMemory<int> segments = default, Tensor? memory = null, SequenceRanges? memoryRanges = null) =>
        Run(ids, ranges, pass, segments, null, layers.Length, memory, memoryRanges);

    /// <summary>Runs whole sequences of an encoder.</summary>
    /// <param name="ids">As above.</param>
    /// <param name="ranges">As above.</param>
    /// <param name="pass">The call.</param>
    /// <param name="segments">As above.</param>
    /// <param name="added">Vectors to add to those of the tokens, <c>(batch, time, size)</c>; null for none.</param>
    /// <param name="captured">How many of the last layers hand out weights if the call asks for them: others then need no memory for them.</param>
    internal TransformerResult Forward(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass, ReadOnlyMemory<int> segments, Tensor? added, int captured) =>
        Run(ids, ranges, pass, segments, added, captured, null, null);

    private TransformerResult Run(
        ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass, ReadOnlyMemory<int> segments, Tensor? added, int captured, Tensor? memory, SequenceRanges? memoryRanges)
    {
        int batch = ranges.Count, time = batch == 0 ? 0 : ids.Length / batch;
        int[] places = new int[ids.Length];
        for (int i = 0; i < places.Length; i++)
            places[i] = Math.Clamp((i % time) - ranges.Starts.Span[i / time], 0, Math.Max(0, ranges.Lengths.Span[i / time] - 1));
        Tensor x = embedding.Forward(ids, batch, places, segments, pass, added);
        SequenceRanges? real = ranges.HasPadding(time) ? ranges : default(SequenceRanges?);
        Tensor?[] weights = new Tensor?[layers.Length], memoryWeights = new Tensor?[layers.Length];
        Pass silent = pass.Without(Capture.Weights);
        for (int l = 0; l < layers.Length; l++)
        {
            Pass at = l < layers.Length - captured ? silent : pass;
            (x, weights[l], memoryWeights[l]) = pass.Recomputes ? Again(layers[l], x, real, at, memory, memoryRanges) : layers[l].Forward(x, real, at, memory, memoryRanges);
        }
        return new TransformerResult(End(x, pass))
        {
            Weights = [.. weights.OfType<Tensor>()],
            MemoryWeights = [.. memoryWeights.OfType<Tensor>()],
        };
    }

    /// <summary>Runs new tokens behind those in a cache. The same states, bit for bit, as of the whole sequence at once; no gradient flows.</summary>
    /// <param name="ids">The new tokens <c>(batch · tokens)</c>, row-major; padding stands on the left.</param>
    /// <param name="cache">From <see cref="NewCache"/>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>States <c>(batch, tokens, size)</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A token is unknown, or a sequence too long.</exception>
    public Tensor Forward(ReadOnlyMemory<int> ids, TransformerCache cache, in Pass pass) => Next(ids, cache, pass).States;

    /// <summary>The same with the last layer's weights over the memory <c>(sources, heads, sequences of a source · tokens, keys)</c>, if they are asked for and there is one.</summary>
    internal (Tensor States, Tensor? MemoryWeights) Next(ReadOnlyMemory<int> ids, TransformerCache cache, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(cache);
        int tokens = ids.Length / cache.Batch;
        int[] places = new int[ids.Length];
        for (int i = 0; i < places.Length; i++)
            places[i] = Math.Max(0, cache.Length + (i % tokens) - (cache.StartArray.Length == 0 ? 0 : cache.StartArray[i / tokens]));
        Tensor x = embedding.Forward(ids, cache.Batch, places, default, pass);
        Tensor? weights = null;
        for (int l = 0; l < layers.Length; l++)
        {
            // Weights cost a second look at the keys.
            Pass each = l == layers.Length - 1 ? pass : pass.Without(Capture.Weights);
            (x, weights) = layers[l].Forward(x, cache.Own[l], cache.Starts, cache.Memory.Length == 0 ? null : cache.Memory[l], each);
        }
        return (End(x, pass), weights);
    }

    /// <summary>An empty cache.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="capacity">Most tokens of a sequence, padding among them.</param>
    /// <param name="pass">The call.</param>
    /// <param name="starts">The first real token of each sequence; empty: 0.</param>
    /// <param name="format">How keys and values are stored.</param>
    /// <param name="memory">What cross-attention attends to, if there is any; projected once, here. Where it has fewer sequences than <paramref name="batch"/>, as many of the batch, side by side,
    /// attend to each: the hypotheses of beam search.</param>
    /// <param name="memoryRanges">Its real steps; null: all.</param>
    /// <exception cref="ArgumentException">The layers want a memory and there is none, or its sequences do not divide the batch.</exception>
    public TransformerCache NewCache(
        int batch, int capacity, in Pass pass, int[]? starts = null, KeyValueFormat format = KeyValueFormat.Float32, Tensor? memory = null, SequenceRanges? memoryRanges = null)
    {
        if (hasMemory && memory is null)
            throw new ArgumentNullException(nameof(memory), "Transformer.NewCache: the layers attend to a memory; give it.");
        if (memory is not null && batch % Math.Max(1, memory.Shape[0]) != 0)
            throw new ArgumentException(FormattableString.Invariant($"Transformer.NewCache: {memory.Shape[0]} sequences of the memory do not divide the {batch} of the batch."), nameof(memory));
        KeyValueCache[] own = new KeyValueCache[layers.Length];
        MultiHeadMemory[] other = new MultiHeadMemory[memory is null ? 0 : layers.Length];
        for (int l = 0; l < layers.Length; l++)
        {
            own[l] = layers[l].Attention.NewCache(batch, capacity, format);
            if (memory is not null)
                other[l] = layers[l].CrossAttention!.Prepare(memory, memoryRanges, pass).Keep();
        }
        return new TransformerCache(own, other, starts ?? []);
    }

    // What the layer computes between is dropped, and computed again in the backward pass.
    private static TransformerLayerResult Again(TransformerLayer layer, Tensor x, SequenceRanges? ranges, in Pass pass, Tensor? memory, SequenceRanges? memoryRanges) => new(
        Tensor.Recompute(
            (inputs, inner) => layer.Forward(inputs[0], ranges, inner, inputs.Count > 1 ? inputs[1] : null, memoryRanges).States,
            memory is null ? [x] : [x, memory], layer.NamedParameters().Select(p => p.Parameter), pass), null, null);

    private Tensor End(Tensor x, in Pass pass) => Return(norm is null ? x : norm.Forward(x, pass), pass);
}

/// <summary>What a <see cref="Transformer"/> returns.</summary>
/// <param name="States"><c>(batch, time, size)</c>.</param>
public sealed record TransformerResult(Tensor States)
{
    /// <summary>Self-attention of each layer <c>(batch, heads, queries, keys)</c>; empty unless asked (<see cref="Capture.Weights"/>).</summary>
    public IReadOnlyList<Tensor> Weights { get; init; } = [];

    /// <summary>Cross-attention of each layer; empty unless asked and there is one.</summary>
    public IReadOnlyList<Tensor> MemoryWeights { get; init; } = [];
}
