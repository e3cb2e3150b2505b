namespace Heed;

/// <summary>The four normalization forms of Unicode, with the place that each unit comes from.</summary>
/// <remarks><c>string.Normalize</c> asks the host's ICU, or changes nothing where there is none; the tokens of a text may not depend on either, so the
/// tables of Unicode 15 are here. Source: Unicode Standard Annex 15. A composed or reordered code point keeps the range of all that it was made of.</remarks>
internal static partial class UnicodeNormalization
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7, VowelCount = 21, TailCount = 28, HangulCount = 11172, LeadCount = 19;

    private static readonly Lazy<Dictionary<int, (int First, int Second)>> pairs = new(() =>
    {
        var map = new Dictionary<int, (int, int)>(Canonical.Length / 3);
        for (int i = 0; i < Canonical.Length; i += 3)
            map[Math.Abs(Canonical[i])] = (Canonical[i + 1], Canonical[i + 2]);
        return map;
    });

    private static readonly Lazy<Dictionary<(int, int), int>> composed = new(() =>
    {
        var map = new Dictionary<(int, int), int>();
        for (int i = 0; i < Canonical.Length; i += 3)
        {
            if (Canonical[i] > 0)
                map[(Canonical[i + 1], Canonical[i + 2])] = Canonical[i];
        }
        return map;
    });

    private static readonly Lazy<Dictionary<int, int>> compatible = new(() =>
    {
        var map = new Dictionary<int, int>();
        for (int i = 0; i < Compatibility.Length; i += 2 + Compatibility[i + 1])
            map[Compatibility[i]] = i + 1;
        return map;
    });

    /// <summary>Brings a text into a form.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="isCompatible">NFKC or NFKD instead of NFC or NFD.</param>
    /// <param name="isComposed">NFC or NFKC instead of NFD or NFKD.</param>
    public static AlignedText Apply(AlignedText text, bool isCompatible, bool isComposed)
    {
        // Below these nothing changes.
        char safe = isComposed && !isCompatible ? '\u0300' : isCompatible ? '\u00A0' : '\u00C0';
        ReadOnlySpan<char> span = text.Span;
        if (!span.ContainsAnyExceptInRange('\0', (char)(safe - 1)))
            return text;
        var writer = new AlignedText.Writer(span.Length + 16);
        var segment = new List<Mark>();
        for (int i = 0; i < span.Length;)
        {
            int codePoint = CodePoint.At(span, i, out int length);
            Decompose(codePoint, text.StartOf(i), text.EndOf(i + length - 1), isCompatible, segment);
            i += length;
            // A segment ends before what neither moves nor joins what stands before it.
            bool isBorder = i == span.Length || (span[i] < safe && span[i] < 0x300);
            if (!isBorder)
                continue;
            Order(segment);
            if (isComposed)
                Compose(segment);
            foreach (Mark mark in segment)
                writer.Add(mark.CodePoint, mark.Start, mark.End);
            segment.Clear();
        }
        return writer.ToText();
    }

    private static void Decompose(int codePoint, int start, int end, bool isCompatible, List<Mark> output)
    {
        if (codePoint < 0xA0)
        {
            output.Add(new Mark(codePoint, 0, start, end));
            return;
        }
        if (codePoint is >= HangulBase and < HangulBase + HangulCount)
        {
            int index = codePoint - HangulBase;
            output.Add(new Mark(LeadBase + index / (VowelCount * TailCount), 0, start, end));
            output.Add(new Mark(VowelBase + index % (VowelCount * TailCount) / TailCount, 0, start, end));
            if (index % TailCount > 0)
                output.Add(new Mark(TailBase + index % TailCount, 0, start, end));
        }
        else if (pairs.Value.TryGetValue(codePoint, out (int First, int Second) pair))
        {
            Decompose(pair.First, start, end, isCompatible, output);
            if (pair.Second > 0)
                Decompose(pair.Second, start, end, isCompatible, output);
        }
        else if (isCompatible && compatible.Value.TryGetValue(codePoint, out int at))
        {
            for (int i = 1; i <= Compatibility[at]; i++)
                Decompose(Compatibility[at + i], start, end, isCompatible, output);
        }
        else
            output.Add(new Mark(codePoint, Class(codePoint), start, end));
    }

    // Marks behind a starter by their class; a stable sort, which a list's own is not.
    private static void Order(List<Mark> marks)
    {
        for (int i = 0; i < marks.Count;)
        {
            if (marks[i].Class == 0)
            {
                i++;
                continue;
            }
            int end = i + 1;
            bool isOrdered = true;
            for (; end < marks.Count && marks[end].Class > 0; end++)
                isOrdered &= marks[end - 1].Class <= marks[end].Class;
            if (!isOrdered)
            {
                Mark[] ordered = [.. marks.GetRange(i, end - i).OrderBy(mark => mark.Class)];
                for (int k = i; k < end; k++)
                {
                    // The places stay in the order of the text: a range is that of all that changed places.
                    marks[k] = ordered[k - i] with { Start = marks[i].Start, End = marks[end - 1].End };
                }
            }
            i = end;
        }
    }

    private static void Compose(List<Mark> marks)
    {
        int starter = -1, count = 0, lastClass = 0;
        for (int i = 0; i < marks.Count; i++)
        {
            Mark mark = marks[i];
            bool isNext = starter == count - 1;
            if (starter >= 0 && (isNext || lastClass < mark.Class) && Join(marks[starter].CodePoint, mark.CodePoint) is > 0 and int joined)
            {
                marks[starter] = new Mark(joined, 0, Math.Min(marks[starter].Start, mark.Start), Math.Max(marks[starter].End, mark.End));
                continue;
            }
            if (mark.Class == 0)
                starter = count;
            lastClass = mark.Class;
            marks[count++] = mark;
        }
        marks.RemoveRange(count, marks.Count - count);
        // What stands between a starter and the mark that joined it may not begin before the starter ends in places.
        for (int i = 1; i < marks.Count; i++)
        {
            if (marks[i].End < marks[i - 1].End || marks[i].Start < marks[i - 1].Start)
                marks[i] = marks[i] with { Start = Math.Max(marks[i].Start, marks[i - 1].Start), End = Math.Max(marks[i].End, marks[i - 1].End) };
        }
    }

    private static int Join(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
            return HangulBase + ((first - LeadBase) * VowelCount + second - VowelBase) * TailCount;
        if (first is >= HangulBase and < HangulBase + HangulCount && (first - HangulBase) % TailCount == 0 && second is > TailBase and < TailBase + TailCount)
            return first + second - TailBase;
        return composed.Value.GetValueOrDefault((first, second));
    }

    private static int Class(int codePoint)
    {
        if (codePoint < 0x300)
            return 0;
        int low = 0, high = Classes.Length / 3 - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (codePoint < Classes[3 * middle])
                high = middle - 1;
            else if (codePoint > Classes[3 * middle + 1])
                low = middle + 1;
            else
                return Classes[3 * middle + 2];
        }
        return 0;
    }

    private readonly record struct Mark(int CodePoint, int Class, int Start, int End);
}
