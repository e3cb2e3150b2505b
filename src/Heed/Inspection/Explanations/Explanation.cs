namespace Heed;

/// <summary>One number for each part of an input: how much that part counted for one answer of a model, as one method sees it.</summary>
/// <remarks>A method's numbers are a claim, not a fact: <see cref="FaithfulnessReport"/> holds them against what changes when parts are taken away.</remarks>
public sealed record Explanation
{
    /// <summary>The kind of model, as <c>text classifier</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The text, or the name of the picture.</summary>
    public required string Source { get; init; }

    /// <summary>What is explained, as <c>log odds of 'positive'</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Its value on the whole input.</summary>
    public required double Value { get; init; }

    /// <summary>The method, by its name in <see cref="ExplanationMethod.Names"/>, with its part: <c>attention:0.3</c>.</summary>
    public required string Method { get; init; }

    /// <summary>One for each unit: of a text its tokens, of a picture its cells, row by row.</summary>
    public required IReadOnlyList<float> Scores { get; init; }

    /// <summary>Where each token stands in <see cref="Source"/>, in UTF-16 units; empty for a picture.</summary>
    public IReadOnlyList<Range> Ranges { get; init; } = [];

    /// <summary>Rows of cells; 0 for a text.</summary>
    public int GridRows { get; init; }

    /// <summary>Columns of cells; 0 for a text.</summary>
    public int GridColumns { get; init; }

    /// <summary>Whether scores below 0 speak against the target; false where a method only says how much a unit counted.</summary>
    public bool IsSigned { get; init; }

    /// <summary>What the scores should have summed to minus what they sum to, for methods that promise a sum; NaN for others.</summary>
    public double CompletenessGap { get; init; } = double.NaN;

    /// <summary>What the numbers rest on: baseline, removal rule, what is left out.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The units by score, highest first; of equal ones the earlier first.</summary>
    public int[] Order() => [.. Enumerable.Range(0, Scores.Count).OrderByDescending(unit => Scores[unit])];
}
