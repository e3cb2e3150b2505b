namespace Heed;

/// <summary>A text as ids, with the place of each token in it.</summary>
/// <param name="Ids">Vocabulary ids, one a token; of an empty text none, or those of special tokens.</param>
/// <param name="Tokens">Where each token stands, as many as <paramref name="Ids"/>; of length 0 for special tokens.</param>
/// <param name="CutOff">How many tokens at the end were left out because the text is longer than the encoder's maximum.</param>
public sealed record EncodedText(int[] Ids, Token[] Tokens, int CutOff)
{
    /// <summary>The segment of each token, for networks that tell a pair's texts apart; empty: all 0.</summary>
    public int[] Segments { get; init; } = [];
}
