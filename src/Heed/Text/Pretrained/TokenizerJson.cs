using System.Text.Json;

namespace Heed;

/// <summary>Reads Hugging Face's <c>tokenizer.json</c>: what has ids in it here, the rest by <see cref="TokenizerComponents"/>.</summary>
internal static class TokenizerJson
{
    /// <summary>What a user can do about a file that cannot be read.</summary>
    public const string Fix = "copy the file again, or save it anew with a current version of the tool that made it";

    /// <summary>The largest file that is read.</summary>
    public const long LargestFile = 256L << 20;

    /// <summary>Reads a file.</summary>
    public static TokenizerParts Read(string path) => JsonFile.Read(path, "tokenizer file", LargestFile, maximumDepth: 64, Read, Fix);

    /// <summary>Reads what is in memory.</summary>
    public static TokenizerParts Parse(byte[] json) => JsonFile.Parse(() => json, "tokenizer.json", "tokenizer file", maximumDepth: 64, Read, Fix);

    private static TokenizerParts Read(JsonElement root)
    {
        if (root.Part("format") is not null)
            throw new FormatException("it is a tokenizer of Heed's own, which TextEncoder.Load reads");
        JsonElement model = root.Needed("model");
        var vocabulary = new TokenIds();
        JsonElement[] unigrams = [];
        if (model.Needed("vocab") is { ValueKind: JsonValueKind.Array } array)
        {
            unigrams = [.. array.EnumerateArray()];
            for (int id = 0; id < unigrams.Length; id++)
                vocabulary.Add(unigrams[id].Entry(0).GetString(), id);
        }
        else
        {
            foreach (JsonProperty token in model.Needed("vocab").EnumerateObject())
                vocabulary.Add(token.Name, token.Value.GetInt32());
        }
        // Only these are the model's; added tokens are found before it.
        Dictionary<string, int> ids = new(vocabulary.Ids, StringComparer.Ordinal);
        List<AddedToken> added = Added(root, vocabulary);
        int size = vocabulary.ToArray().Length;
        TokenDecoder? decoder = root.Part("decoder") is { } decoding ? TokenizerComponents.Decoder(decoding) : null;
        JsonElement? truncation = root.Part("truncation");
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = Model(model, ids, vocabulary, unigrams),
            Added = added,
            Normalizer = root.Part("normalizer") is { } normalizer ? TokenizerComponents.Normalizer(normalizer) : null,
            PreTokenizer = root.Part("pre_tokenizer") is { } cutter ? TokenizerComponents.PreTokenizer(cutter) : null,
            Decoder = decoder,
            Template = root.Part("post_processor") is { } processor ? new TemplateReader(size).Read(processor) : TokenTemplate.Plain,
            MaximumLength = truncation?.Number("max_length") is int limit ? Math.Max(1, limit) : null,
            CutsLeft = truncation?.Text("direction") == "Left",
            Padding = root.Part("padding") is { } padding ? Padding(padding, size) : null,
            Roles = Roles(root, vocabulary, added),
        };
    }

    private static List<AddedToken> Added(JsonElement root, TokenIds vocabulary)
    {
        var added = new List<AddedToken>();
        var seen = new HashSet<int>();
        if (root.Part("added_tokens") is not { } list)
            return added;
        foreach (JsonElement token in list.EnumerateArray())
        {
            string content = token.Needed("content").GetString() ?? "";
            int id = token.Needed("id").GetInt32();
            if (content.Length == 0)
                continue;
            if (!vocabulary.Ids.TryGetValue(content, out int known))
                vocabulary.Add(content, id);
            else if (known != id)
                throw new FormatException(FormattableString.Invariant($"the added token '{TokenIds.Shown(content)}' has the id {id}, but {known} in the vocabulary"));
            if (!seen.Add(id))
                continue;
            bool isSpecial = token.Flag("special", false);
            added.Add(new AddedToken(id, content)
            {
                IsSpecial = isSpecial,
                IsSingleWord = token.Flag("single_word", false),
                StripsLeft = token.Flag("lstrip", false),
                StripsRight = token.Flag("rstrip", false),
                IsNormalized = token.Flag("normalized", !isSpecial),
            });
        }
        return added;
    }

    private static SubwordModel Model(JsonElement model, Dictionary<string, int> ids, TokenIds vocabulary, JsonElement[] unigrams)
    {
        // Files of the first versions do not say which model they have.
        string kind = model.Text("type") ?? (unigrams.Length > 0 ? "Unigram" : model.Part("merges") is not null ? "BPE"
            : model.Part("max_input_chars_per_word") is not null ? "WordPiece" : "WordLevel");
        switch (kind)
        {
            case "BPE":
                return new BytePairModel(ids, Merges(model.Needed("merges")), new BytePairOptions
                {
                    UnknownId = model.Text("unk_token") is { } unknown ? Id(unknown) : null,
                    FusesUnknown = model.Flag("fuse_unk", false),
                    HasByteFallback = model.Flag("byte_fallback", false),
                    IgnoresMerges = model.Flag("ignore_merges", false),
                    Prefix = model.Affix("continuing_subword_prefix"),
                    Suffix = model.Affix("end_of_word_suffix"),
                });
            case "WordPiece":
                return new WordPieceModel(ids, model.Affix("continuing_subword_prefix", "##"), Id(model.Text("unk_token") ?? "[UNK]"),
                    model.Number("max_input_chars_per_word") ?? 100);
            case "WordLevel":
                return new WordLevelModel(ids, Id(model.Text("unk_token") ?? "<unk>"));
            case "Unigram":
                return Unigram(model, ids, unigrams);
            default:
                throw TokenizerComponents.Unknown("model", model);
        }

        int Id(string token) => vocabulary.Ids.TryGetValue(token, out int id) ? id
            : throw new FormatException($"its unk_token '{TokenIds.Shown(token)}' is not in the vocabulary");
    }

    private static UnigramModel Unigram(JsonElement model, Dictionary<string, int> ids, JsonElement[] unigrams)
    {
        if (model.Needed("vocab").ValueKind != JsonValueKind.Array)
            throw new FormatException("the vocabulary of its Unigram model has no scores");
        (string, double)[] tokens = [.. unigrams.Select(token => (token.Entry(0).GetString()!, token.Entry(1).GetDouble()))];
        if (Array.Find(tokens, token => !double.IsFinite(token.Item2)) is { Item1: not null } wrong)
            throw new FormatException($"the score of the token '{TokenIds.Shown(wrong.Item1)}' is not finite");
        int? unknown = model.Number("unk_id");
        return unknown < 0 || unknown >= tokens.Length ? throw new FormatException(FormattableString.Invariant($"its unk_id {unknown} is not in the vocabulary"))
            : new UnigramModel(tokens, unknown, model.Flag("byte_fallback", false) ? new ByteTokens(ids) : null);
    }

    // "a b" or ["a", "b"]; only the latter can have spaces in tokens.
    private static List<(string, string)> Merges(JsonElement merges)
    {
        var list = new List<(string, string)>(merges.GetArrayLength());
        foreach (JsonElement merge in merges.EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2)
                list.Add((merge[0].GetString() ?? "", merge[1].GetString() ?? ""));
            else
                list.Add(Merge(merge.GetString() ?? "", list.Count));
        }
        return list;
    }

    /// <summary>The two sides of a merge that is written with a space between.</summary>
    public static (string Left, string Right) Merge(string text, int rank)
    {
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && space < text.Length - 1 && !text.AsSpan(space + 1).Contains(' ') ? (text[..space], text[(space + 1)..])
            : throw new FormatException(FormattableString.Invariant($"merge {rank} ('{TokenIds.Shown(text)}') does not have two sides"));
    }

    private static TokenPadding Padding(JsonElement padding, int size)
    {
        int id = padding.Number("pad_id") ?? 0;
        int? length = padding.Part("strategy") is { ValueKind: JsonValueKind.Object } strategy ? strategy.Number("Fixed") : null;
        if (id < 0 || id >= size || length < 0)
            throw new FormatException("its padding has an id or a length out of range");
        return new TokenPadding(id, padding.Number("pad_type_id") ?? 0, padding.Text("direction") == "Left", length, Math.Max(1, padding.Number("pad_to_multiple_of") ?? 1));
    }

    // Without the files beside it, the usual names of special tokens tell their roles.
    private static Dictionary<string, string> Roles(JsonElement root, TokenIds vocabulary, List<AddedToken> added)
    {
        HashSet<string> special = [.. added.Where(token => token.IsSpecial).Select(token => token.Content)];
        var roles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string role, string[] names) in SpecialNames.Usual)
        {
            if (Array.Find(names, special.Contains) is { } found)
                roles[role] = found;
        }
        JsonElement? processor = root.Part("post_processor");
        if (processor?.Text("type") is "BertProcessing" or "RobertaProcessing")
        {
            foreach (string role in new[] { "cls", "sep" })
            {
                if (processor.Value.Needed(role).Entry(0).GetString() is { } token && vocabulary.Ids.ContainsKey(token))
                    roles[role + "_token"] = token;
            }
        }
        return roles;
    }
}
