namespace Heed;

/// <summary>A text, or two, as tokens; all lists have as many entries as there are tokens.</summary>
/// <param name="Ids">Ids of the tokens, special ones included.</param>
/// <param name="Tokens">The tokens as the vocabulary writes them, for example <c>Ġhello</c> or <c>##ing</c>.</param>
/// <param name="Offsets">Where each token stands in the original text, in UTF-16 units; in the second text for its tokens. Empty for tokens that stand for
/// nothing in it. Tokens that are bytes of one character all have its place.</param>
/// <param name="TypeIds">The type of each token, as a model with types (segments) wants it: usually 0 for the first text and 1 for the second.</param>
/// <param name="TextIndexes">0 for tokens of the first text, 1 for tokens of the second, −1 for those that were put around them.</param>
/// <param name="SpecialTokens">Whether a token was put around the texts.</param>
/// <param name="CutOff">How many tokens of the texts were left out because of <see cref="PretrainedTokenizer.MaximumLength"/>.</param>
public sealed record TokenizedText(int[] Ids, string[] Tokens, Range[] Offsets, int[] TypeIds, int[] TextIndexes, bool[] SpecialTokens, int CutOff)
{
    /// <summary>How many tokens.</summary>
    public int Count => Ids.Length;
}
