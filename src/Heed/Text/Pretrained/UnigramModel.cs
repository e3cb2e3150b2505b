using System.Buffers;

namespace Heed;

/// <summary>A unigram language model over tokens: a piece is cut so that the sum of its tokens' scores (log-probabilities) is largest.</summary>
/// <remarks>
/// <para><c>best(j) = max over tokens t that end at j of best(j − |t|) + score(t)</c>, from left to right (Viterbi); of equal sums the one with the longer last
/// token wins. A code point that is no token counts as unknown with a score of 10 below the least; unknown ones that touch are one
/// token, or its bytes where the vocabulary has them.</para>
/// <para>Cost: linear in the piece times the longest token. Source: Kudo, "Subword regularization", 2018, section 3.2.</para>
/// </remarks>
internal sealed class UnigramModel : SubwordModel
{
    private const double UnknownPenalty = 10;
    private const int SmallPiece = 128;

    private readonly TokenTrie trie = new();
    private readonly (string Token, double LogProbability)[] tokens;
    private readonly ByteTokens? bytes;
    private readonly int? unknown;
    private readonly double unknownScore;

    /// <summary>Creates the model.</summary>
    /// <param name="tokens">Tokens in the order of their ids.</param>
    /// <param name="unknown">The id of the unknown token; null if there is none, then what is unknown is dropped.</param>
    /// <param name="bytes">Tokens of bytes, if unknown code points fall back to them.</param>
    public UnigramModel((string Token, double LogProbability)[] tokens, int? unknown, ByteTokens? bytes)
    {
        (this.tokens, this.unknown, this.bytes) = (tokens, unknown, bytes);
        for (int id = 0; id < tokens.Length; id++)
        {
            // The unknown token and bytes are written, never read.
            if (id != unknown && tokens[id].Token.Length > 0 && (bytes is null || ByteTokens.ByteOf(tokens[id].Token) < 0))
                trie.Add(tokens[id].Token, id);
        }
        unknownScore = (tokens.Length == 0 ? 0 : tokens.Min(token => token.LogProbability)) - UnknownPenalty;
    }

    public override int? UnknownId => unknown;

    public override void Tokenize(ReadOnlySpan<char> piece, List<SubToken> output)
    {
        int size = piece.Length + 1;
        if (size <= SmallPiece)
        {
            Search(piece, stackalloc double[SmallPiece], stackalloc int[SmallPiece], stackalloc int[SmallPiece], output);
            return;
        }
        double[] best = ArrayPool<double>.Shared.Rent(size);
        int[] from = ArrayPool<int>.Shared.Rent(size), ids = ArrayPool<int>.Shared.Rent(size);
        Search(piece, best, from, ids, output);
        ArrayPool<double>.Shared.Return(best);
        ArrayPool<int>.Shared.Return(from);
        ArrayPool<int>.Shared.Return(ids);
    }

    private void Search(ReadOnlySpan<char> piece, Span<double> best, Span<int> from, Span<int> ids, List<SubToken> output)
    {
        best[..(piece.Length + 1)].Fill(double.NegativeInfinity);
        best[0] = 0;
        for (int i = 0; i < piece.Length;)
        {
            CodePoint.At(piece, i, out int single);
            bool hasSingle = false;
            int node = TokenTrie.Root;
            for (int j = i; j < piece.Length && (node = trie.Next(node, piece[j])) != TokenTrie.None; j++)
            {
                int id = trie.ValueOf(node);
                if (id == TokenTrie.None)
                    continue;
                hasSingle |= j + 1 - i == single;
                Offer(best, from, ids, i, j + 1, best[i] + tokens[id].LogProbability, id);
            }
            if (!hasSingle)
                Offer(best, from, ids, i, i + single, best[i] + unknownScore, -1);
            i += single;
        }
        Walk(piece, from, ids, output);
    }

    private static void Offer(Span<double> best, Span<int> from, Span<int> ids, int start, int end, double score, int id)
    {
        if (score > best[end])
            (best[end], from[end], ids[end]) = (score, start, id);
    }

    // The way back: each end is made to point on to the next one, then tokens are written in order.
    private void Walk(ReadOnlySpan<char> piece, Span<int> from, Span<int> ids, List<SubToken> output)
    {
        int end = piece.Length, next = end;
        while (end > 0)
        {
            int start = from[end];
            from[end] = next;
            (next, end) = (end, start);
        }
        for (int start = 0, at = next; start < piece.Length; start = at, at = from[at])
        {
            if (ids[at] >= 0)
            {
                output.Add(new SubToken(ids[at], start, at));
                continue;
            }
            int last = at;
            while (last < piece.Length && ids[from[last]] < 0)
                last = from[last];
            AddUnknown(piece, start, last, output);
            at = last;
        }
    }

    private void AddUnknown(ReadOnlySpan<char> piece, int start, int end, List<SubToken> output)
    {
        int first = output.Count;
        for (int i = start; bytes is not null && i < end;)
        {
            int codePoint = CodePoint.At(piece, i, out int length);
            if (!bytes.TryAdd(codePoint, i, i + length, output))
            {
                output.RemoveRange(first, output.Count - first);
                break;
            }
            i += length;
        }
        if (output.Count == first && unknown is int id)
            output.Add(new SubToken(id, start, end));
    }
}
