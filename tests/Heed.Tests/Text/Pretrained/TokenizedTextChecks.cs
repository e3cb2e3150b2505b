using System.Text;

namespace Heed.Tests.Text;

/// <summary>What holds for the tokens of any text.</summary>
internal static class TokenizedTextChecks
{
    /// <summary>Places do not go back and stay inside of the text; all lists are equally long.</summary>
    public static void Places(string text, TokenizedText tokens, string context)
    {
        tokens.Tokens.Length.ShouldBe(tokens.Count);
        tokens.Offsets.Length.ShouldBe(tokens.Count);
        int start = 0, end = 0;
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens.SpecialTokens[i])
                continue;
            (int from, int to) = (tokens.Offsets[i].Start.Value, tokens.Offsets[i].End.Value);
            from.ShouldBeGreaterThanOrEqualTo(start, $"{context}: '{text}' token {i}");
            to.ShouldBeGreaterThanOrEqualTo(Math.Max(end, from), $"{context}: '{text}' token {i}");
            to.ShouldBeLessThanOrEqualTo(text.Length, $"{context}: '{text}' token {i}");
            (start, end) = (from, to);
        }
    }

    /// <summary>Every unit but white space belongs to a token.</summary>
    public static void Cover(string text, TokenizedText tokens)
    {
        int at = 0;
        foreach (Range place in tokens.Offsets)
        {
            if (place.Start.Value > at)
                text[at..place.Start.Value].ShouldAllBe(c => char.IsWhiteSpace(c), text);
            at = Math.Max(at, place.End.Value);
        }
        text[at..].ShouldAllBe(c => char.IsWhiteSpace(c), text);
    }

    /// <summary>What a stream gives out piece by piece is what decoding gives, and no piece ends inside of a pair.</summary>
    public static void Streams(PretrainedTokenizer tokenizer, int[] ids)
    {
        var stream = new TokenStream(tokenizer);
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            string piece = stream.Append(id);
            if (piece.Length > 0)
                char.IsHighSurrogate(piece[^1]).ShouldBeFalse();
            text.Append(piece);
        }
        text.Append(stream.Flush());
        text.ToString().ShouldBe(tokenizer.Decode(ids));
    }

    /// <summary>A text as it comes back: a lone surrogate as U+FFFD.</summary>
    public static string Readable(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
