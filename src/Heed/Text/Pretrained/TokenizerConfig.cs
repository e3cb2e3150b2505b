using System.Text.Json;

namespace Heed;

/// <summary>What the files beside a tokenizer say: <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>, <c>added_tokens.json</c>.</summary>
internal sealed class TokenizerConfig
{
    private const long LargestFile = 16L << 20;

    private readonly List<(string Content, int Id, JsonElement Options)> added = [];

    /// <summary>The tokens with a role, as <c>cls_token</c>.</summary>
    public Dictionary<string, string> Roles { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether texts become lower case; null if it is not said.</summary>
    public bool? LowersCase { get; private set; }

    public bool? StripsAccents { get; private set; }

    public bool SeparatesIdeographs { get; private set; } = true;

    public bool AddsPrefixSpace { get; private set; }

    /// <summary>Reads the files of a folder that are there.</summary>
    public static TokenizerConfig Read(string folder)
    {
        var config = new TokenizerConfig();
        Read(folder, "special_tokens_map.json", config.ReadRoles);
        Read(folder, "tokenizer_config.json", config.ReadConfig);
        Read(folder, "added_tokens.json", root =>
        {
            foreach (JsonProperty token in root.EnumerateObject())
                config.added.Add((token.Name, token.Value.GetInt32(), default));
        });
        return config;
    }

    /// <summary>Added tokens, put into the vocabulary.</summary>
    public List<AddedToken> Added(TokenIds vocabulary, string file)
    {
        var tokens = new List<AddedToken>();
        var seen = new HashSet<(int, string)>();
        try
        {
            foreach ((string content, int id, JsonElement options) in added)
            {
                if (content.Length == 0 || !seen.Add((id, content)))
                    continue;
                if (!vocabulary.Ids.TryGetValue(content, out int known) || known != id)
                    vocabulary.Add(content, id);
                bool hasOptions = options.ValueKind == JsonValueKind.Object;
                bool isSpecial = Roles.ContainsValue(content) || (hasOptions && options.Flag("special", false));
                tokens.Add(new AddedToken(id, content)
                {
                    IsSpecial = isSpecial,
                    IsSingleWord = hasOptions && options.Flag("single_word", false),
                    StripsLeft = hasOptions && options.Flag("lstrip", false),
                    StripsRight = hasOptions && options.Flag("rstrip", false),
                    IsNormalized = hasOptions ? options.Flag("normalized", !isSpecial) : !isSpecial,
                });
            }
            vocabulary.ToArray();
        }
        catch (FormatException e)
        {
            throw new InputException($"the added tokens beside it do not go with this vocabulary ({e.Message}); {TokenizerJson.Fix}.", file, innerException: e);
        }
        return tokens;
    }

    private static void Read(string folder, string name, Action<JsonElement> read)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return;
        JsonFile.Read(path, "file of a tokenizer", LargestFile, maximumDepth: 64, root =>
        {
            read(root.ValueKind == JsonValueKind.Object ? root.Clone() : throw new FormatException("it is no object"));
            return true;
        }, TokenizerJson.Fix);
    }

    private void ReadConfig(JsonElement root)
    {
        ReadRoles(root);
        LowersCase = root.Part("do_lower_case")?.GetBoolean();
        StripsAccents = root.Part("strip_accents")?.GetBoolean();
        SeparatesIdeographs = root.Flag("tokenize_chinese_chars", true);
        AddsPrefixSpace = root.Flag("add_prefix_space", false);
        if (root.Part("added_tokens_decoder") is not { } decoder)
            return;
        foreach (JsonProperty token in decoder.EnumerateObject())
        {
            if (!int.TryParse(token.Name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id))
                throw new FormatException($"'{TokenIds.Shown(token.Name)}' is no id");
            added.Add((token.Value.Text("content") ?? "", id, token.Value));
        }
    }

    // "[CLS]" or {"content": "[CLS]", …}.
    private void ReadRoles(JsonElement root)
    {
        foreach ((string role, _) in SpecialNames.Usual)
        {
            if (root.Part(role) is { } token && (token.ValueKind == JsonValueKind.Object ? token.Text("content") : token.GetString()) is { Length: > 0 } content)
                Roles[role] = content;
        }
    }
}
