namespace Heed;

/// <content>What counted for the next token.</content>
public sealed partial class LanguageModel
{
    /// <summary>Makes the beginning of a text ready to be asked what counted for the token that comes next.</summary>
    /// <param name="text">The beginning.</param>
    /// <param name="target">The token, as it stands in a text; null: the most probable one.</param>
    /// <exception cref="ArgumentException">The target is no single token of the model.</exception>
    /// <exception cref="InputException">The text is empty, or longer than the model reads.</exception>
    public ExplainedInput Explaining(string text, string? target = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return LanguageModelInput.Of(this, text, target);
    }

    /// <summary>Explains the token that comes next, method by method.</summary>
    /// <param name="text">The beginning.</param>
    /// <param name="options">Which methods, which token, and how; default: all methods, the most probable token.</param>
    /// <returns>One explanation a method, a score for each token of the text.</returns>
    /// <exception cref="ArgumentException">A name is wrong, or a method does not apply.</exception>
    /// <exception cref="InputException">The text is empty, or longer than the model reads.</exception>
    public IReadOnlyList<Explanation> Explain(string text, ExplanationOptions? options = null) => ExplanationMethod.Explain(Explaining(text, options?.Target), options);
}
