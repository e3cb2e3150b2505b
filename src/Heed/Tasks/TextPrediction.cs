namespace Heed;

/// <summary>How much one token counted.</summary>
/// <param name="Range">Where the token stands in the original string, in UTF-16 units.</param>
/// <param name="Weight">Its weight; all weights of a text sum to 1.</param>
public readonly record struct TokenWeight(Range Range, float Weight);

/// <summary>The answer to one text.</summary>
/// <param name="Text">The text.</param>
/// <param name="Label">The most probable label.</param>
/// <param name="LabelIndex">Its position among the labels.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Probabilities">All labels with their probabilities, in the model's order.</param>
/// <param name="Weights">One for each token that was read, averaged over the views; empty for a text without tokens.</param>
/// <param name="CutOff">Tokens beyond the model's maximum length, which were not read.</param>
public sealed record TextPrediction(
    string Text, string Label, int LabelIndex, float Probability, IReadOnlyList<(string Label, float Probability)> Probabilities, IReadOnlyList<TokenWeight> Weights, int CutOff)
{
    /// <summary>The weights of each view (each learned query) alone; one list for most poolings.</summary>
    public IReadOnlyList<IReadOnlyList<TokenWeight>> Views { get; init; } = [];
}
