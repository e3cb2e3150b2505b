using System.Text;

namespace Heed;

/// <summary>A text with some tokens taken away, as the network and the simple model beside it read it.</summary>
/// <param name="Text">What the simple model reads.</param>
/// <param name="Encoded">What the network reads; its tokens stand in <paramref name="Text"/>.</param>
internal sealed record ReducedText(string Text, EncodedText Encoded)
{
    // No vocabulary holds it, so it is an unknown token to the simple model, and parts its n-grams.
    private const char Unknown = '\uFFFC';

    /// <summary>Takes tokens away.</summary>
    /// <param name="text">The text.</param>
    /// <param name="encoded">Its tokens.</param>
    /// <param name="isRemoved">For each token whether it goes.</param>
    /// <param name="replacement">The id in its place; null: the token is deleted.</param>
    public static ReducedText Of(string text, EncodedText encoded, Func<int, bool> isRemoved, int? replacement)
    {
        StringBuilder kept = new(text.Length);
        List<int> ids = [], segments = [];
        List<Token> tokens = [];
        int read = 0;
        for (int t = 0; t < encoded.Ids.Length; t++)
        {
            Token token = encoded.Tokens[t];
            bool goes = isRemoved(t);
            if (token.Length > 0 && token.Start >= read)
            {
                kept.Append(text, read, token.Start - read);
                read = token.End;
                if (!goes || replacement is not null)
                    tokens.Add(new Token(kept.Length, goes ? 1 : token.Length));
                if (goes && replacement is not null)
                    kept.Append(Unknown);
                else if (!goes)
                    kept.Append(text, token.Start, token.Length);
            }
            else if (!goes || replacement is not null)
            {
                // Special tokens, and further tokens of the same characters.
                tokens.Add(token.Length == 0 ? token : new Token(Math.Max(0, kept.Length - 1), Math.Min(1, kept.Length)));
            }
            if (goes && replacement is null)
                continue;
            ids.Add(goes ? replacement!.Value : encoded.Ids[t]);
            if (encoded.Segments.Length > 0)
                segments.Add(encoded.Segments[t]);
        }
        kept.Append(text, read, text.Length - read);
        return new ReducedText(kept.ToString(), new EncodedText([.. ids], [.. tokens], encoded.CutOff) { Segments = [.. segments] });
    }
}
