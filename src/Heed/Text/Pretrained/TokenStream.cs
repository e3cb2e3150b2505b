using System.Runtime.InteropServices;

namespace Heed;

/// <summary>Text of tokens that come one at a time, as from a model that writes: only whole characters are given out.</summary>
/// <remarks>All that is given out, with <see cref="Flush"/> at the end, is what <see cref="PretrainedTokenizer.Decode"/> makes of all tokens. A character whose
/// bytes are in several tokens comes with the last of them. Cost of a token: decoding the last 16 or so. Not thread-safe; one a text.</remarks>
public sealed class TokenStream
{
    // Kept tokens give those behind them their surroundings: a space before, the first bytes of a character.
    private const int Longest = 24, Kept = 8;
    // At most so many signs for wrong bytes may still become a character.
    private const int MostPending = 3;

    private readonly PretrainedTokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly List<int> window = [];
    private int given;

    /// <summary>Starts a text.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    public TokenStream(PretrainedTokenizer tokenizer, bool skipSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        (this.tokenizer, this.skipSpecialTokens) = (tokenizer, skipSpecialTokens);
    }

    /// <summary>Takes the next token.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The text that is certain now; often empty in scripts whose characters take several tokens.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Append(int id)
    {
        if (tokenizer.TokenOf(id).Length == 0 || (skipSpecialTokens && tokenizer.IsSpecial(id)))
            return "";
        window.Add(id);
        string text = Text();
        int certain = text.Length;
        while (certain > 0 && text.Length - certain < MostPending && text[certain - 1] == CodePoint.Replacement)
            certain--;
        string next = Give(text, certain);
        if (window.Count > Longest && certain == text.Length)
        {
            window.RemoveRange(0, window.Count - Kept);
            given = Text().Length;
        }
        return next;
    }

    /// <summary>Says that no token follows.</summary>
    /// <returns>What is left: U+FFFD for bytes that make no character.</returns>
    public string Flush()
    {
        string text = Text(), rest = Give(text, text.Length);
        window.Clear();
        given = 0;
        return rest;
    }

    private string Text() => tokenizer.Decode(CollectionsMarshal.AsSpan(window), skipSpecialTokens);

    private string Give(string text, int end)
    {
        if (end <= given)
            return "";
        string next = text[given..end];
        given = end;
        return next;
    }
}
