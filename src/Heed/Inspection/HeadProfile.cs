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

    /// <summary>Profiles of an encoder's heads on a text.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="ids">The text's tokens.</param>
    /// <returns>All heads, layer by layer. One layer's weights are in memory at a time.</returns>
    public static IReadOnlyList<HeadProfile> Of(Transformer encoder, ReadOnlyMemory<int> ids)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        return Measure(encoder, ids, (tokens, ranges, pass) => encoder.Forward(tokens, ranges, pass).States, period: 0, random: default);
    }

    /// <summary>Profiles of a language model's heads on a text; induction is measured on random tokens.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">The text's tokens.</param>
    /// <param name="seed">The seed of the random tokens.</param>
    /// <returns>All heads, layer by layer. One layer's weights are in memory at a time.</returns>
    public static IReadOnlyList<HeadProfile> Of(TransformerLanguageModel model, ReadOnlyMemory<int> ids, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        int period = Math.Min(LongestPeriod, model.Transformer.Config.MaximumLength / 2);
        int[] random = period == 0 ? [] : [.. Enumerable.Range(0, Repetitions).SelectMany(i => HeadStatistics.RepeatedTokens(model.Transformer.VocabularySize, period, seed + (ulong)i))];
        return Measure(model, ids, (tokens, ranges, pass) => model.Transformer.Forward(tokens, ranges, pass).States, period, random);
    }

    private static List<HeadProfile> Measure(Module model, ReadOnlyMemory<int> ids, Func<ReadOnlyMemory<int>, SequenceRanges, Pass, Tensor> run, int period, ReadOnlyMemory<int> random)
    {
        Dictionary<int, double[]> induction = [];
        if (period > 0)
        {
            AttentionCapture repeated = new(model) { Receiver = layer => induction[layer.Layer] = HeadStatistics.InductionScore(layer, period) };
            Step.Evaluate(pass => run(random, SequenceRanges.Full(Repetitions, 2 * period), pass), request: repeated);
        }
        List<HeadProfile> profiles = [];
        AttentionCapture capture = new(model)
        {
            Receiver = layer =>
            {
                double[] entropy = HeadStatistics.Entropy(layer), distance = HeadStatistics.MeanDistance(layer), first = HeadStatistics.FirstTokenMass(layer), previous = HeadStatistics.PreviousTokenScore(layer);
                for (int i = 0; i < layer.Heads.Count; i++)
                    profiles.Add(new(layer.Name, layer.Heads[i], entropy[i], distance[i], first[i], previous[i], induction.TryGetValue(layer.Layer, out double[]? scores) ? scores[i] : double.NaN));
            },
        };
        Step.Evaluate(pass => run(ids, SequenceRanges.Full(1, ids.Length), pass), request: capture);
        return profiles;
    }
}
