using System.Text;
using System.Text.Json;

namespace Heed;

/// <summary>Finds the files of a tokenizer and puts together what they say.</summary>
internal static class TokenizerFolder
{
    private const string Json = "tokenizer.json", Pieces = "vocab.txt", Ids = "vocab.json", Merges = "merges.txt";

    /// <summary>Reads the tokenizer of a folder or a file.</summary>
    public static TokenizerParts Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        PickledWeights.Refuse(path);
        string folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path)) ?? "";
        string file = Directory.Exists(path) ? Choose(path) : File.Exists(path) ? path : throw new InputException(
            "there is no such file or folder; give a model's folder or its tokenizer.json.", path);
        var config = TokenizerConfig.Read(folder);
        TokenizerParts parts = Path.GetExtension(file).ToUpperInvariant() switch
        {
            ".TXT" when Path.GetFileName(file) == Merges => BytePairs(Path.Combine(folder, Ids), file, config),
            ".TXT" => WordPieces(file, config),
            ".JSON" when Path.GetFileName(file) == Ids => BytePairs(file, Path.Combine(folder, Merges), config),
            ".MODEL" => throw new InputException("this is a SentencePiece model, which is not read; save it as tokenizer.json with Hugging Face's tools.", file),
            _ => TokenizerJson.Read(file),
        };
        var roles = new Dictionary<string, string>(parts.Roles, StringComparer.Ordinal);
        foreach ((string role, string token) in config.Roles)
            roles[role] = token;
        return parts with { Roles = roles };
    }

    private static string Choose(string folder)
    {
        foreach (string name in new[] { Json, Ids, Pieces })
        {
            if (File.Exists(Path.Combine(folder, name)))
                return Path.Combine(folder, name);
        }
        string model = Directory.EnumerateFiles(folder, "*.model").Order(StringComparer.Ordinal).FirstOrDefault() is { } found
            ? $"; {Path.GetFileName(found)} is a SentencePiece model, which is not read: save it as {Json} with Hugging Face's tools" : "";
        throw new InputException($"the folder has no tokenizer: neither {Json}, nor {Ids} and {Merges}, nor {Pieces}{model}.", folder);
    }

    /// <summary>BERT: a token a line.</summary>
    private static TokenizerParts WordPieces(string file, TokenizerConfig config)
    {
        TokenIds vocabulary = Guard(file, () =>
        {
            var tokens = new TokenIds();
            string[] lines = Lines(file);
            for (int id = 0; id < lines.Length; id++)
                tokens.Add(lines[id], id);
            tokens.ToArray();
            return tokens;
        });
        Dictionary<string, int> ids = vocabulary.Ids;
        string unknown = config.Roles.GetValueOrDefault("unk_token", "[UNK]");
        if (!ids.TryGetValue(unknown, out int unknownId))
            throw new InputException($"the token {unknown} is missing; this is no vocabulary of a WordPiece tokenizer.", file);
        // A vocabulary with capitals would never see them in lower case.
        bool lowersCase = config.LowersCase ?? !ids.Keys.Any(token => !token.StartsWith('[') && token.Any(char.IsAsciiLetterUpper));
        var model = new WordPieceModel(new Dictionary<string, int>(ids, StringComparer.Ordinal), "##", unknownId, 100);
        Dictionary<string, string> roles = UsualRoles(ids);
        List<AddedToken> added = config.Added(vocabulary, file);
        string cls = config.Roles.GetValueOrDefault("cls_token", "[CLS]"), sep = config.Roles.GetValueOrDefault("sep_token", "[SEP]");
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = model,
            Added = [.. added, .. Special(vocabulary, roles.Values.Concat(config.Roles.Values), added)],
            Normalizer = new BertNormalizer(cleansText: true, config.SeparatesIdeographs, config.StripsAccents ?? lowersCase, lowersCase),
            PreTokenizer = new PreTokenizer.Bert(),
            Decoder = new TokenDecoder.WordPiece("##", cleansUp: true),
            Template = ids.TryGetValue(cls, out int clsId) && ids.TryGetValue(sep, out int sepId) ? TokenTemplate.Bert(clsId, sepId) : TokenTemplate.Plain,
            Roles = roles,
        };
    }

    /// <summary>GPT-2, or RoBERTa if the vocabulary has its tokens.</summary>
    private static TokenizerParts BytePairs(string idsFile, string mergesFile, TokenizerConfig config)
    {
        foreach ((string file, string other) in new[] { (idsFile, mergesFile), (mergesFile, idsFile) })
        {
            if (!File.Exists(file))
                throw new InputException($"the file is missing; {Path.GetFileName(other)} is of no use without it.", file);
        }
        TokenIds vocabulary = JsonFile.Read(idsFile, "vocabulary", TokenizerJson.LargestFile, maximumDepth: 2, root =>
        {
            var tokens = new TokenIds();
            foreach (JsonProperty token in root.EnumerateObject())
                tokens.Add(token.Name, token.Value.GetInt32());
            tokens.ToArray();
            return tokens;
        }, TokenizerJson.Fix);
        var own = new Dictionary<string, int>(vocabulary.Ids, StringComparer.Ordinal);
        SubwordModel model = Guard(mergesFile, () => new BytePairModel(own,
            [.. Lines(mergesFile).Where((line, i) => line.Length > 0 && !(i == 0 && line.StartsWith("#version", StringComparison.Ordinal))).Select(TokenizerJson.Merge)],
            new BytePairOptions { UnknownId = config.Roles.TryGetValue("unk_token", out string? unknown) && own.TryGetValue(unknown, out int id) ? id : null }));
        Dictionary<string, string> roles = UsualRoles(own);
        List<AddedToken> added = config.Added(vocabulary, idsFile);
        bool isRoberta = own.TryGetValue("<s>", out int start) & own.TryGetValue("</s>", out int end) && own.ContainsKey("<mask>");
        if (isRoberta)
            (roles["cls_token"], roles["sep_token"]) = ("<s>", "</s>");
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = model,
            Added = [.. added, .. Special(vocabulary, roles.Values.Concat(config.Roles.Values), added)],
            PreTokenizer = new PreTokenizer.ByteLevel(config.AddsPrefixSpace, usesPattern: true),
            Decoder = new TokenDecoder.ByteLevel(),
            Template = isRoberta ? TokenTemplate.Roberta(start, end, trimsOffsets: true) : TokenTemplate.Plain with { TrimsOffsets = true },
            Roles = roles,
        };
    }

    private static Dictionary<string, string> UsualRoles(Dictionary<string, int> ids)
    {
        var roles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string role, string[] names) in SpecialNames.Usual)
        {
            if (Array.Find(names, ids.ContainsKey) is { } name)
                roles[role] = name;
        }
        return roles;
    }

    // RoBERTa's mask takes the space before it.
    private static IEnumerable<AddedToken> Special(TokenIds vocabulary, IEnumerable<string> tokens, List<AddedToken> added) =>
        tokens.Distinct(StringComparer.Ordinal).Where(token => vocabulary.Ids.TryGetValue(token, out int id) && !added.Exists(other => other.Id == id))
            .Select(token => new AddedToken(vocabulary.Ids[token], token) { IsSpecial = true, StripsLeft = token == "<mask>" });

    private static string[] Lines(string file)
    {
        if (new FileInfo(file).Length > TokenizerJson.LargestFile)
            throw new FormatException(FormattableString.Invariant($"it has more than {TokenizerJson.LargestFile} bytes"));
        return [.. File.ReadAllText(file, new UTF8Encoding(false, throwOnInvalidBytes: true)).Split('\n').Select(line => line.TrimEnd('\r')).Reverse().SkipWhile(line => line.Length == 0).Reverse()];
    }

    private static T Guard<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new InputException($"this tokenizer file cannot be read ({e.Message.Split('\n')[0].TrimEnd('.')}); {TokenizerJson.Fix}.", file, innerException: e);
        }
    }
}
