namespace Heed;

/// <content>What counted for a hidden token.</content>
public sealed partial class MaskedLanguageModel
{
    /// <summary>Makes a text with a hidden token ready to be asked what counted for the guess.</summary>
    /// <param name="text">The text, with the tokenizer's mask (as <c>[MASK]</c>) where a token is hidden.</param>
    /// <param name="target">The token, as it stands in a text or in the vocabulary; null: the most probable one, or the one that <paramref name="place"/> hides.</param>
    /// <param name="place">Which of several hidden tokens, from 1; in a text that hides none, which token is to be hidden. Null: the first hidden one.</param>
    /// <exception cref="ArgumentException">The target is no single token of the model.</exception>
    /// <exception cref="InputException">No token is hidden, there is no such place, or the text is longer than the model reads.</exception>
    public ExplainedInput Explaining(string text, string? target = null, int? place = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (place is { } number)
            ArgumentOutOfRangeException.ThrowIfLessThan(number, 1, nameof(place));
        return MaskedLanguageModelInput.Of(this, text, target, place);
    }

    /// <summary>Explains the guess of a hidden token, method by method.</summary>
    /// <param name="text">The text, with a mask.</param>
    /// <param name="options">Which methods, which token and place, and how; default: all methods, the most probable token of the first place.</param>
    /// <returns>One explanation a method, a score for each token of the text that is not hidden.</returns>
    /// <exception cref="ArgumentException">A name is wrong, or a method does not apply.</exception>
    /// <exception cref="InputException">No token is hidden, or the text is longer than the model reads.</exception>
    public IReadOnlyList<Explanation> Explain(string text, ExplanationOptions? options = null) => ExplanationMethod.Explain(Explaining(text, options?.Target, options?.Place), options);
}
