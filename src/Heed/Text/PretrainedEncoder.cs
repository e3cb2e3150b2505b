namespace Heed;

/// <summary>The tokenizer of a pretrained encoder as a classifier reads texts with it: special tokens around them, a text pair (<see cref="TextPair"/>) as two segments, ranges in the original string.</summary>
/// <remarks>Special tokens stand for nothing in the text: their range is empty.</remarks>
public sealed class PretrainedEncoder : TokenEncoder
{
    // What PretrainedTokenizer.Load reads of a folder; the first one that is there decides, the others say more of it.
    private static readonly string[] fileNames = ["tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"];

    private readonly PretrainedTokenizer tokenizer;
    private readonly IReadOnlyDictionary<string, byte[]> files;

    private PretrainedEncoder(PretrainedTokenizer tokenizer, IReadOnlyDictionary<string, byte[]> files, int maximumLength, TextRedaction redaction)
        : base(maximumLength, redaction) => (this.tokenizer, this.files) = (tokenizer.WithMaximumLength(maximumLength), files);

    /// <summary>The tokenizer, with <see cref="TokenEncoder.MaximumLength"/> as its limit.</summary>
    public PretrainedTokenizer Tokenizer => tokenizer;

    /// <inheritdoc/>
    public override int VocabularySize => tokenizer.VocabularySize;

    /// <summary>The tokenizer's files as they were read, by name.</summary>
    internal IReadOnlyDictionary<string, byte[]> Files => files;

    internal override int DroppedId => tokenizer.UnknownId ?? tokenizer.MaskId ?? tokenizer.PadId ?? 0;

    /// <summary>Reads the tokenizer of a model's folder.</summary>
    /// <param name="folder">The folder; see <see cref="PretrainedTokenizer.Load"/>.</param>
    /// <param name="maximumLength">How many tokens of a text are kept, special ones included; the tokenizer's own limit if that is lower.</param>
    /// <param name="redaction">What is taken out of each text first.</param>
    /// <exception cref="InputException">A file is missing or wrong, or asks for what is not supported; the message names it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum length is less than 1.</exception>
    public static PretrainedEncoder Load(string folder, int maximumLength, TextRedaction redaction = TextRedaction.None)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumLength, 1);
        PretrainedTokenizer loaded = PretrainedTokenizer.Load(folder);
        return new PretrainedEncoder(loaded, FilesOf(folder), Math.Min(maximumLength, loaded.MaximumLength ?? maximumLength), redaction);
    }

    /// <summary>The files of a folder's tokenizer, by name.</summary>
    internal static Dictionary<string, byte[]> FilesOf(string folder, Func<string, bool>? isPart = null)
    {
        Dictionary<string, byte[]> read = new(StringComparer.Ordinal);
        foreach (string name in fileNames)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path) && isPart?.Invoke(name) != false)
                read.Add(name, FileAccessFault.Guard(path, "read", () => File.ReadAllBytes(path)));
        }
        return read;
    }

    /// <summary>The same tokenizer with other limits.</summary>
    internal PretrainedEncoder With(int maximumLength, TextRedaction redaction) => new(tokenizer, files, Math.Min(maximumLength, MaximumLength), redaction);

    internal override bool IsStructure(int id) => tokenizer.IsSpecial(id);

    /// <inheritdoc/>
    public override EncodedText Encode(string text)
    {
        RedactedText redacted = RedactedText.Of(text, Redaction);
        string whole = redacted.Text;
        bool isPair = TextPair.TrySplit(whole, out Range first, out Range second);
        int shift = isPair ? second.Start.Value : 0;
        TokenizedText cut = isPair ? tokenizer.Encode(whole[first], whole[second]) : tokenizer.Encode(whole);
        Token[] tokens = new Token[cut.Count];
        for (int i = 0; i < tokens.Length; i++)
        {
            if (cut.SpecialTokens[i])
                continue;
            int from = cut.TextIndexes[i] == 1 ? shift : 0, start = cut.Offsets[i].Start.Value, end = cut.Offsets[i].End.Value;
            tokens[i] = redacted.Original(new Token(from + start, end - start));
        }
        return new EncodedText(cut.Ids, tokens, cut.CutOff) { Segments = cut.TypeIds };
    }
}
