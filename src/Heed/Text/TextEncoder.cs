namespace Heed;

/// <summary>From text to ids: a tokenizer, a vocabulary and a maximum length.</summary>
/// <remarks>Immutable and thread-safe. Saved as one JSON file, <c>tokenizer.json</c>.</remarks>
public sealed class TextEncoder : TokenEncoder
{
    internal const int LargestMaximumLength = 1 << 20;

    // The vocabulary ids of a byte-pair tokenizer's pieces, by symbol: its tokens need no looking up by their letters.
    private readonly int[]? pieceIds;

    /// <summary>Puts an encoder together.</summary>
    /// <param name="tokenizer">What cuts the text.</param>
    /// <param name="vocabulary">The ids.</param>
    /// <param name="maximumLength">How many tokens of a text are kept, from 1 to 1,048,576.</param>
    /// <param name="redaction">What is taken out of each text first.</param>
    /// <exception cref="ArgumentOutOfRangeException">The maximum length is out of its range.</exception>
    public TextEncoder(ITokenizer tokenizer, Vocabulary vocabulary, int maximumLength = 400, TextRedaction redaction = TextRedaction.None)
        : base(maximumLength, redaction)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maximumLength, LargestMaximumLength);
        (Tokenizer, Vocabulary) = (tokenizer, vocabulary);
        pieceIds = tokenizer is BytePairTokenizer bytePairs ? [.. bytePairs.Pieces.Select(piece => vocabulary.Id(piece))] : null;
    }

    /// <summary>What cuts the text.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The ids.</summary>
    public Vocabulary Vocabulary { get; }

    /// <inheritdoc/>
    public override int VocabularySize => Vocabulary.Count;

    /// <summary>The id of the token between the two texts of a pair; <see cref="Vocabulary.Unknown"/> if the corpus held no pairs.</summary>
    internal int SeparatorId => Vocabulary.Id([TextPair.Separator]);

    internal override int DroppedId => Vocabulary.Unknown;

    // Without its separator a pair would be one text.
    internal override bool IsStructure(int id) => id == SeparatorId;

    /// <summary>Learns the vocabulary of a corpus.</summary>
    /// <param name="texts">The corpus, usually the training texts; read once, or twice where the tokenizer learns, too.</param>
    /// <param name="options">Tokenizer, vocabulary and length; default if null.</param>
    /// <exception cref="InputException">No token occurs often enough.</exception>
    public static TextEncoder Build(IEnumerable<string> texts, TextEncoderOptions? options = null)
    {
        options ??= new TextEncoderOptions();
        options.Validate();
        ArgumentNullException.ThrowIfNull(texts);
        if (options.Redaction != TextRedaction.None)
            texts = texts.Select(text => RedactedText.Of(text, options.Redaction).Text);
        ITokenizer tokenizer = options.Kind is null ? options.Tokenizer
            : TokenKinds.Find(options.Kind, options.LowerCase) ?? BytePairTokenizer.Learn(texts, options.MergeCount, options.LowerCase);
        Vocabulary vocabulary = Vocabulary.Build(texts, tokenizer, options.Vocabulary);
        if (vocabulary.Learned.IsEmpty && options.Vocabulary.MaximumSize > 0)
        {
            throw new InputException(FormattableString.Invariant(
                $"no token occurs {options.Vocabulary.MinimumCount} times in the texts, so all would be unknown; lower the minimum count, or take more texts or shorter tokens."));
        }
        return new TextEncoder(tokenizer, vocabulary, options.MaximumLength, options.Redaction)
        {
            MinimumCount = options.Vocabulary.MinimumCount,
        };
    }

    /// <inheritdoc/>
    public override EncodedText Encode(string text)
    {
        RedactedText redacted = RedactedText.Of(text, Redaction);
        int[] ids = Ids(redacted.Text, out List<Token> tokens);
        var places = new Token[ids.Length];
        for (int i = 0; i < places.Length; i++)
            places[i] = redacted.Original(tokens[i]);
        return new EncodedText(ids, places, tokens.Count - ids.Length);
    }

    /// <inheritdoc/>
    public override int[] EncodeIds(string text) => Ids(RedactedText.Of(text, Redaction).Text, out _);

    /// <summary>Writes the encoder as one JSON file (UTF-8); an existing file is replaced only once the new one is whole.</summary>
    /// <param name="path">The file, usually <c>tokenizer.json</c>.</param>
    public void Save(string path) => AtomicFile.Write(path, Save);

    /// <summary>Writes the same to a stream.</summary>
    /// <param name="stream">The destination; stays open.</param>
    public void Save(Stream stream) => TokenizerFile.Save(this, stream);

    /// <summary>Reads an encoder that <see cref="Save(string)"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">Your own tokenizer, if the file was saved with one; its name must be the one in the file.</param>
    /// <exception cref="InputException">The file is missing, is not such a file, is damaged or of a later version.</exception>
    public static TextEncoder Load(string path, ITokenizer? tokenizer = null) => TokenizerFile.Load(path, tokenizer);

    private int[] Ids(string text, out List<Token> tokens)
    {
        tokens = new List<Token>(text.Length / 4 + 4);
        List<int>? symbols = pieceIds is null ? null : new List<int>(tokens.Capacity);
        if (symbols is null)
            Tokenizer.Tokenize(text, tokens);
        else
            ((BytePairTokenizer)Tokenizer).Tokenize(text, tokens, symbols);
        int[] ids = new int[Math.Min(tokens.Count, MaximumLength)];
        if (tokens.Count > ids.Length && text.Contains(TextPair.Separator, StringComparison.Ordinal))
            ShortenLonger(text, tokens, symbols);
        Span<char> form = stackalloc char[Vocabulary.MaximumTokenLength];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = symbols is not null && symbols[i] >= 0 ? pieceIds![symbols[i]] : Id(tokens[i].In(text), form);
        return ids;
    }

    private int Id(ReadOnlySpan<char> token, Span<char> form)
    {
        if (token.Length > form.Length)
            return Vocabulary.Unknown;
        Tokenizer.Normalize(token, form);
        return Vocabulary.Id(form[..token.Length]);
    }

    // Both texts of a pair stay: the tokens that are too many move behind the kept ones, from the end of each text, the longer one first.
    private void ShortenLonger(string text, List<Token> tokens, List<int>? symbols)
    {
        int separator = tokens.FindIndex(token => text[token.Start] == TextPair.Separator), room = MaximumLength - 1;
        if (separator < 0)
            return;
        int second = tokens.Count - separator - 1;
        int keepFirst = Math.Min(separator, Math.Max(room - second, (room + 1) / 2));
        MoveBehind(tokens, keepFirst, separator);
        if (symbols is not null)
            MoveBehind(symbols, keepFirst, separator);
    }

    private static void MoveBehind<T>(List<T> items, int start, int end)
    {
        List<T> moved = items[start..end];
        items.RemoveRange(start, moved.Count);
        items.AddRange(moved);
    }
}
