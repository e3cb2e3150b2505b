namespace Heed;

/// <summary>Tokens and their ids, both unique.</summary>
internal sealed class TokenIds
{
    // No walk over a text may take longer than its length times this.
    private const int MaximumLength = 1024;
    // Ids may have gaps, but a small file may not ask for a large table.
    private const int MostGaps = 1 << 16;

    private readonly Dictionary<int, string> tokens = [];

    /// <summary>The id of each token.</summary>
    public Dictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

    public int Count => Ids.Count;

    /// <summary>Adds a token.</summary>
    /// <exception cref="FormatException">The token or the id is there already, or is none.</exception>
    public void Add(string? token, int id)
    {
        if (token is null || token.Length > MaximumLength)
            throw new FormatException(FormattableString.Invariant($"token {id} is null or longer than {MaximumLength}"));
        if (id < 0)
            throw new FormatException(FormattableString.Invariant($"the token '{Shown(token)}' has the id {id}"));
        if (!Ids.TryAdd(token, id))
            throw new FormatException($"the token '{Shown(token)}' is there twice");
        if (!tokens.TryAdd(id, token))
            throw new FormatException(FormattableString.Invariant($"the tokens '{Shown(tokens[id])}' and '{Shown(token)}' both have the id {id}"));
    }

    /// <summary>The tokens by id; null where an id has none.</summary>
    /// <exception cref="FormatException">An id is far beyond the number of tokens, or there is no token.</exception>
    public string?[] ToArray()
    {
        if (Count == 0)
            throw new FormatException("it has no tokens");
        int last = tokens.Keys.Max();
        if (last >= 4L * Count + MostGaps)
            throw new FormatException(FormattableString.Invariant($"the token '{Shown(tokens[last])}' has the id {last}, but there are {Count} tokens"));
        var array = new string?[last + 1];
        foreach ((int id, string token) in tokens)
            array[id] = token;
        return array;
    }

    /// <summary>A token as messages show it.</summary>
    public static string Shown(string token) => token.Length > 40 ? token[..40] + "…" : token;
}
