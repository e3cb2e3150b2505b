namespace Heed;

/// <summary>What one head of a Transformer's self-attention does, by <see cref="HeadStatistics"/>.</summary>
/// <param name="Layer">The layer's full name.</param>
/// <param name="Head">The head, from 0.</param>
/// <param name="Entropy">Mean entropy of a row in nats.</param>
/// <param name="MeanDistance">Mean distance in tokens.</param>
/// <param name="FirstTokenMass">Mean weight of the first token.</param>
/// <param name="PreviousTokenScore">Mean weight of the token before.</param>
/// <param name="InductionScore">Mean weight of what followed the same token the last time, on random tokens that repeat; NaN for encoders, which see the future.</param>
public sealed record HeadProfile(string Layer, int Head, double Entropy, double MeanDistance, double FirstTokenMass, double PreviousTokenScore, double InductionScore)
{
    private const int Repetitions = 4, LongestPeriod = 50;

    /// <summary>The mean weight that each key gets from all queries, from the first key on; empty where several sequences went through the pass.</summary>
    public IReadOnlyList<float> Received { get; init; } = [];

    /// <summary>Profiles of all heads of any model in a pass over whole sequences. Of cross-attention only entropy, the first token's weight and what is received mean something. Learned poolings are layers whose views are heads; they have no distance.</summary>
    /// <param name="model">The model that runs.</param>
    /// <param name="forward">The pass.</param>
    /// <typeparam name="T">What the pass gives.</typeparam>
    /// <returns>All heads, in the order in which layers ran. Means over the rows of all sequences; induction is NaN.</returns>
    /// <remarks>Taken from statistics of the fused kernel: memory is a few numbers for each query and key, whatever the length; cost is the pass, and about as much again for attention.</remarks>
    public static IReadOnlyList<HeadProfile> Of<T>(Module model, Func<Pass, T> forward)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(forward);
        HeadSummaryCapture capture = new(model, (1, 1));
        Step.EvaluateLayerwise(
            pass =>
            {
                forward(pass);
                return 0;
            },
            capture);
        return [.. capture.Results.Select(head => new HeadProfile(head.Layer, head.Head, head.Entropy, head.Distance, head.First, head.Back[0], double.NaN) { Received = head.Received })];
    }

    /// <summary>Profiles of an encoder's heads on a text.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="ids">The text's tokens.</param>
    /// <returns>All heads, layer by layer. Memory as of the general form.</returns>
    public static IReadOnlyList<HeadProfile> Of(Transformer encoder, ReadOnlyMemory<int> ids)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        return Measure(encoder, ids, (tokens, ranges, pass) => encoder.Forward(tokens, ranges, pass).States, period: 0, random: default);
    }

    /// <summary>Profiles of a language model's heads on a text; induction is measured on random tokens.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">The text's tokens.</param>
    /// <param name="seed">The seed of the random tokens.</param>
    /// <returns>All heads, layer by layer. Memory as of the general form.</returns>
    public static IReadOnlyList<HeadProfile> Of(TransformerLanguageModel model, ReadOnlyMemory<int> ids, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        int period = Math.Min(LongestPeriod, model.Transformer.Config.MaximumLength / 2);
        int[] random = period == 0 ? [] : [.. Enumerable.Range(0, Repetitions).SelectMany(i => HeadStatistics.RepeatedTokens(model.Transformer.VocabularySize, period, seed + (ulong)i))];
        return Measure(model, ids, (tokens, ranges, pass) => model.Transformer.Forward(tokens, ranges, pass).States, period, random);
    }

    private static IReadOnlyList<HeadProfile> Measure(Module model, ReadOnlyMemory<int> ids, Func<ReadOnlyMemory<int>, SequenceRanges, Pass, Tensor> run, int period, ReadOnlyMemory<int> random)
    {
        IReadOnlyList<HeadProfile> profiles = Of(model, pass => run(ids, SequenceRanges.Full(1, ids.Length), pass));
        if (period == 0)
            return profiles;
        HeadSummaryCapture repeated = new(model, (period - 1, period));
        Step.Evaluate(pass => run(random, SequenceRanges.Full(Repetitions, 2 * period), pass), request: repeated);
        return [.. profiles.Zip(repeated.Results, (profile, head) => profile with { InductionScore = head.Back[0] })];
    }
}
