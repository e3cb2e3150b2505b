using System.Text;

namespace Heed;

/// <summary>A text without what was to be redacted, with the way back to places in the original.</summary>
/// <remarks>Immutable and thread-safe. Cost: linear. An address is a run of letters, digits and <c>._%+-</c> before an <c>@</c> and a host name
/// with a dot behind it; neither spaces nor quoted forms are looked for.</remarks>
public sealed class RedactedText
{
    private const char EmailMark = '\u2709', NumberMark = '0';

    // Places of the redacted text where a mark stands, and where in the original what it replaces ends.
    private readonly (int At, int End)[] marks;

    private RedactedText(string text, (int At, int End)[] marks) => (Text, this.marks) = (text, marks);

    /// <summary>The text with a mark for each thing that was taken out.</summary>
    public string Text { get; }

    /// <summary>Redacts a text.</summary>
    /// <param name="text">The original.</param>
    /// <param name="redaction">What to take out.</param>
    public static RedactedText Of(string text, TextRedaction redaction)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (redaction == TextRedaction.None || !HasAny(text, redaction))
            return new RedactedText(text, []);
        var redacted = new StringBuilder(text.Length);
        var replaced = new List<(int, int)>();
        int copied = 0;
        foreach ((int start, int end, char mark) in Find(text, redaction))
        {
            redacted.Append(text, copied, start - copied);
            replaced.Add((redacted.Length, end));
            redacted.Append(mark);
            copied = end;
        }
        redacted.Append(text, copied, text.Length - copied);
        return new RedactedText(redacted.ToString(), [.. replaced]);
    }

    /// <summary>Where a token of the redacted text stands in the original; one that holds a mark covers all that the mark stands for.</summary>
    /// <param name="token">A token of <see cref="Text"/>.</param>
    public Token Original(Token token)
    {
        int start = Original(token.Start);
        return new Token(start, Original(token.End) - start);
    }

    // The marks before a place move it to where the last of them ends in the original.
    private int Original(int place)
    {
        int low = 0, high = marks.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = marks[middle].At < place ? (middle + 1, high) : (low, middle);
        }
        return low == 0 ? place : marks[low - 1].End + (place - marks[low - 1].At - 1);
    }

    private static bool HasAny(string text, TextRedaction redaction) =>
        (redaction.HasFlag(TextRedaction.Email) && text.Contains('@', StringComparison.Ordinal))
        || (redaction.HasFlag(TextRedaction.Number) && text.AsSpan().ContainsAnyInRange('0', '9')) || text.AsSpan().ContainsAnyExceptInRange('\0', '\x7F');

    private static IEnumerable<(int Start, int End, char Mark)> Find(string text, TextRedaction redaction)
    {
        bool emails = redaction.HasFlag(TextRedaction.Email), numbers = redaction.HasFlag(TextRedaction.Number);
        int next = emails ? FindEmail(text, 0, 0, out int emailEnd) : Missing(text, out emailEnd);
        for (int i = 0; i < text.Length;)
        {
            if (i == next)
            {
                yield return (next, emailEnd, EmailMark);
                i = emailEnd;
                next = FindEmail(text, i, i, out emailEnd);
            }
            else if (numbers && char.IsDigit(text[i]))
            {
                int end = NumberEnd(text, i, next);
                yield return (i, end, NumberMark);
                i = end;
            }
            else
            {
                i++;
            }
        }
    }

    private static int Missing(string text, out int end) => end = text.Length;

    // Where the next address begins, at or behind a place; the end of the text if there is none.
    private static int FindEmail(string text, int from, int notBefore, out int end)
    {
        for (int at = text.IndexOf('@', from); at >= 0; at = text.IndexOf('@', at + 1))
        {
            int start = at;
            while (start > notBefore && IsLocal(text[start - 1]))
                start--;
            end = HostEnd(text, at + 1);
            if (start < at && end > 0)
                return start;
            // What stands before this sign cannot belong to the next address.
            notBefore = at + 1;
        }
        return Missing(text, out end);
    }

    private static bool IsLocal(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '%' or '+' or '-';

    // The end of a host name with a dot inside; 0 if there is none.
    private static int HostEnd(string text, int at)
    {
        int end = at;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '.' or '-'))
            end++;
        while (end > at && (text[end - 1] is '.' or '-'))
            end--;
        int dot = text.AsSpan(at, end - at).LastIndexOf('.');
        return dot > 0 && end - at - dot > 2 ? end : 0;
    }

    private static int NumberEnd(string text, int i, int before)
    {
        while (i < before && (char.IsDigit(text[i]) || ((text[i] is '.' or ',' or ':' or '/' or '-' or '\'') && i + 1 < before && char.IsDigit(text[i + 1]))))
            i++;
        return i;
    }
}
