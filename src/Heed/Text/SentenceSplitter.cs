namespace Heed;

/// <summary>Where sentences begin and end in a text.</summary>
/// <remarks>
/// <para>A sentence ends behind . ! ? … or their CJK forms, with the quotes and brackets that close there, if white space or the end follows (CJK forms need none); at an empty line, at two HTML line breaks, and at the separator of a
/// <see cref="TextPair"/>. It does not end behind a full stop that belongs to an abbreviation (Dr., e.g., J. of J. Smith), inside of a number, or where a small letter goes on: <c>"Stop!" he said.</c> (unless the text has no capitals at all). A single line end is a space,
/// unless the line ends a sentence or the next one begins as an item of a list.</para>
/// <para>Rules, no dictionary of a language: titles and a few abbreviations of European languages are known. The ranges leave white space out and cover everything else. The empty text has no sentence.</para>
/// <para>Deterministic, culture-invariant, linear in the length, thread-safe.</para>
/// </remarks>
public static class SentenceSplitter
{
    private const string Closers = "\"'”’»›)]}」』）］】》〉｣＂＇";
    private const string Wide = "。！？｡．";

    // What a name or a number follows: a full stop behind them ends nothing.
    private static readonly HashSet<string> titles = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "mt", "gen", "col", "capt", "lt", "sgt", "rev", "hon", "pres", "gov", "sen", "rep", "messrs", "mme", "mlle", "fr", "hr", "nr", "no", "fig", "figs", "eq", "vol", "pp", "ed", "eds", "vs", "cf",
        "bzw", "ca", "evtl", "ggf", "inkl", "usw", "vgl", "sra", "dra", "dott", "sig", "approx", "dept", "univ", "e.g", "i.e", "z.b", "d.h", "u.a", "p.ex",
    };

    /// <summary>The sentences in order.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>Ranges in UTF-16 units, without white space at their ends; none is empty.</returns>
    public static IReadOnlyList<Range> Split(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<Range> sentences = [];
        int start = 0, at = 0;
        // In a text of small letters they tell nothing.
        bool hasCapitals = text.Any(char.IsUpper);
        while (at < text.Length)
        {
            int end = EndAt(text, at, hasCapitals, out int next);
            if (end >= 0)
            {
                Add(text, start, end, sentences);
                start = next;
            }
            at = Math.Max(next, at + 1);
        }
        Add(text, start, text.Length, sentences);
        return sentences;
    }

    // The end of the sentence if one ends with what stands here, else −1; and where to go on.
    private static int EndAt(string text, int at, bool hasCapitals, out int next)
    {
        char c = text[at];
        next = at + 1;
        if (c == TextPair.Separator || c == '\u2029')
            return at;
        if (IsLineBreak(text, at, out int behind))
            return Lines(text, at, behind, out next);
        if (Wide.Contains(c, StringComparison.Ordinal) || c is '.' or '!' or '?' or '…' or '‽')
            return Mark(text, at, hasCapitals, out next);
        return -1;
    }

    private static int Mark(string text, int at, bool hasCapitals, out int next)
    {
        int end = at;
        bool isWide = false, hasOther = false;
        while (end < text.Length && (Wide.Contains(text[end], StringComparison.Ordinal) || text[end] is '.' or '!' or '?' or '…' or '‽'))
        {
            isWide |= Wide.Contains(text[end], StringComparison.Ordinal);
            hasOther |= text[end] != '.';
            end++;
        }
        bool isSingleStop = end == at + 1 && !hasOther;
        while (end < text.Length && Closers.Contains(text[end], StringComparison.Ordinal))
            end++;
        next = end;
        if (isWide)
            return end;
        int after = end;
        while (after < text.Length && char.IsWhiteSpace(text[after]))
            after++;
        if (after == text.Length || IsLineBreak(text, after, out _))
            return end;
        if (after == end)
            return -1;
        return (hasCapitals && char.IsLower(text[after])) || (isSingleStop && IsAbbreviation(text, at, text[after])) ? -1 : end;
    }

    private static bool IsAbbreviation(string text, int stop, char next)
    {
        int from = stop;
        while (from > 0 && (char.IsLetter(text[from - 1]) || (text[from - 1] == '.' && from < stop && from > 1 && char.IsLetter(text[from - 2]))))
            from--;
        string word = text[from..stop];
        if (titles.Contains(word))
            return true;
        // A number with a stop is an ordinal where a small letter or a number follows ("am 3. Mai" begins a sentence only by its capital).
        if (word.Length == 0)
            return stop > 0 && char.IsDigit(text[stop - 1]) && char.IsDigit(next);
        bool isInitial = word.Length == 1 && char.IsUpper(word[0]) && !(word is "I" && stop > 2 && text[stop - 2] == ' ' && char.IsLower(text[stop - 3]));
        return isInitial && char.IsUpper(next);
    }

    // One line end is a space, unless an item of a list follows; two end a paragraph.
    private static int Lines(string text, int at, int behind, out int next)
    {
        int breaks = 1, to = behind;
        while (to < text.Length)
        {
            if (IsLineBreak(text, to, out int further))
            {
                breaks++;
                to = further;
            }
            else if (char.IsWhiteSpace(text[to]))
            {
                to++;
            }
            else
            {
                break;
            }
        }
        next = to;
        return breaks > 1 || to == text.Length || IsListItem(text, to) ? at : -1;
    }

    private static bool IsListItem(string text, int at)
    {
        int digits = at;
        while (digits < text.Length && char.IsDigit(text[digits]))
            digits++;
        int mark = digits > at && digits < text.Length && text[digits] is '.' or ')' ? digits + 1 : digits == at && text[at] is '-' or '*' or '•' or '–' ? at + 1 : text.Length;
        return mark < text.Length && text[mark] == ' ';
    }

    // A line end, or the tag <br>, <br/>, <br />.
    private static bool IsLineBreak(string text, int at, out int behind)
    {
        behind = at + 1;
        if (text[at] == '\r' && behind < text.Length && text[behind] == '\n')
            behind++;
        if (text[at] is '\n' or '\r' or '\u2028' or '\u0085')
            return true;
        if (text[at] != '<' || !text.AsSpan(at).StartsWith("<br", StringComparison.OrdinalIgnoreCase))
            return false;
        behind = at + 3;
        while (behind < text.Length && text[behind] is ' ' or '/')
            behind++;
        return behind++ < text.Length && text[behind - 1] == '>';
    }

    private static void Add(string text, int start, int end, List<Range> sentences)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
            start++;
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        if (end > start)
            sentences.Add(start..end);
    }

    /// <summary>The number of each token's sentence, from 0; a sentence longer than <paramref name="longest"/> tokens is cut there and goes on as another.</summary>
    internal static int[] NumbersOf(string text, IReadOnlyList<Token> tokens, int longest)
    {
        IReadOnlyList<Range> sentences = Split(text);
        int[] numbers = new int[tokens.Count];
        int sentence = 0, number = -1, length = 0;
        for (int t = 0, last = -1; t < numbers.Length; t++)
        {
            while (sentence + 1 < sentences.Count && tokens[t].Start >= sentences[sentence + 1].Start.Value)
                sentence++;
            if (sentence != last || length == longest)
                (last, length, number) = (sentence, 0, number + 1);
            length++;
            numbers[t] = number;
        }
        return numbers;
    }
}
