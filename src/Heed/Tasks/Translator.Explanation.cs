namespace Heed;

/// <content>What counted for a token of a translation.</content>
public sealed partial class Translator
{
    /// <summary>Translates a text, and makes each token of the translation ready to be asked what counted for it in the source, given the tokens before it.</summary>
    /// <param name="text">The source.</param>
    /// <param name="target">Only this token of the translation; null: all of them.</param>
    /// <exception cref="ArgumentException">The translation has no such token; says which it has.</exception>
    /// <exception cref="InputException">The source has no token.</exception>
    public IReadOnlyList<ExplainedInput> Explaining(string text, string? target = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        TranslatorInput[] all = TranslatorInput.Of(this, text);
        if (target is null)
            return all;
        TranslatorInput[] named = [.. all.Where(input => input.Label == target)];
        return named.Length > 0 ? named : throw new ArgumentException($"the translation has no token '{NearestName.Shown(target)}'; it is {string.Join(' ', all.Select(input => input.Label))}", nameof(target));
    }
}
