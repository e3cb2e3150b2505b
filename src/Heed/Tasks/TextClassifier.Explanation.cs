namespace Heed;

/// <content>What counted in a text.</content>
public sealed partial class TextClassifier
{
    /// <summary>Makes a text ready to be asked what counted in it.</summary>
    /// <param name="row">Text and further fields; these stay as they are.</param>
    /// <param name="label">Whose answer is explained; null: the one that the model answers.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    public ExplainedInput Explaining(TextRow row, string? label = null)
    {
        ArgumentNullException.ThrowIfNull(row.Text);
        return new TextClassifierInput(this, row, label);
    }

    /// <summary>Explains the answer to one text, method by method.</summary>
    /// <param name="text">The text, with at least one token.</param>
    /// <param name="options">Which methods, which label, and how; default: all methods, the label that the model answers.</param>
    /// <returns>One explanation a method, a score for each token.</returns>
    /// <exception cref="ArgumentException">There is no such method, label, layer, head, rule or baseline, or a method does not apply.</exception>
    /// <exception cref="InputException">The text has no token.</exception>
    public IReadOnlyList<Explanation> Explain(string text, ExplanationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return ExplanationMethod.Explain(Explaining(new TextRow(text, null, 0), options?.Target), options);
    }
}
