namespace Heed;

/// <summary>A token that is looked for in the text before anything else, such as <c>[MASK]</c>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>Whether decoding leaves it out unless asked.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>Whether no letter, digit or mark may stand beside it.</summary>
    public bool IsSingleWord { get; init; }

    /// <summary>Whether it takes the white space before it.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>Whether it takes the white space behind it.</summary>
    public bool StripsRight { get; init; }

    /// <summary>Whether it is looked for in the normalized text, in its own normalized form.</summary>
    public bool IsNormalized { get; init; }
}
