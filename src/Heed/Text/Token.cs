namespace Heed;

/// <summary>Where a token stands in the text that it was cut from.</summary>
/// <param name="Start">Index of the first UTF-16 unit, from 0.</param>
/// <param name="Length">Number of UTF-16 units, at least 1; 0 for a special token, which stands for nothing in the text.</param>
public readonly record struct Token(int Start, int Length)
{
    /// <summary>Index behind the last UTF-16 unit.</summary>
    public int End => Start + Length;

    /// <summary>The same place as a range, for <c>text[token.Range]</c>.</summary>
    public Range Range => Start..End;

    /// <summary>The characters of the token.</summary>
    /// <param name="text">The text that was cut.</param>
    public ReadOnlySpan<char> In(ReadOnlySpan<char> text) => text.Slice(Start, Length);
}
