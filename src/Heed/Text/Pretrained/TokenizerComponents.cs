using System.Text.Json;

namespace Heed;

/// <summary>Reads the components of a <c>tokenizer.json</c> that have no ids in them: normalizers, pre-tokenizers and decoders.</summary>
/// <remarks>A kind that is not known is refused by its name.</remarks>
internal static class TokenizerComponents
{
    private const char Metaspace = '\u2581';

    /// <summary>The kind <c>normalizer</c>.</summary>
    public static TextNormalizer Normalizer(JsonElement component)
    {
        switch (component.Kind())
        {
            case "Sequence":
                return new TextNormalizer.Sequence([.. component.Needed("normalizers").EnumerateArray().Select(Normalizer)]);
            case "BertNormalizer":
                bool lowersCase = component.Flag("lowercase", true);
                return new BertNormalizer(component.Flag("clean_text", true), component.Flag("handle_chinese_chars", true),
                    component.Flag("strip_accents", lowersCase), lowersCase);
            case "NFC":
                return new TextNormalizer.Form(isCompatible: false, isComposed: true);
            case "NFD":
                return new TextNormalizer.Form(isCompatible: false, isComposed: false);
            case "NFKC":
                return new TextNormalizer.Form(isCompatible: true, isComposed: true);
            case "NFKD":
                return new TextNormalizer.Form(isCompatible: true, isComposed: false);
            case "Lowercase":
                return new TextNormalizer.Lower();
            case "StripAccents":
                return new TextNormalizer.StripAccents();
            case "Strip":
                return new TextNormalizer.Strip(component.Flag("strip_left", true), component.Flag("strip_right", true));
            case "Prepend":
                return new TextNormalizer.Attach(component.Affix("prepend"), isBehind: false);
            case "Append":
                return new TextNormalizer.Attach(component.Affix("append"), isBehind: true);
            case "Replace":
                return new TextNormalizer.Replace(Pattern(component.Needed("pattern")), component.Affix("content"));
            case "Nmt":
                return new TextNormalizer.Nmt();
            case "ByteLevel":
                return new TextNormalizer.Bytes();
            case "Precompiled":
                return new PrecompiledNormalizer(component.Needed("precompiled_charsmap").GetBytesFromBase64());
            default:
                throw Unknown("normalizer", component);
        }
    }

    /// <summary>The kind <c>pre_tokenizer</c>.</summary>
    public static PreTokenizer PreTokenizer(JsonElement component)
    {
        switch (component.Kind())
        {
            case "Sequence":
                return new PreTokenizer.Sequence([.. component.Needed("pretokenizers").EnumerateArray().Select(PreTokenizer)]);
            case "ByteLevel":
                return new PreTokenizer.ByteLevel(component.Flag("add_prefix_space", true), component.Flag("use_regex", true));
            case "BertPreTokenizer":
                return new PreTokenizer.Bert();
            case "Whitespace":
                return new PreTokenizer.Words();
            case "WhitespaceSplit":
                return new PreTokenizer.SplitAt(CodePoint.IsWhiteSpace, SplitBehavior.Removed);
            case "Punctuation":
                return new PreTokenizer.SplitAt(CodePoint.IsPunctuation, Behavior(component));
            case "Digits":
                return new PreTokenizer.SplitAt(CodePoint.IsNumber, component.Flag("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous);
            case "Split":
                return new PreTokenizer.Split(Pattern(component.Needed("pattern")), Behavior(component), component.Flag("invert", false));
            case "Metaspace":
                return new PreTokenizer.Metaspace(component.Sign("replacement", Metaspace), Prepend(component), component.Flag("split", true));
            case "CharDelimiterSplit":
                char delimiter = component.Sign("delimiter", ' ');
                return new PreTokenizer.SplitAt(codePoint => codePoint == delimiter, SplitBehavior.Removed);
            default:
                throw Unknown("pre_tokenizer", component);
        }
    }

    /// <summary>The kind <c>decoder</c>.</summary>
    public static TokenDecoder Decoder(JsonElement component)
    {
        switch (component.Kind())
        {
            case "Sequence":
                return new TokenDecoder.Sequence([.. component.Needed("decoders").EnumerateArray().Select(Decoder)]);
            case "ByteLevel":
                return new TokenDecoder.ByteLevel();
            case "WordPiece":
                return new TokenDecoder.WordPiece(component.Affix("prefix", "##"), component.Flag("cleanup", true));
            case "Metaspace":
                return new TokenDecoder.Metaspace(component.Sign("replacement", Metaspace), Prepend(component) != MetaspacePrepend.Never);
            case "BPEDecoder":
                return new TokenDecoder.Suffix(component.Affix("suffix", "</w>"));
            case "ByteFallback":
                return new TokenDecoder.ByteFallback();
            case "Fuse":
                return new TokenDecoder.Fuse();
            case "Strip":
                return new TokenDecoder.Strip(component.Sign("content", ' '), component.Number("start") ?? 0, component.Number("stop") ?? 0);
            case "Replace":
                return new TokenDecoder.Replace(Pattern(component.Needed("pattern")), component.Affix("content"));
            default:
                throw Unknown("decoder", component);
        }
    }

    /// <summary>The error for a component of an unknown kind.</summary>
    public static FormatException Unknown(string component, JsonElement element) =>
        new($"its {component} '{TokenIds.Shown(element.Kind())}' is not supported");

    private static CodePointPattern Pattern(JsonElement pattern) =>
        pattern.Text("String") is { } text ? CodePointPattern.Literal(text) : new CodePointPattern(pattern.Needed("Regex").GetString()!);

    // Older files say add_prefix_space instead.
    private static MetaspacePrepend Prepend(JsonElement component) => component.Text("prepend_scheme") switch
    {
        null => component.Flag("add_prefix_space", true) ? MetaspacePrepend.Always : MetaspacePrepend.Never,
        "always" => MetaspacePrepend.Always,
        "first" => MetaspacePrepend.First,
        "never" => MetaspacePrepend.Never,
        { } other => throw new FormatException($"the prepend_scheme '{TokenIds.Shown(other)}' is not known"),
    };

    private static SplitBehavior Behavior(JsonElement component)
    {
        string name = component.Text("behavior") ?? nameof(SplitBehavior.Isolated);
        return Enum.TryParse(name, out SplitBehavior behavior) && Enum.GetName(behavior) == name ? behavior
            : throw new FormatException($"the behavior '{TokenIds.Shown(name)}' is not known");
    }
}
