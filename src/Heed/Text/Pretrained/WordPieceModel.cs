namespace Heed;

/// <summary>WordPiece: from the left always the longest token, where tokens inside of a word have a prefix (<c>##</c>).</summary>
/// <remarks>A word that cannot be cut to its end, or is longer than a limit in code points, is one unknown token. Cost: linear in the word times its longest
/// token. Source: Schuster, Nakajima, "Japanese and Korean voice search", 2012; Devlin et al., "BERT", 2019.</remarks>
internal sealed class WordPieceModel : SubwordModel
{
    private readonly TokenTrie heads = new(), tails = new();
    private readonly int unknown, maximumLength;

    /// <summary>Creates the model.</summary>
    /// <param name="vocabulary">Ids of the tokens.</param>
    /// <param name="prefix">What stands before tokens inside of a word.</param>
    /// <param name="unknown">The id of the unknown token.</param>
    /// <param name="maximumLength">The longest word in code points.</param>
    public WordPieceModel(IReadOnlyDictionary<string, int> vocabulary, string prefix, int unknown, int maximumLength)
    {
        (this.unknown, this.maximumLength) = (unknown, maximumLength);
        foreach ((string token, int id) in vocabulary)
        {
            heads.Add(token, id);
            if (token.Length > prefix.Length && token.StartsWith(prefix, StringComparison.Ordinal))
                tails.Add(token.AsSpan(prefix.Length), id);
        }
    }

    public override int? UnknownId => unknown;

    public override void Tokenize(ReadOnlySpan<char> piece, List<SubToken> output)
    {
        int first = output.Count, at = 0;
        if (piece.Length <= maximumLength || Count(piece) <= maximumLength)
        {
            while (at < piece.Length)
            {
                int length = (at == 0 ? heads : tails).Longest(piece[at..], out int id);
                if (length == 0)
                    break;
                output.Add(new SubToken(id, at, at + length));
                at += length;
            }
        }
        if (at == piece.Length)
            return;
        output.RemoveRange(first, output.Count - first);
        output.Add(new SubToken(unknown, 0, piece.Length));
    }

    private static int Count(ReadOnlySpan<char> piece)
    {
        int count = 0;
        for (int i = 0; i < piece.Length; count++)
        {
            CodePoint.At(piece, i, out int length);
            i += length;
        }
        return count;
    }
}
