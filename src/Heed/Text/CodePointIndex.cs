namespace Heed;

/// <summary>Turns offsets in UTF-16 units into offsets in code points, as languages with UTF-32 or UTF-8 strings count them.</summary>
/// <remarks>Half of a surrogate pair that stands alone counts as one. Immutable and thread-safe. Cost: linear once for a text with characters beyond the
/// basic plane, nothing for others.</remarks>
public sealed class CodePointIndex
{
    private readonly int length;
    private readonly int[]? before;

    /// <summary>Looks at a text.</summary>
    /// <param name="text">The text that offsets point into.</param>
    public CodePointIndex(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        length = text.Length;
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDBFF'))
            return;
        before = new int[length + 1];
        for (int i = 0, count = 0; i < length; i++)
        {
            bool isSecond = i > 0 && char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1]);
            count += isSecond ? 0 : 1;
            before[i + 1] = count;
        }
    }

    /// <summary>How many code points begin before an offset.</summary>
    /// <param name="offset">From 0 to the length of the text, in UTF-16 units.</param>
    public int this[int offset]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)length);
            return before is null ? offset : before[offset];
        }
    }

    /// <summary>A range in code points; one that begins inside of a surrogate pair begins behind it.</summary>
    /// <param name="range">In UTF-16 units.</param>
    public Range Of(Range range)
    {
        (int start, int count) = range.GetOffsetAndLength(length);
        return this[start]..this[start + count];
    }
}
