namespace Heed;

/// <summary>The built-in tokenizers by name.</summary>
internal static class TokenKinds
{
    public const string Word = "word", Character = "character", BytePair = BytePairTokenizer.TokenizerName;

    public static readonly IReadOnlyList<string> Names = [Word, Character, BytePair];

    /// <summary>A tokenizer that has nothing to learn; null for another name.</summary>
    public static ITokenizer? Find(string name, bool lowerCase) => name switch
    {
        Word => new WordTokenizer(lowerCase),
        Character => new CharacterTokenizer(lowerCase),
        _ => null,
    };
}
