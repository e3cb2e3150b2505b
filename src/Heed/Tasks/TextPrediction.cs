namespace Heed;

/// <summary>How much one token counted.</summary>
/// <param name="Range">Where the token stands in the original string, in UTF-16 units.</param>
/// <param name="Weight">Its weight; all weights of a text sum to 1, with those of special tokens, which are not listed.</param>
public readonly record struct TokenWeight(Range Range, float Weight)
{
    /// <summary>The mean of several lists over the same tokens.</summary>
    internal static TokenWeight[] Mean(IReadOnlyList<IReadOnlyList<TokenWeight>> lists) =>
        [.. lists[0].Select((w, t) => w with { Weight = lists.Average(list => list[t].Weight) })];
}

/// <summary>How much one sentence counted, and each token within it.</summary>
/// <param name="Range">Where the sentence stands in the original string, from its first token to its last, in UTF-16 units.</param>
/// <param name="Weight">Its weight; all sentences of a text sum to 1.</param>
/// <param name="Words">The weight of each of its tokens within it; they sum to 1.</param>
public sealed record SentenceWeight(Range Range, float Weight, IReadOnlyList<TokenWeight> Words)
{
    internal static SentenceWeight[] Of(PoolingResult pooling, TextBatch batch, int row, Token[] tokens)
    {
        List<SentenceWeight> sentences = [];
        int time = batch.MaximumLength, most = pooling.SentenceWeights!.Shape[2];
        for (int first = 0, t = 0; t < tokens.Length; t++)
        {
            int place = (row * time) + batch.Starts[row] + t;
            if (t + 1 < tokens.Length && batch.Sentences[place + 1] == batch.Sentences[place])
                continue;
            TokenWeight[] words = new TokenWeight[t + 1 - first];
            for (int w = 0; w < words.Length; w++)
                words[w] = new TokenWeight(tokens[first + w].Range, pooling.WordWeights!.Values[place - t + first + w]);
            sentences.Add(new SentenceWeight(tokens[first].Range.Start..tokens[t].Range.End, pooling.SentenceWeights.Values[(row * most) + sentences.Count], words));
            first = t + 1;
        }
        return [.. sentences];
    }
}

/// <summary>How well the tokens of two texts go together, as a model with co-attention sees it.</summary>
/// <param name="First">Where the first text's tokens stand in the joined string.</param>
/// <param name="Second">Where the second's stand.</param>
/// <param name="Values">The affinity of each pair: rows are the first text's tokens.</param>
public sealed record TokenAffinity(IReadOnlyList<Range> First, IReadOnlyList<Range> Second, float[,] Values)
{
    internal static TokenAffinity? Of(Tensor affinity, int row, string text, Token[] tokens)
    {
        int separator = Array.FindIndex(tokens, token => text[token.Start] == TextPair.Separator);
        if (separator < 0)
            return null;
        (int first, int second) = (affinity.Shape[1], affinity.Shape[2]);
        float[,] values = new float[separator, tokens.Length - separator - 1];
        for (int i = 0; i < values.GetLength(0); i++)
        {
            for (int j = 0; j < values.GetLength(1); j++)
                values[i, j] = affinity.Values[(((row * first) + i) * second) + j];
        }
        return new TokenAffinity([.. tokens[..separator].Select(t => t.Range)], [.. tokens[(separator + 1)..].Select(t => t.Range)], values);
    }
}

/// <summary>One label of a model that gives sets of labels.</summary>
/// <param name="Label">The label.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Threshold">From which probability on it is chosen; tuned on the dev rows.</param>
/// <param name="IsChosen">Whether it is.</param>
/// <param name="Weights">What this label looked at, one weight a token; the whole text's weights where the network has no attention row for each label.</param>
public sealed record LabelEvidence(string Label, float Probability, float Threshold, bool IsChosen, IReadOnlyList<TokenWeight> Weights);

/// <summary>The answer to one text.</summary>
/// <param name="Text">The text.</param>
/// <param name="Label">The most probable label; for sets those that are chosen, as <c>a|b</c>, for a number its digits.</param>
/// <param name="LabelIndex">Its position among the labels; −1 for sets and numbers.</param>
/// <param name="Probability">Its probability; for a set that exactly this set is right, if labels are independent; NaN for a number.</param>
/// <param name="Probabilities">All labels with their probabilities, in the model's order; empty for a number.</param>
/// <param name="Weights">One for each token that was read, averaged over the views; empty for a text without tokens.</param>
/// <param name="CutOff">Tokens beyond the model's maximum length, which were not read.</param>
public sealed record TextPrediction(
    string Text, string Label, int LabelIndex, float Probability, IReadOnlyList<(string Label, float Probability)> Probabilities, IReadOnlyList<TokenWeight> Weights, int CutOff)
{
    /// <summary>The weights of each view (each learned query) alone; one list for most poolings.</summary>
    public IReadOnlyList<IReadOnlyList<TokenWeight>> Views { get; init; } = [];

    /// <summary>The sentences with their weights and those of their tokens, where the network reads sentence by sentence; empty otherwise.</summary>
    public IReadOnlyList<SentenceWeight> Sentences { get; init; } = [];

    /// <summary>Which token of one text goes with which of the other, for a pair and a network whose co-attention compares pairs; null otherwise.</summary>
    public TokenAffinity? Affinity { get; init; }

    /// <summary>The number; of an ordered class its expected rank from 0; NaN otherwise.</summary>
    public double Value { get; init; } = double.NaN;

    /// <summary>Each label with its own evidence, where answers are sets; empty otherwise.</summary>
    public IReadOnlyList<LabelEvidence> Evidence { get; init; } = [];
}
