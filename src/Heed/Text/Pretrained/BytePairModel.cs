using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Heed;

/// <summary>Byte-pair encoding by a list of merges: of all neighbours that can be joined those of the least rank are, the left ones first, until none is left.</summary>
/// <remarks>
/// <para>A piece starts as its code points (or, behind a byte-level pre-tokenizer, as its bytes). What the vocabulary does not know becomes its bytes, if there
/// are tokens for them, or the unknown token; without either it is dropped.</para>
/// <para>Cost: short pieces quadratic, long ones n·log n. Source: Sennrich, Haddow, Birch, "Neural machine translation of rare words with subword units", 2016.</para>
/// </remarks>
internal sealed class BytePairModel : SubwordModel
{
    private const int SmallPiece = 64;

    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids;
    private readonly MergeTable table;
    private readonly BytePairOptions options;
    private readonly ByteTokens? bytes;
    private readonly bool hasAffixes;

    /// <summary>Creates the model.</summary>
    /// <param name="vocabulary">Ids of the tokens.</param>
    /// <param name="merges">Pairs of tokens, the first to be joined first.</param>
    /// <param name="options">How words begin and end, and what becomes of what is unknown.</param>
    /// <exception cref="FormatException">A merge names a token that is not there.</exception>
    public BytePairModel(Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges, BytePairOptions options)
    {
        this.options = options;
        ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        bytes = options.HasByteFallback ? new ByteTokens(vocabulary) : null;
        hasAffixes = options.Prefix.Length + options.Suffix.Length > 0;
        table = new MergeTable(merges.Count);
        HasMerges = merges.Count > 0;
        for (int rank = 0; rank < merges.Count; rank++)
        {
            (string left, string right) = merges[rank];
            string joined = left + (right.StartsWith(options.Prefix, StringComparison.Ordinal) ? right[options.Prefix.Length..] : right);
            table.AddPair(IdOf(left, rank), IdOf(right, rank), rank, IdOf(joined, rank));
        }
        foreach ((string token, int id) in vocabulary)
        {
            if (Rune.DecodeFromUtf16(token, out Rune rune, out int used) == OperationStatus.Done && used == token.Length)
                table.AddCodePoint(rune, id);
        }

        int IdOf(string token, int rank) => vocabulary.TryGetValue(token, out int id) ? id
            : throw new FormatException(FormattableString.Invariant($"merge {rank} needs the token '{(token.Length > 40 ? token[..40] : token)}', which is not in the vocabulary"));
    }

    public override int? UnknownId => options.UnknownId;

    /// <summary>Whether any neighbours are joined; else tokens are characters.</summary>
    public bool HasMerges { get; }

    public override void Tokenize(ReadOnlySpan<char> piece, List<SubToken> output)
    {
        if (options.IgnoresMerges && ids.TryGetValue(piece, out int whole))
        {
            output.Add(new SubToken(whole, 0, piece.Length));
            return;
        }
        int first = output.Count;
        AddSymbols(piece, output);
        Span<SubToken> symbols = CollectionsMarshal.AsSpan(output)[first..];
        int count = symbols.Length <= SmallPiece ? MergeSmall(symbols) : MergeLarge(symbols);
        output.RemoveRange(first + count, symbols.Length - count);
    }

    private void AddSymbols(ReadOnlySpan<char> piece, List<SubToken> output)
    {
        bool wasUnknown = false;
        for (int i = 0; i < piece.Length;)
        {
            int codePoint = CodePoint.At(piece, i, out int length), end = i + length;
            int id = hasAffixes ? Affixed(piece[i..end], i == 0, end == piece.Length) : table.Symbol(codePoint);
            bool isUnknown = id < 0 && bytes?.TryAdd(codePoint, i, end, output) != true;
            if (id >= 0)
                output.Add(new SubToken(id, i, end));
            else if (isUnknown && options.UnknownId is int unknown)
            {
                if (wasUnknown && options.FusesUnknown)
                    output[^1] = output[^1] with { End = end };
                else
                    output.Add(new SubToken(unknown, i, end));
            }
            wasUnknown = isUnknown;
            i = end;
        }
    }

    private int Affixed(ReadOnlySpan<char> character, bool isFirst, bool isLast)
    {
        ReadOnlySpan<char> prefix = isFirst ? "" : options.Prefix, suffix = isLast ? options.Suffix : "";
        Span<char> token = stackalloc char[prefix.Length + character.Length + suffix.Length];
        prefix.CopyTo(token);
        character.CopyTo(token[prefix.Length..]);
        suffix.CopyTo(token[(prefix.Length + character.Length)..]);
        return ids.TryGetValue(token, out int id) ? id : -1;
    }

    // All ranks are looked through for every merge, which is fastest where there are few.
    private int MergeSmall(Span<SubToken> symbols)
    {
        Span<int> ranks = stackalloc int[SmallPiece];
        int count = symbols.Length;
        for (int i = 0; i + 1 < count; i++)
            ranks[i] = table.Pair(symbols[i].Id, symbols[i + 1].Id).Rank;
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
                best = ranks[i] < ranks[best] ? i : best;
            if (ranks[best] == MergeTable.NoRank)
                break;
            symbols[best] = new SubToken(table.Pair(symbols[best].Id, symbols[best + 1].Id).Symbol, symbols[best].Start, symbols[best + 1].End);
            count--;
            symbols[(best + 2)..(count + 1)].CopyTo(symbols[(best + 1)..]);
            ranks[(best + 1)..count].CopyTo(ranks[best..]);
            if (best > 0)
                ranks[best - 1] = table.Pair(symbols[best - 1].Id, symbols[best].Id).Rank;
            if (best + 1 < count)
                ranks[best] = table.Pair(symbols[best].Id, symbols[best + 1].Id).Rank;
        }
        return count;
    }

    // Symbols as a linked list, pairs in a queue by (rank, place); an entry whose symbols have changed is passed over.
    private int MergeLarge(Span<SubToken> symbols)
    {
        int[] next = new int[symbols.Length], previous = new int[symbols.Length];
        var queue = new PriorityQueue<(int At, int Left, int Right), (int Rank, int At)>();
        for (int i = 0; i < symbols.Length; i++)
            (next[i], previous[i]) = (i + 1, i - 1);
        for (int i = 0; i + 1 < symbols.Length; i++)
            Offer(symbols, i, i + 1);
        while (queue.TryDequeue(out (int At, int Left, int Right) pair, out _))
        {
            int at = pair.At, behind = next[at];
            if (behind >= symbols.Length || symbols[at].Id != pair.Left || symbols[behind].Id != pair.Right || next[at] < 0)
                continue;
            symbols[at] = new SubToken(table.Pair(pair.Left, pair.Right).Symbol, symbols[at].Start, symbols[behind].End);
            next[at] = next[behind];
            // A symbol that is gone takes part in nothing any more.
            symbols[behind] = symbols[behind] with { Id = MergeTable.NoSymbol };
            if (next[at] < symbols.Length)
            {
                previous[next[at]] = at;
                Offer(symbols, at, next[at]);
            }
            if (previous[at] >= 0)
                Offer(symbols, previous[at], at);
        }
        int count = 0;
        for (int i = 0; i < symbols.Length; i = next[i])
            symbols[count++] = symbols[i];
        return count;

        void Offer(Span<SubToken> symbols, int left, int right)
        {
            int rank = table.Pair(symbols[left].Id, symbols[right].Id).Rank;
            if (rank != MergeTable.NoRank)
                queue.Enqueue((left, symbols[left].Id, symbols[right].Id), (rank, left));
        }
    }
}

/// <summary>How a byte-pair model treats words and what it does not know.</summary>
internal sealed record BytePairOptions
{
    public int? UnknownId { get; init; }

    /// <summary>Whether unknown code points that touch are one token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Whether unknown code points become tokens of their bytes.</summary>
    public bool HasByteFallback { get; init; }

    /// <summary>Whether a piece that is a token stays whole, whatever the merges say.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>What stands before tokens inside of a word.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>What stands behind the last token of a word.</summary>
    public string Suffix { get; init; } = "";
}
