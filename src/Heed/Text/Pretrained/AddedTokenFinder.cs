using System.Buffers;

namespace Heed;

/// <summary>Finds added tokens in a text: at the first place where one begins the longest one.</summary>
internal sealed class AddedTokenFinder
{
    private readonly TokenTrie trie = new();
    private readonly List<AddedToken> tokens = [];
    private readonly SearchValues<char> firsts;

    /// <summary>Takes the tokens and the forms under which they are looked for; of the same form the first counts.</summary>
    public AddedTokenFinder(IEnumerable<(string Form, AddedToken Token)> forms)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var first = new HashSet<char>();
        foreach ((string form, AddedToken token) in forms)
        {
            if (form.Length == 0 || !seen.Add(form))
                continue;
            trie.Add(form, tokens.Count);
            tokens.Add(token);
            first.Add(form[0]);
        }
        firsts = SearchValues.Create([.. first]);
    }

    public bool IsEmpty => tokens.Count == 0;

    /// <summary>The next token at or behind a place.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where to begin; white space before it is nobody's.</param>
    /// <param name="start">Where the token begins, with the white space that it takes.</param>
    /// <param name="end">Where it ends.</param>
    /// <returns>The token, or null.</returns>
    public AddedToken? Next(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (int at = from; at < text.Length; at++)
        {
            int ahead = text[at..].IndexOfAny(firsts);
            if (ahead < 0)
                break;
            at += ahead;
            int length = trie.Longest(text[at..], out int value);
            if (length == 0)
                continue;
            AddedToken token = tokens[value];
            (start, end) = (at, at + length);
            if (token.IsSingleWord && (IsWordBefore(text, start) || (end < text.Length && CodePointSet.Word.Contains(CodePoint.At(text, end, out _)))))
            {
                // What was found takes its place even if it does not count.
                at = end - 1;
                continue;
            }
            while (token.StripsLeft && start > from && char.IsWhiteSpace(text[start - 1]))
                start--;
            while (token.StripsRight && end < text.Length && char.IsWhiteSpace(text[end]))
                end++;
            return token;
        }
        start = end = text.Length;
        return null;
    }

    private static bool IsWordBefore(ReadOnlySpan<char> text, int at) => at > 0 && CodePointSet.Word.Contains(CodePoint.Before(text, at, out _));
}
