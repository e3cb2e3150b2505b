using System.Runtime.InteropServices;

namespace Heed;

/// <summary>The tokenizer of a pretrained model, as its folder has it: text to ids with their places, and ids to text.</summary>
/// <remarks>
/// <para>A text goes through these steps: added tokens are found; the rest is normalized and cut into pieces; a model (byte-pair encoding, WordPiece,
/// Unigram or whole words) makes tokens of each piece; special tokens are put around them. Every step keeps where in the original text
/// each unit comes from. Which files and parts are read stands in docs/tokenizers.md.</para>
/// <para>Results depend neither on the host's culture nor on ICU. Half of a surrogate pair that stands alone is read as U+FFFD.</para>
/// <para>Cost: linear in the text for pieces seen before (32,768 are remembered, not saved). Immutable and thread-safe.</para>
/// </remarks>
public sealed class PretrainedTokenizer
{
    private readonly TokenizerParts parts;
    private readonly string?[] tokens;
    private readonly Dictionary<int, AddedToken> added;
    private readonly AddedTokenFinder raw, normalized;
    private readonly PreTokenizer[] cutters;
    private readonly PreTokenizer.ByteLevel? bytes;
    private readonly PieceEncoder encoder;

    internal PretrainedTokenizer(TokenizerParts parts)
    {
        this.parts = parts;
        tokens = parts.Vocabulary.ToArray();
        added = parts.Added.ToDictionary(token => token.Id);
        raw = new AddedTokenFinder(parts.Added.Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        normalized = new AddedTokenFinder(parts.Added.Where(token => token.IsNormalized)
            .Select(token => (parts.Normalizer?.Apply(token.Content) ?? token.Content, token)));
        cutters = [.. Flat(parts.PreTokenizer)];
        // Where bytes come last the model's memory of pieces stands before them.
        bytes = cutters.Length > 0 ? cutters[^1] as PreTokenizer.ByteLevel : null;
        cutters = bytes is null ? cutters : cutters[..^1];
        encoder = new PieceEncoder(parts.Model, bytes is not null);
        MaximumLength = parts.MaximumLength;
    }

    private PretrainedTokenizer(PretrainedTokenizer other, int? maximumLength)
    {
        (parts, tokens, added, raw, normalized, cutters, bytes, encoder) =
            (other.parts, other.tokens, other.added, other.raw, other.normalized, other.cutters, other.bytes, other.encoder);
        MaximumLength = maximumLength;
    }

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="path">A model's folder with <c>tokenizer.json</c>, or <c>vocab.json</c> and <c>merges.txt</c>, or <c>vocab.txt</c>; or one of these files.
    /// <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c> beside them are read too.</param>
    /// <exception cref="InputException">A file is missing or wrong, or asks for what is not supported; the message names it.</exception>
    public static PretrainedTokenizer Load(string path) => new(TokenizerFolder.Read(path));

    /// <summary>Reads the tokenizer of a model, and holds it against the model's table of token vectors.</summary>
    /// <param name="path">As in <see cref="Load"/>.</param>
    /// <param name="vectorCount">Rows of the table.</param>
    /// <exception cref="InputException">As there, or a token has no vector.</exception>
    public static PretrainedTokenizer LoadFor(string path, int vectorCount)
    {
        PretrainedTokenizer tokenizer = Load(path);
        tokenizer.RequireVectors(vectorCount, path);
        return tokenizer;
    }

    /// <summary>Reads a <c>tokenizer.json</c> in memory.</summary>
    /// <param name="json">The file's bytes.</param>
    /// <exception cref="InputException">The file is wrong, or asks for what is not supported.</exception>
    public static PretrainedTokenizer Parse(ReadOnlySpan<byte> json) => new(TokenizerJson.Parse(json.ToArray()));

    /// <summary>One more than the largest id, so that an embedding of so many rows has one for every token.</summary>
    public int VocabularySize => tokens.Length;

    /// <summary>How pieces become tokens: <c>bpe</c>, <c>characters</c> (byte pairs without any), <c>wordpiece</c>, <c>unigram</c> or <c>words</c>.</summary>
    public string Kind => parts.Model switch { BytePairModel { HasMerges: false } => "characters", BytePairModel => "bpe", WordPieceModel => "wordpiece", UnigramModel => "unigram", _ => "words" };

    /// <summary>The most tokens that <see cref="Encode"/> gives, special ones included; null for any number. At first what the file says.</summary>
    public int? MaximumLength { get; }

    /// <summary>How the file wants short texts filled up; null if it does not say.</summary>
    public TokenPadding? Padding => parts.Padding;

    /// <summary>The id of the token that fills up short texts; null if there is none.</summary>
    public int? PadId => Role("pad_token") ?? parts.Padding?.Id;

    /// <summary>The id of the token that stands first for the whole text; null if there is none.</summary>
    public int? ClsId => Role("cls_token");

    /// <summary>The id of the token between and behind texts; null if there is none.</summary>
    public int? SepId => Role("sep_token");

    /// <summary>The id of the token for what is to be guessed; null if there is none.</summary>
    public int? MaskId => Role("mask_token");

    /// <summary>The id of the token for what is unknown; null if there is none.</summary>
    public int? UnknownId => Role("unk_token") ?? parts.Model.UnknownId;

    /// <summary>The id of the token at the beginning of a text; null if there is none.</summary>
    public int? BosId => Role("bos_token");

    /// <summary>The id of the token at the end of a text; null if there is none.</summary>
    public int? EosId => Role("eos_token");

    /// <summary>The id of a token, added tokens included; null if it is not in the vocabulary.</summary>
    /// <param name="token">A token as the vocabulary writes it.</param>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return parts.Vocabulary.Ids.TryGetValue(token, out int id) ? id : null;
    }

    /// <summary>The token of an id, as the vocabulary writes it; empty for an id without one.</summary>
    /// <param name="id">From 0, less than <see cref="VocabularySize"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string TokenOf(int id)
    {
        if ((uint)id >= (uint)tokens.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(id), FormattableString.Invariant(
                $"PretrainedTokenizer: id {id} is out of range; the vocabulary has ids from 0 to {tokens.Length - 1}. Does the tokenizer belong to the model?"));
        }
        return tokens[id] ?? "";
    }

    /// <summary>The same tokenizer with another limit.</summary>
    /// <param name="maximumLength">The most tokens, special ones included; null for any number.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is less than 1.</exception>
    public PretrainedTokenizer WithMaximumLength(int? maximumLength)
    {
        if (maximumLength is int limit)
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1, nameof(maximumLength));
        return new PretrainedTokenizer(this, maximumLength);
    }

    /// <summary>Makes tokens of a text, or of two.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="pair">A second text, for models that read two; null for none.</param>
    /// <param name="addSpecialTokens">Whether to put the model's special tokens around the texts.</param>
    /// <returns>The tokens. What goes beyond <see cref="MaximumLength"/> is left out, at first of the longer text; special tokens stay.</returns>
    public TokenizedText Encode(string text, string? pair = null, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<SubToken> first = Tokenize(text), second = pair is null ? [] : Tokenize(pair);
        TemplatePart[] template = [.. (pair is null ? parts.Template.Single : parts.Template.Pair).Where(part => addSpecialTokens || !part.IsSpecial)];
        int total = first.Count + second.Count;
        Cut(first, second, template.Count(part => part.IsSpecial));
        return Assemble(template, first, second, total - first.Count - second.Count);
    }

    /// <summary>Makes text of tokens.</summary>
    /// <param name="ids">Ids less than <see cref="VocabularySize"/>; those without a token are left out.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var pieces = new List<DecodedPart>(ids.Length);
        foreach (int id in ids)
        {
            string token = TokenOf(id);
            bool isAdded = added.TryGetValue(id, out AddedToken? known);
            if (token.Length > 0 && !(skipSpecialTokens && known?.IsSpecial == true))
                pieces.Add(new DecodedPart(token, isAdded));
        }
        if (parts.Decoder is null)
            return string.Join(' ', pieces.Select(piece => piece.Text));
        parts.Decoder.Apply(pieces);
        return string.Concat(pieces.Select(piece => piece.Text));
    }

    /// <summary>The ids that stand before a text; those behind it would end what is to go on.</summary>
    internal int[] Beginning => [.. parts.Template.Single.TakeWhile(part => part.IsSpecial).Select(part => part.Id)];

    /// <summary>Throws where a model has no vector for a token. More vectors than tokens are usual: tables are filled up to round sizes.</summary>
    internal void RequireVectors(int count, string path)
    {
        if (VocabularySize > count)
            throw new InputException(FormattableString.Invariant($"the tokenizer has {VocabularySize} tokens, the model vectors for {count}; they do not belong together. Take both from one folder."), path);
    }

    /// <summary>Whether decoding leaves a token out unless asked.</summary>
    internal bool IsSpecial(int id) => added.TryGetValue(id, out AddedToken? token) && token.IsSpecial;

    private static IEnumerable<PreTokenizer> Flat(PreTokenizer? cutter) =>
        cutter is null ? [] : cutter is PreTokenizer.Sequence sequence ? sequence.Parts.SelectMany(Flat) : [cutter];

    private int? Role(string name) => parts.Roles.TryGetValue(name, out string? token) ? IdOf(token) : null;

    // Tokens of one text with places in it.
    private List<SubToken> Tokenize(string text)
    {
        var output = new List<SubToken>(16 + text.Length / 4);
        var scratch = new List<SubToken>();
        for (int at = 0; at < text.Length;)
        {
            AddedToken? token = null;
            (int start, int end) = (text.Length, text.Length);
            if (!raw.IsEmpty)
                token = raw.Next(text, at, out start, out end);
            if (start > at)
                Section(AlignedText.Of(text, at, start - at), at == 0, output, scratch);
            if (token is not null)
                output.Add(new SubToken(token.Id, start, end));
            at = end;
        }
        if (parts.Template.TrimsOffsets)
            Trim(text, output);
        return output;
    }

    // What stands between added tokens of the text as it is.
    private void Section(AlignedText text, bool isFirst, List<SubToken> output, List<SubToken> scratch)
    {
        text = parts.Normalizer?.Apply(text) ?? text;
        ReadOnlySpan<char> span = text.Span;
        for (int at = 0; at < span.Length;)
        {
            AddedToken? token = null;
            (int start, int end) = (span.Length, span.Length);
            if (!normalized.IsEmpty)
                token = normalized.Next(span, at, out start, out end);
            if (start > at)
                Pieces(text.Slice(at, start - at), isFirst && at == 0, output, scratch);
            if (token is not null)
                output.Add(new SubToken(token.Id, text.StartOf(start), text.EndOf(end - 1)));
            at = end;
        }
    }

    private void Pieces(AlignedText text, bool isFirst, List<SubToken> output, List<SubToken> scratch)
    {
        var pieces = new TextPieces(text, isFirst);
        foreach (PreTokenizer cutter in cutters)
            cutter.Apply(pieces);
        bytes?.Cut(pieces);
        text = pieces.Text;
        ReadOnlySpan<char> span = text.Span;
        foreach (Piece piece in pieces.Pieces)
        {
            if (piece.Length == 0)
                continue;
            foreach (SubToken token in encoder.Encode(span[piece.Start..piece.End], scratch))
                output.Add(new SubToken(token.Id, text.StartOf(piece.Start + token.Start), text.EndOf(piece.Start + token.End - 1)));
        }
    }

    private static void Trim(string text, List<SubToken> output)
    {
        foreach (ref SubToken token in CollectionsMarshal.AsSpan(output))
        {
            (int start, int end) = (token.Start, token.End);
            while (start < end && text[start] == ' ')
                start++;
            while (end > start && text[end - 1] == ' ')
                end--;
            token = token with { Start = start, End = end };
        }
    }

    private void Cut(List<SubToken> first, List<SubToken> second, int specialCount)
    {
        if (MaximumLength is not int limit || first.Count + second.Count <= limit - specialCount)
            return;
        int room = Math.Max(0, limit - specialCount);
        // The shorter text stays whole while it takes no more than half.
        int shorter = Math.Min(Math.Min(first.Count, second.Count), room / 2);
        int firstCount = first.Count <= second.Count ? shorter : Math.Min(first.Count, room - shorter);
        Keep(first, firstCount);
        Keep(second, Math.Min(second.Count, room - firstCount));
    }

    private void Keep(List<SubToken> list, int count) => list.RemoveRange(parts.CutsLeft ? 0 : count, list.Count - count);

    private TokenizedText Assemble(TemplatePart[] template, List<SubToken> first, List<SubToken> second, int cutOff)
    {
        int count = template.Sum(part => part.IsSpecial ? 1 : part.TextIndex == 0 ? first.Count : second.Count), at = 0;
        var result = new TokenizedText(new int[count], new string[count], new Range[count], new int[count], new int[count], new bool[count], cutOff);
        foreach (TemplatePart part in template)
        {
            if (part.IsSpecial)
            {
                (result.Ids[at], result.Tokens[at], result.TypeIds[at], result.TextIndexes[at], result.SpecialTokens[at]) = (part.Id, TokenOf(part.Id), part.TypeId, -1, true);
                at++;
                continue;
            }
            foreach (SubToken token in CollectionsMarshal.AsSpan(part.TextIndex == 0 ? first : second))
            {
                (result.Ids[at], result.Tokens[at], result.Offsets[at]) = (token.Id, TokenOf(token.Id), new Range(token.Start, token.End));
                (result.TypeIds[at], result.TextIndexes[at]) = (part.TypeId, part.TextIndex);
                at++;
            }
        }
        return result;
    }
}
