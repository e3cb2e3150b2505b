namespace Heed;

/// <summary>What a pretrained tokenizer is made of, as its files say.</summary>
internal sealed record TokenizerParts
{
    public required TokenIds Vocabulary { get; init; }

    public required SubwordModel Model { get; init; }

    public IReadOnlyList<AddedToken> Added { get; init; } = [];

    public TextNormalizer? Normalizer { get; init; }

    public PreTokenizer? PreTokenizer { get; init; }

    public TokenDecoder? Decoder { get; init; }

    public TokenTemplate Template { get; init; } = TokenTemplate.Plain;

    public int? MaximumLength { get; init; }

    /// <summary>Whether what is too long loses its beginning.</summary>
    public bool CutsLeft { get; init; }

    public TokenPadding? Padding { get; init; }

    /// <summary>Tokens with a role, as <c>cls_token</c>.</summary>
    public IReadOnlyDictionary<string, string> Roles { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
