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
/// <para>Cost: linear in the text for chunks seen before (8,192 are remembered, not saved), otherwise quadratic in a chunk. Thread-safe. Source: Sennrich,
/// Haddow, Birch, "Neural machine translation of rare words with subword units", 2016; chunks with their space as in GPT-2, 2019,
/// but over code points instead of bytes.</para>
/// </remarks>
public sealed class BytePairTokenizer : ITokenizer
{
    /// <summary>The longest piece, in UTF-16 units.</summary>
    public const int MaximumPieceLength = TextChunk.MaximumLength;

    internal const string TokenizerName = "byte-pair";

    private const int CacheSize = 1 << 13;
    private const int NoSymbol = -1;

    private readonly (string Left, string Right)[] merges;
    private readonly Dictionary<int, int> symbols = [];
    private readonly Dictionary<long, (int Rank, int Symbol)> rules = [];
    private readonly CachedChunk?[] cache = new CachedChunk?[CacheSize];

    /// <summary>Creates a tokenizer from its merges; <see cref="Learn"/> finds them.</summary>
    /// <param name="merges">The pairs in the order in which they were learned; each side is a code point or the result of an earlier merge.</param>
    /// <param name="lowerCase">Whether texts are cut and looked up in lower case.</param>
    /// <exception cref="ArgumentException">A side is neither, or a result is longer than <see cref="MaximumPieceLength"/>.</exception>
    public BytePairTokenizer(IEnumerable<(string Left, string Right)> merges, bool lowerCase = true)
    {
        ArgumentNullException.ThrowIfNull(merges);
        (this.merges, LowerCase) = ([.. merges], lowerCase);
        var pieces = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int rank = 0; rank < this.merges.Length; rank++)
        {
            (string left, string right) = this.merges[rank];
            if (!TrySymbol(left, pieces, out int first) || !TrySymbol(right, pieces, out int second) || left.Length + right.Length > MaximumPieceLength)
            {
                throw new ArgumentException(FormattableString.Invariant(
                    $"BytePairTokenizer: merge {rank} joins '{left}' and '{right}'; each must be one code point or an earlier result, and both at most {MaximumPieceLength} units."),
                    nameof(merges));
            }
            pieces.TryAdd(left + right, pieces.Count);
            rules.TryAdd(Key(first, second), (rank, pieces[left + right]));
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

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> text, List<Token> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        tokens.Clear();
        Span<char> form = stackalloc char[MaximumPieceLength];
        for (int start = 0; start < text.Length;)
        {
            int length = TextChunk.Length(text, start);
            TextChunk.Normalize(text.Slice(start, length), form, LowerCase);
            foreach (byte piece in Pieces(form[..length]))
            {
                tokens.Add(new Token(start, piece));
                start += piece;
            }
        }
    }

    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> token, Span<char> destination) => TextChunk.Normalize(token, destination, LowerCase);

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    // A piece gets its number when it is first seen; a code point's number is also found by the code point.
    private bool TrySymbol(string piece, Dictionary<string, int> pieces, out int symbol)
    {
        if (pieces.TryGetValue(piece ?? "", out symbol))
            return true;
        if (string.IsNullOrEmpty(piece) || Rune.DecodeFromUtf16(piece, out Rune rune, out int used) != System.Buffers.OperationStatus.Done || used != piece.Length)
            return false;
        symbols[rune.Value] = pieces[piece] = symbol = pieces.Count;
        return true;
    }

    /// <summary>The lengths of the pieces of a chunk in its vocabulary form.</summary>
    private byte[] Pieces(ReadOnlySpan<char> form)
    {
        // Entries are immutable and replaced whole: threads that meet here lose a little work and nothing else.
        ref CachedChunk? entry = ref cache[Hash(form) % CacheSize];
        CachedChunk? known = Volatile.Read(ref entry);
        if (known is not null && form.SequenceEqual(known.Form))
            return known.Pieces;
        byte[] pieces = Merge(form);
        Volatile.Write(ref entry, new CachedChunk(form.ToString(), pieces));
        return pieces;
    }

    private static uint Hash(ReadOnlySpan<char> form)
    {
        uint hash = 2166136261;
        foreach (char c in form)
            hash = (hash ^ c) * 16777619;
        return hash ^ (hash >> 15);
    }

    private byte[] Merge(ReadOnlySpan<char> form)
    {
        Span<int> piece = stackalloc int[MaximumPieceLength];
        Span<byte> lengths = stackalloc byte[MaximumPieceLength];
        int count = 0;
        for (int i = 0; i < form.Length; count++)
        {
            bool isWhole = Rune.DecodeFromUtf16(form[i..], out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            piece[count] = isWhole && symbols.TryGetValue(rune.Value, out int symbol) ? symbol : NoSymbol;
            lengths[count] = (byte)used;
            i += used;
        }
        while (true)
        {
            int best = -1;
            (int Rank, int Symbol) rule = (int.MaxValue, NoSymbol);
            for (int i = 0; i + 1 < count; i++)
            {
                if (piece[i] != NoSymbol && piece[i + 1] != NoSymbol && rules.TryGetValue(Key(piece[i], piece[i + 1]), out var found) && found.Rank < rule.Rank)
                    (best, rule) = (i, found);
            }
            if (best < 0)
                return lengths[..count].ToArray();
            piece[best] = rule.Symbol;
            lengths[best] += lengths[best + 1];
            piece[(best + 2)..count].CopyTo(piece[(best + 1)..]);
            lengths[(best + 2)..count].CopyTo(lengths[(best + 1)..]);
            count--;
        }
    }

    private sealed record CachedChunk(string Form, byte[] Pieces);
}
