using System.Globalization;

namespace Heed;

/// <summary>One token a character as readers see it: a grapheme cluster, white space included.</summary>
/// <remarks>Clusters follow Unicode Standard Annex 29 by .NET's own tables, so they are the same with and without ICU. The form for the
/// vocabulary is lower case by a fixed table. Cost: linear; nothing is allocated but the growth of the list. Thread-safe.</remarks>
/// <param name="lowerCase">Whether tokens are looked up in lower case.</param>
public sealed class CharacterTokenizer(bool lowerCase = true) : ITokenizer
{
    /// <inheritdoc/>
    public string Name => "character";

    /// <inheritdoc/>
    public bool LowerCase { get; } = lowerCase;

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> text, List<Token> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        tokens.Clear();
        for (int i = 0; i < text.Length;)
        {
            // Two ASCII characters never join, but for a line end.
            bool alone = text[i] < 0x80 && text[i] != '\r' && (i + 1 == text.Length || text[i + 1] < 0x80);
            int length = alone ? 1 : StringInfo.GetNextTextElementLength(text[i..]);
            tokens.Add(new Token(i, length));
            i += length;
        }
    }

    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> token, Span<char> destination)
    {
        if (LowerCase)
            Heed.LowerCase.Into(token, destination);
        else
            token.CopyTo(destination);
    }
}
