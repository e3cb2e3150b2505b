namespace Heed;

/// <summary>A text as ids, with the place of each token in it.</summary>
/// <param name="Ids">Vocabulary ids, one a token; empty for an empty text.</param>
/// <param name="Tokens">Where each token stands; as many as <paramref name="Ids"/>.</param>
/// <param name="CutOff">How many tokens at the end were left out because the text is longer than the encoder's maximum.</param>
public sealed record EncodedText(int[] Ids, Token[] Tokens, int CutOff);
