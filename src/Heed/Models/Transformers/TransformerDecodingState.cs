namespace Heed;

/// <summary>The state of a <see cref="TransformerEncoderDecoder"/> between tokens: a cache of the targets so far, and the sources' states, projected once.</summary>
internal sealed class TransformerDecodingState : DecodingState
{
    // Most answers are shorter; where one is not, the cache grows.
    private const int FirstCapacity = 32;

    private readonly TransformerEncoderDecoder network;
    private readonly int width;
    private TransformerCache cache;

    public TransformerDecodingState(TransformerEncoderDecoder network, ReadOnlyMemory<int> ids, SequenceRanges ranges, int width)
    {
        (this.network, this.width) = (network, width);
        cache = Step.Evaluate(pass => network.Decoder.NewCache(
            ranges.Count * width, FirstCapacity, pass, memory: network.Encoder.Forward(ids, ranges, pass).States, memoryRanges: ranges));
    }

    public override DecodingStep Next(ReadOnlyMemory<int> ids, in Pass pass)
    {
        if (cache.Length == cache.Capacity)
            cache = cache.Select([.. Enumerable.Range(0, cache.Batch)], 2 * cache.Capacity);
        (Tensor states, Tensor? weights) = network.Decoder.Next(ids, cache, pass);
        return new DecodingStep(network.Logits(states.Reshape(new Shape(ids.Length, states.Shape[2])), pass), null, MeanOfHeads(weights!, pass));
    }

    public override void Move(int[] sources, int[] rows)
    {
        if (sources.Length * width < cache.Batch)
            cache = cache.Select(rows, cache.Capacity);
        else
            cache.Reorder(rows);
    }

    // (sources, heads, hypotheses, keys) to (sources, 1, hypotheses, keys).
    private static Tensor MeanOfHeads(Tensor weights, in Pass pass)
    {
        (int sources, int heads, int each) = (weights.Shape[0], weights.Shape[1], weights.Shape[2] * weights.Shape[3]);
        float[] mean = new float[sources * each];
        for (int i = 0; i < sources * heads; i++)
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(weights.Values.Slice(i * each, each), 1f / heads, mean.AsSpan(i / heads * each, each), mean.AsSpan(i / heads * each, each));
        return pass.Input(mean, new Shape(sources, 1, weights.Shape[2], weights.Shape[3]));
    }
}
