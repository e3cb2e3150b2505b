namespace Heed;

/// <summary>From text to ids: a tokenizer, a vocabulary and a maximum length.</summary>
/// <remarks>Immutable and thread-safe. Saved as one JSON file, <c>tokenizer.json</c>.</remarks>
public sealed class TextEncoder
{
    internal const int LargestMaximumLength = 1 << 20;

    /// <summary>Puts an encoder together.</summary>
    /// <param name="tokenizer">What cuts the text.</param>
    /// <param name="vocabulary">The ids.</param>
    /// <param name="maximumLength">How many tokens of a text are kept, from 1 to 1,048,576.</param>
    /// <exception cref="ArgumentOutOfRangeException">The maximum length is out of its range.</exception>
    public TextEncoder(ITokenizer tokenizer, Vocabulary vocabulary, int maximumLength = 400)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maximumLength, LargestMaximumLength);
        (Tokenizer, Vocabulary, MaximumLength) = (tokenizer, vocabulary, maximumLength);
    }

    /// <summary>What cuts the text.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The ids.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>How many tokens of a text are kept.</summary>
    public int MaximumLength { get; }

    /// <summary>Learns the vocabulary of a corpus.</summary>
    /// <param name="texts">The corpus, usually the training texts; read once.</param>
    /// <param name="options">Tokenizer, vocabulary and length; default if null.</param>
    public static TextEncoder Build(IEnumerable<string> texts, TextEncoderOptions? options = null)
    {
        options ??= new TextEncoderOptions();
        options.Validate();
        return new TextEncoder(options.Tokenizer, Vocabulary.Build(texts, options.Tokenizer, options.Vocabulary), options.MaximumLength);
    }

    /// <summary>The ids of a text with the place of each token.</summary>
    /// <param name="text">Any text; an empty one gives no ids.</param>
    public EncodedText Encode(string text)
    {
        List<Token> tokens = Cut(text, out int count);
        var places = new Token[count];
        tokens.CopyTo(0, places, 0, count);
        return new EncodedText(Ids(text, tokens, count), places, tokens.Count - count);
    }

    /// <summary>The ids of a text alone, for training.</summary>
    /// <param name="text">Any text; an empty one gives no ids.</param>
    public int[] EncodeIds(string text)
    {
        List<Token> tokens = Cut(text, out int count);
        return Ids(text, tokens, count);
    }

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

    private List<Token> Cut(string text, out int count)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<Token>(text.Length / 4 + 4);
        Tokenizer.Tokenize(text, tokens);
        count = Math.Min(tokens.Count, MaximumLength);
        if (tokens.Count > count && text.Contains(TextPair.Separator, StringComparison.Ordinal))
            ShortenLonger(text, tokens);
        return tokens;
    }

    // Both texts of a pair stay: the tokens that are too many move behind the kept ones, from the end of each text, the longer one first.
    private void ShortenLonger(string text, List<Token> tokens)
    {
        int separator = tokens.FindIndex(token => text[token.Start] == TextPair.Separator), room = MaximumLength - 1;
        if (separator < 0)
            return;
        int second = tokens.Count - separator - 1;
        int keepFirst = Math.Min(separator, Math.Max(room - second, (room + 1) / 2));
        List<Token> over = tokens[keepFirst..separator];
        tokens.RemoveRange(keepFirst, over.Count);
        tokens.AddRange(over);
    }

    private int[] Ids(string text, List<Token> tokens, int count)
    {
        int[] ids = new int[count];
        Span<char> form = stackalloc char[Vocabulary.MaximumTokenLength];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<char> token = tokens[i].In(text);
            if (token.Length > form.Length)
            {
                ids[i] = Vocabulary.Unknown;
                continue;
            }
            Tokenizer.Normalize(token, form);
            ids[i] = Vocabulary.Id(form[..token.Length]);
        }
        return ids;
    }
}
