using System.Text;

namespace Heed;

/// <summary>Frequent pieces of words, learned from a corpus by merging the most frequent pair of neighbours again and again.</summary>
/// <remarks>
/// <para>Text is first cut into chunks: a run of letters (of any script, with their marks and joiners, and one apostrophe between letters), of digits, of
/// white space or of other signs, each with the one space before it, at most 64 UTF-16 units long. A chunk starts as its code points; of the
/// neighbours that stand together in the list of merges, those that come first there are joined, until none is left. Nothing is
/// dropped: the tokens of a text cover it from end to end, and a word at the start of a text differs from one behind a space. A code point
/// that no merge knows stays a token.</para>
/// <para>Offsets are UTF-16 units. The form for the vocabulary is lower case by a fixed table, with U+2019 as <c>'</c>. No Unicode normalisation is
/// applied. The result depends neither on the culture nor on ICU.</para>
/// <para>Cost: linear in the text for chunks seen before (32,768 are remembered, not saved), otherwise quadratic in a chunk. Thread-safe. Source: Sennrich,
/// Haddow, Birch, "Neural machine translation of rare words with subword units", 2016; chunks with their space as in GPT-2, 2019,
/// but over code points instead of bytes.</para>
/// </remarks>
public sealed class BytePairTokenizer : ITokenizer
{
    /// <summary>The longest piece, in UTF-16 units.</summary>
    public const int MaximumPieceLength = TextChunk.MaximumLength;

    internal const string TokenizerName = "byte-pair";

    private const int CacheSize = 1 << 15;

    private readonly (string Left, string Right)[] merges;
    private readonly MergeTable table;
    private readonly List<string> pieces = [];
    private readonly CachedChunk?[] cache = new CachedChunk?[CacheSize];
    private readonly byte[] traces = new byte[CacheSize];

    /// <summary>Creates a tokenizer from its merges; <see cref="Learn"/> finds them.</summary>
    /// <param name="merges">The pairs in the order in which they were learned; each side is a code point or the result of an earlier merge.</param>
    /// <param name="lowerCase">Whether texts are cut and looked up in lower case.</param>
    /// <exception cref="ArgumentException">A side is neither, or a result is longer than <see cref="MaximumPieceLength"/>.</exception>
    public BytePairTokenizer(IEnumerable<(string Left, string Right)> merges, bool lowerCase = true)
    {
        ArgumentNullException.ThrowIfNull(merges);
        (this.merges, LowerCase) = ([.. merges], lowerCase);
        table = new MergeTable(this.merges.Length);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int rank = 0; rank < this.merges.Length; rank++)
        {
            (string left, string right) = this.merges[rank];
            if (!TrySymbol(left, numbers, out int first) || !TrySymbol(right, numbers, out int second) || left.Length + right.Length > MaximumPieceLength)
            {
                throw new ArgumentException(FormattableString.Invariant(
                    $"BytePairTokenizer: merge {rank} joins '{left}' and '{right}'; each must be one code point or an earlier result, and both at most {MaximumPieceLength} units."),
                    nameof(merges));
            }
            if (numbers.TryAdd(left + right, pieces.Count))
                pieces.Add(left + right);
            table.AddPair(first, second, rank, numbers[left + right]);
        }
    }

    /// <inheritdoc/>
    public string Name => TokenizerName;

    /// <inheritdoc/>
    public bool LowerCase { get; }

    /// <summary>The merges in the order in which they were learned.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges => merges;

    /// <summary>Learns the merges of a corpus.</summary>
    /// <param name="texts">The corpus, usually the training texts; read once.</param>
    /// <param name="mergeCount">How many merges at most; fewer if no pair occurs twice any more.</param>
    /// <param name="lowerCase">Whether texts are cut and looked up in lower case.</param>
    /// <returns>The same tokenizer for the same texts in any order, on every machine.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static BytePairTokenizer Learn(IEnumerable<string> texts, int mergeCount = 8000, bool lowerCase = true)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNegative(mergeCount);
        return new BytePairTokenizer(BytePairLearner.Learn(ChunkCounts.Of(texts, lowerCase), mergeCount), lowerCase);
    }

    /// <summary>The different pieces that the merges know, in the order of their symbols.</summary>
    internal IReadOnlyList<string> Pieces => pieces;

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> text, List<Token> tokens) => Tokenize(text, tokens, null);

    /// <summary>Cuts a text and says which piece each token is.</summary>
    /// <param name="text">Any UTF-16 text.</param>
    /// <param name="tokens">Emptied, then filled.</param>
    /// <param name="symbols">Emptied, then filled with an index into <see cref="Pieces"/> for each token, or <see cref="MergeTable.NoSymbol"/>; may be null.</param>
    internal void Tokenize(ReadOnlySpan<char> text, List<Token> tokens, List<int>? symbols)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        tokens.Clear();
        symbols?.Clear();
        Span<char> form = stackalloc char[MaximumPieceLength];
        Span<byte> lengths = stackalloc byte[MaximumPieceLength];
        Span<int> pieceSymbols = stackalloc int[MaximumPieceLength];
        for (int start = 0; start < text.Length;)
        {
            int length = TextChunk.Length(text, start);
            TextChunk.Normalize(text.Slice(start, length), form, LowerCase);
            int count = Cut(form[..length], lengths, pieceSymbols);
            for (int i = 0; i < count; i++)
            {
                tokens.Add(new Token(start, lengths[i]));
                start += lengths[i];
            }
            symbols?.AddRange(pieceSymbols[..count]);
        }
    }

    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> token, Span<char> destination) => TextChunk.Normalize(token, destination, LowerCase);

    // A piece gets its number when it is first seen; a code point's number is also found by the code point.
    private bool TrySymbol(string piece, Dictionary<string, int> numbers, out int symbol)
    {
        if (numbers.TryGetValue(piece ?? "", out symbol))
            return true;
        if (string.IsNullOrEmpty(piece) || Rune.DecodeFromUtf16(piece, out Rune rune, out int used) != System.Buffers.OperationStatus.Done || used != piece.Length)
            return false;
        numbers[piece] = symbol = pieces.Count;
        pieces.Add(piece);
        table.AddCodePoint(rune, symbol);
        return true;
    }

    /// <summary>The lengths and symbols of the pieces of a chunk in its vocabulary form, and how many there are.</summary>
    private int Cut(ReadOnlySpan<char> form, Span<byte> lengths, Span<int> symbols)
    {
        // Entries are immutable and replaced whole: threads that meet here lose a little work and nothing else.
        uint hash = Hash(form);
        ref CachedChunk? entry = ref cache[hash % CacheSize];
        CachedChunk? known = Volatile.Read(ref entry);
        if (known is not null && form.SequenceEqual(known.Form))
        {
            known.Lengths.CopyTo(lengths);
            known.Symbols.CopyTo(symbols);
            return known.Lengths.Length;
        }
        int count = Merge(form, lengths, symbols);
        // Only what comes a second time is kept; most chunks of some scripts come once.
        ref byte trace = ref traces[hash % CacheSize];
        byte own = (byte)(hash >> 24);
        if (trace == own)
            Volatile.Write(ref entry, new CachedChunk(form.ToString(), lengths[..count].ToArray(), symbols[..count].ToArray()));
        trace = own;
        return count;
    }

    /// <summary>Where a memory of pieces keeps one (FNV-1a over units, its halves mixed).</summary>
    internal static uint Hash(ReadOnlySpan<char> form)
    {
        uint hash = 2166136261;
        foreach (char c in form)
            hash = (hash ^ c) * 16777619;
        return hash ^ (hash >> 15);
    }

    private int Merge(ReadOnlySpan<char> form, Span<byte> lengths, Span<int> piece)
    {
        Span<int> ranks = stackalloc int[MaximumPieceLength];
        int count = 0;
        for (int i = 0; i < form.Length; count++)
        {
            bool isPair = char.IsHighSurrogate(form[i]) && i + 1 < form.Length && char.IsLowSurrogate(form[i + 1]);
            // Half of a pair is the code point of no merge.
            piece[count] = table.Symbol(isPair ? char.ConvertToUtf32(form[i], form[i + 1]) : form[i]);
            lengths[count] = (byte)(isPair ? 2 : 1);
            i += lengths[count];
        }
        for (int i = 0; i + 1 < count; i++)
            ranks[i] = table.Pair(piece[i], piece[i + 1]).Rank;
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
                best = ranks[i] < ranks[best] ? i : best;
            if (ranks[best] == MergeTable.NoRank)
                break;
            piece[best] = table.Pair(piece[best], piece[best + 1]).Symbol;
            lengths[best] += lengths[best + 1];
            count--;
            for (int i = best + 1; i < count; i++)
                (piece[i], ranks[i], lengths[i]) = (piece[i + 1], ranks[i + 1], lengths[i + 1]);
            if (best > 0)
                ranks[best - 1] = table.Pair(piece[best - 1], piece[best]).Rank;
            if (best + 1 < count)
                ranks[best] = table.Pair(piece[best], piece[best + 1]).Rank;
        }
        return count;
    }

    private sealed record CachedChunk(string Form, byte[] Lengths, int[] Symbols);
}
