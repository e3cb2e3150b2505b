namespace Heed;

/// <summary>Two texts that belong together (question and answer, old and new wording) as one string with a separator between them.</summary>
/// <remarks>The separator is the control character U+001E, a token of its own in every tokenizer. Whatever takes a text takes a pair: vocabulary,
/// splits, baselines, models; ranges point into the joined string. <see cref="TextEncoder"/> shortens the longer of the two first.</remarks>
public static class TextPair
{
    /// <summary>The character between the texts, which neither of them may hold.</summary>
    public const char Separator = '\u001E';

    /// <summary>Joins two texts; a separator inside of one becomes a space.</summary>
    /// <param name="first">The first text.</param>
    /// <param name="second">The second text.</param>
    public static string Join(string first, string second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return first.Replace(Separator, ' ') + Separator + second.Replace(Separator, ' ');
    }

    /// <summary>Where the two texts stand in a joined string.</summary>
    /// <param name="text">Any string.</param>
    /// <param name="first">The range of the first text; all of a string that is no pair.</param>
    /// <param name="second">The range of the second text; empty, at the end, of a string that is no pair.</param>
    /// <returns>Whether the string is a pair.</returns>
    public static bool TrySplit(string text, out Range first, out Range second)
    {
        ArgumentNullException.ThrowIfNull(text);
        int at = text.IndexOf(Separator, StringComparison.Ordinal);
        (first, second) = at < 0 ? (..text.Length, text.Length..text.Length) : (..at, (at + 1)..text.Length);
        return at >= 0;
    }
}
