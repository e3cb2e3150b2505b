namespace Heed;

/// <summary>How much one token counted.</summary>
/// <param name="Range">Where the token stands in the original string, in UTF-16 units.</param>
/// <param name="Weight">Its weight; all weights of a text sum to 1.</param>
public readonly record struct TokenWeight(Range Range, float Weight)
{
    /// <summary>The mean of several lists over the same tokens.</summary>
    internal static TokenWeight[] Mean(IReadOnlyList<IReadOnlyList<TokenWeight>> lists) =>
        [.. lists[0].Select((w, t) => w with { Weight = lists.Average(list => list[t].Weight) })];
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

    /// <summary>The number; of an ordered class its expected rank from 0; NaN otherwise.</summary>
    public double Value { get; init; } = double.NaN;

    /// <summary>Each label with its own evidence, where answers are sets; empty otherwise.</summary>
    public IReadOnlyList<LabelEvidence> Evidence { get; init; } = [];
}
