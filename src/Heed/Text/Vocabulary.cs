using System.Runtime.InteropServices;

namespace Heed;

/// <summary>The tokens that a model knows, numbered: 0 is padding, 1 stands for all unknown tokens, then by falling count.</summary>
/// <remarks>Immutable and thread-safe. Looking a token up hashes its characters and allocates nothing.</remarks>
public sealed class Vocabulary
{
    /// <summary>The id that fills a batch behind or before a text.</summary>
    public const int Padding = 0;

    /// <summary>The id of every token that is not in the vocabulary.</summary>
    public const int Unknown = 1;

    /// <summary>Longer tokens are always unknown, in UTF-16 units: junk such as encoded pictures may not fill memory.</summary>
    public const int MaximumTokenLength = 128;

    internal const string PaddingToken = "<pad>", UnknownToken = "<unk>";

    private readonly string[] tokens;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids;

    /// <summary>Creates a vocabulary from its tokens in the order of their ids.</summary>
    /// <param name="learned">The tokens from id 2 on, in the form that the tokenizer's <see cref="ITokenizer.Normalize"/> gives.</param>
    /// <exception cref="ArgumentException">A token is empty, longer than <see cref="MaximumTokenLength"/>, a special one or there twice.</exception>
    public Vocabulary(IEnumerable<string> learned)
    {
        ArgumentNullException.ThrowIfNull(learned);
        tokens = [PaddingToken, UnknownToken, .. learned];
        var map = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id] is not { Length: > 0 and <= MaximumTokenLength } token || !map.TryAdd(token, id))
            {
                throw new ArgumentException(FormattableString.Invariant($"Vocabulary: token {id} ('{Shown(tokens[id])}') is empty, longer than {MaximumTokenLength} or there twice; each token must be there once."), nameof(learned));
            }
        }
        ids = map.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many ids there are, the two special ones included.</summary>
    public int Count => tokens.Length;

    /// <summary>The token of an id.</summary>
    /// <param name="id">From 0 to <see cref="Count"/> − 1.</param>
    public string this[int id] => tokens[id];

    /// <summary>The tokens in the order of their ids, without the two special ones.</summary>
    public ReadOnlySpan<string> Learned => tokens.AsSpan(2);

    /// <summary>The id of a token in its vocabulary form, or <see cref="Unknown"/>.</summary>
    /// <param name="token">The form that the tokenizer's <see cref="ITokenizer.Normalize"/> gives.</param>
    public int Id(ReadOnlySpan<char> token) => token.Length <= MaximumTokenLength && ids.TryGetValue(token, out int id) ? id : Unknown;

    /// <summary>Counts the tokens of a corpus and keeps the most frequent ones.</summary>
    /// <param name="texts">The corpus; read once.</param>
    /// <param name="tokenizer">Cuts the texts and gives the form of a token.</param>
    /// <param name="options">Minimum count, cap and order; default if null.</param>
    /// <returns>The same vocabulary for the same texts in the same order, on every machine.</returns>
    public static Vocabulary Build(IEnumerable<string> texts, ITokenizer tokenizer, VocabularyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new VocabularyOptions();
        options.Validate();

        var seen = new List<(string Token, int Count)>();
        CountTokens(texts, tokenizer, seen);
        IEnumerable<(string Token, int Count)> kept = seen.Where(entry => entry.Count >= options.MinimumCount);
        // LINQ's order is stable, so equal counts stay in the order in which they were first seen.
        IOrderedEnumerable<(string Token, int Count)> ordered = kept.OrderByDescending(entry => entry.Count);
        if (options.Ties == VocabularyTies.Ordinal)
            ordered = ordered.ThenBy(entry => entry.Token, StringComparer.Ordinal);
        return new Vocabulary(ordered.Take(options.MaximumSize).Select(entry => entry.Token));
    }

    private static void CountTokens(IEnumerable<string> texts, ITokenizer tokenizer, List<(string Token, int Count)> seen)
    {
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        var lookup = positions.GetAlternateLookup<ReadOnlySpan<char>>();
        var cut = new List<Token>();
        Span<char> form = stackalloc char[MaximumTokenLength];
        foreach (string text in texts)
        {
            tokenizer.Tokenize(text, cut);
            foreach (Token token in cut)
            {
                if (token.Length > MaximumTokenLength)
                    continue;
                tokenizer.Normalize(token.In(text), form);
                ReadOnlySpan<char> key = form[..token.Length];
                if (key is PaddingToken or UnknownToken)
                    continue;
                if (lookup.TryGetValue(key, out int position))
                {
                    CollectionsMarshal.AsSpan(seen)[position].Count++;
                    continue;
                }
                lookup[key] = seen.Count;
                seen.Add((key.ToString(), 1));
            }
        }
    }

    private static string Shown(string? token) => token is null ? "null" : token.Length <= 40 ? token : token[..40] + "…";
}
