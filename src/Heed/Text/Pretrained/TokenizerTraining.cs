using System.Runtime.InteropServices;

namespace Heed;

/// <summary>Learns a tokenizer from a corpus and writes it as a <c>tokenizer.json</c> that <see cref="PretrainedTokenizer.Load"/> and Hugging Face's tools read.</summary>
/// <remarks>The same texts in the same order give the same file on every machine.</remarks>
public sealed record TokenizerTraining
{
    // Beyond this, words that were not seen yet are left out: the frequent ones decide.
    private const int MostWords = 1 << 20;
    private const int LeastSize = 300;
    // Longer runs without a border, as in scripts without spaces, are cut while learning.
    private const int LongestWord = 128;

    /// <summary>What is learned.</summary>
    /// <value><see cref="TrainedTokenizerKind.BytePair"/> by default.</value>
    public TrainedTokenizerKind Kind { get; init; }

    /// <summary>How many tokens at most, those for bytes and special ones included; fewer if the corpus has no more to give.</summary>
    /// <value>8000 by default; at least 300.</value>
    public int VocabularySize { get; init; } = 8000;

    /// <summary>Tokens that are found in a text before anything else and left out when decoding.</summary>
    /// <value>The end of a text, <c>&lt;|endoftext|></c>, by default.</value>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    /// <summary>Learns from a corpus.</summary>
    /// <param name="texts">The corpus; read once.</param>
    /// <param name="output">Where the file is written.</param>
    /// <param name="progress">Told what is done, in short sentences; may be null.</param>
    /// <param name="cancellation">Ends the work early, without a file.</param>
    /// <exception cref="ArgumentException">The size is too small, or a special token is empty or there twice.</exception>
    /// <exception cref="InputException">The corpus has no text.</exception>
    public void Train(IEnumerable<string> texts, Stream output, IProgress<string>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(output);
        Validate();
        bool isBytePair = Kind == TrainedTokenizerKind.BytePair;
        Dictionary<string, long> words = Count(texts, isBytePair ? BytePairCutter() : UnigramCutter(), isBytePair, cancellation);
        if (words.Count == 0)
            throw new InputException("the corpus has no text to learn from.");
        progress?.Report(FormattableString.Invariant($"{words.Count:N0} different words"));
        if (isBytePair)
        {
            List<(string, string)> merges = BytePairLearner.Learn(words, VocabularySize - 256 - SpecialTokens.Count, count =>
            {
                cancellation.ThrowIfCancellationRequested();
                if (count % 1000 == 0)
                    progress?.Report(FormattableString.Invariant($"{count:N0} merges"));
            });
            TrainedTokenizerFile.WriteBytePairs(output, SpecialTokens, merges);
            return;
        }
        var learner = new UnigramLearner(words, VocabularySize - 257 - SpecialTokens.Count, progress, cancellation);
        TrainedTokenizerFile.WriteUnigrams(output, SpecialTokens, learner.Learn());
    }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">The size is too small, or a special token is empty or there twice.</exception>
    public void Validate()
    {
        if (VocabularySize < LeastSize + SpecialTokens.Count)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"a vocabulary needs at least {LeastSize + SpecialTokens.Count} tokens, of which 256 are bytes; got {VocabularySize}."), nameof(VocabularySize));
        }
        if (SpecialTokens.Any(string.IsNullOrEmpty) || SpecialTokens.Distinct(StringComparer.Ordinal).Count() < SpecialTokens.Count)
            throw new ArgumentException("a special token is empty or there twice.", nameof(SpecialTokens));
    }

    private static Action<TextPieces> BytePairCutter() => new PreTokenizer.ByteLevel(addsPrefixSpace: false, usesPattern: true).Apply;

    // As the file will say: a sign before the text and for each space.
    private static Action<TextPieces> UnigramCutter() => new PreTokenizer.Metaspace(TrainedTokenizerFile.Space, MetaspacePrepend.Always, splits: true).Apply;

    private static Dictionary<string, long> Count(IEnumerable<string> texts, Action<TextPieces> cut, bool isBytePair, CancellationToken cancellation)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string text in texts)
        {
            cancellation.ThrowIfCancellationRequested();
            var pieces = new TextPieces(AlignedText.Of(text, 0, text.Length), isFirst: true);
            cut(pieces);
            ReadOnlySpan<char> span = pieces.Text.Span;
            foreach (Piece piece in pieces.Pieces)
            {
                for (int start = piece.Start; start < piece.End;)
                {
                    int end = Math.Min(piece.End, start + LongestWord);
                    // No pair is cut, and no character's bytes are where their first one is known.
                    while (end < piece.End && end > start + LongestWord / 2 && (char.IsLowSurrogate(span[end]) || (isBytePair && ByteAlphabet.ByteOf(span[end]) is >= 0x80 and < 0xC0)))
                        end--;
                    ReadOnlySpan<char> word = span[start..end];
                    if (counts.Count < MostWords || lookup.ContainsKey(word))
                        CollectionsMarshal.GetValueRefOrAddDefault(lookup, word, out _)++;
                    start = end;
                }
            }
        }
        return counts;
    }
}

/// <summary>What kind of tokenizer is learned.</summary>
public enum TrainedTokenizerKind
{
    /// <summary>Byte-pair encoding of bytes, as GPT-2's: any text comes back as it was.</summary>
    BytePair,

    /// <summary>A unigram language model, as SentencePiece's, with tokens of bytes for rare characters: any text comes back, but for U+2581, which becomes a space.</summary>
    Unigram,
}
