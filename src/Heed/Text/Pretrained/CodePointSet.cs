using System.Globalization;

namespace Heed;

/// <summary>A set of code points as sorted ranges, with a bit for each unit of the basic plane.</summary>
/// <remarks>Immutable; equal to what a class such as <c>[^\s\p{L}]</c> means, beyond the basic plane too.</remarks>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF;

    // Before the sets that are made of them: static members are filled in the order of the text.
    private static readonly Lazy<(int Upper, int Lower)[]> CasePairs = new(() =>
        [.. Enumerable.Range(0, 0x1EA00).Select(c => (c, LowerCase.Of(c))).Where(pair => pair.c != pair.Item2), (0x17F, 's')]);

    private static readonly Lazy<Dictionary<string, List<int>>> Categories = new(() =>
    {
        var categories = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        int start = 0;
        UnicodeCategory at = CodePoint.Category(0);
        for (int c = 1; c <= Last + 1; c++)
        {
            UnicodeCategory here = c > Last ? at : CodePoint.Category(c);
            if (here == at && c <= Last)
                continue;
            if (!categories.TryGetValue(ShortName(at), out List<int>? ranges))
                categories[ShortName(at)] = ranges = [];
            ranges.AddRange([start, c - 1]);
            (start, at) = (c, here);
        }
        return categories;
    });

    // first, last, first, last, …: sorted, with gaps between.
    private readonly int[] ranges;
    private ulong[]? plane;

    private CodePointSet(int[] ranges) => this.ranges = ranges;

    public static CodePointSet Empty { get; } = new([]);

    public static CodePointSet All { get; } = new([0, Last]);

    public static CodePointSet WhiteSpace { get; } = Where(char.MaxValue, CodePoint.IsWhiteSpace);

    /// <summary>Letters, marks, decimal digits, connectors, joiners and what else counts as alphabetic: words of Rust's <c>regex</c>.</summary>
    public static CodePointSet Word { get; } = Of("L").Or(Of("M")).Or(Of("Nd")).Or(Of("Nl")).Or(Of("Pc"))
        .Or(Range(0x24B6, 0x24E9)).Or(Range(0x1F130, 0x1F149)).Or(Range(0x1F150, 0x1F169)).Or(Range(0x1F170, 0x1F189)).Or(Range(0x200C, 0x200D));

    /// <summary>What <c>\w</c> means in a pattern, which Oniguruma reads: without joiners, with the numbers of Latin-1.</summary>
    public static CodePointSet PatternWord { get; } = Word.And(Range(0x200C, 0x200D).Not()).Or(Range(0xB2, 0xB3)).Or(Range(0xB9, 0xB9)).Or(Range(0xBC, 0xBE));

    /// <summary>The one range, or a single code point.</summary>
    public static CodePointSet Range(int first, int last) => first > last ? Empty : new([first, last]);

    /// <summary>A general category by its short name (<c>L</c>, <c>Lu</c>) or one of a few scripts (<c>Han</c>); null for others.</summary>
    public static CodePointSet? Find(string name)
    {
        if (name is "Any")
            return All;
        if (name is "White_Space" or "space" or "Space")
            return WhiteSpace;
        if (Scripts(name) is { } script)
            return FromRanges(script);
        if (name is "LC" or "L&")
            return Of("Lu").Or(Of("Ll")).Or(Of("Lt"));
        bool isKnown = false;
        for (UnicodeCategory category = UnicodeCategory.UppercaseLetter; category <= UnicodeCategory.OtherNotAssigned; category++)
            isKnown |= name.Length is 1 or 2 && ShortName(category).StartsWith(name, StringComparison.Ordinal);
        return isKnown ? Of(name) : null;
    }

    /// <summary>The least member; −1 if there is none.</summary>
    public int First => ranges.Length == 0 ? -1 : ranges[0];

    /// <summary>Whether this is one code point alone.</summary>
    public bool IsSingle => ranges.Length == 2 && ranges[0] == ranges[1];

    public bool Contains(int codePoint) =>
        codePoint <= char.MaxValue ? ((plane ??= Plane())[codePoint >> 6] & (1UL << (codePoint & 63))) != 0 : Search(codePoint);

    public void AddTo(List<int> members) => members.AddRange(ranges);

    public CodePointSet Or(CodePointSet other) => FromRanges([.. ranges, .. other.ranges]);

    public CodePointSet Not()
    {
        var gaps = new List<int>();
        int next = 0;
        for (int i = 0; i < ranges.Length; i += 2)
        {
            if (ranges[i] > next)
                gaps.AddRange([next, ranges[i] - 1]);
            next = ranges[i + 1] + 1;
        }
        if (next <= Last)
            gaps.AddRange([next, Last]);
        return new CodePointSet([.. gaps]);
    }

    public CodePointSet And(CodePointSet other) => Not().Or(other.Not()).Not();

    /// <summary>With the other cases of all members, by simple mappings; U+017F counts as <c>s</c>.</summary>
    public CodePointSet IgnoringCase()
    {
        var all = new List<int>(ranges);
        foreach ((int upper, int lower) in CasePairs.Value)
        {
            if (Search(upper))
                all.AddRange([lower, lower]);
        }
        CodePointSet lowered = FromRanges(all);
        foreach ((int upper, int lower) in CasePairs.Value)
        {
            if (lowered.Search(lower))
                all.AddRange([upper, upper]);
        }
        return FromRanges(all);
    }

    private ulong[] Plane()
    {
        var bits = new ulong[0x10000 / 64];
        for (int i = 0; i < ranges.Length && ranges[i] <= char.MaxValue; i += 2)
        {
            for (int c = ranges[i]; c <= Math.Min(ranges[i + 1], char.MaxValue); c++)
                bits[c >> 6] |= 1UL << (c & 63);
        }
        return bits;
    }

    private bool Search(int codePoint)
    {
        int low = 0, high = ranges.Length / 2 - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (codePoint < ranges[2 * middle])
                high = middle - 1;
            else if (codePoint > ranges[2 * middle + 1])
                low = middle + 1;
            else
                return true;
        }
        return false;
    }

    private static CodePointSet Of(string category) =>
        FromRanges(Categories.Value.Where(pair => pair.Key.StartsWith(category, StringComparison.Ordinal)).SelectMany(pair => pair.Value));

    private static CodePointSet Where(int last, Func<int, bool> isIn) => FromRanges(Enumerable.Range(0, last + 1).Where(isIn).SelectMany(c => new[] { c, c }));

    /// <summary>The union of ranges: first, last, first, last, … in any order.</summary>
    public static CodePointSet FromRanges(IEnumerable<int> pairs)
    {
        var merged = new List<int>();
        foreach (int[] pair in pairs.Chunk(2).OrderBy(pair => pair[0]))
        {
            if (merged.Count > 0 && pair[0] <= merged[^1] + 1)
                merged[^1] = Math.Max(merged[^1], pair[1]);
            else
                merged.AddRange(pair);
        }
        return new CodePointSet([.. merged]);
    }

    // In the order of the enumeration.
    private static string ShortName(UnicodeCategory category) =>
        "LuLlLtLmLoMnMcMeNdNlNoZsZlZpCcCfCsCoPcPdPsPePiPfPoSmScSkSoCn".Substring(2 * (int)category, 2);

    private static int[]? Scripts(string name) => name switch
    {
        "Han" or "Script=Han" =>
        [
            0x2E80, 0x2E99, 0x2E9B, 0x2EF3, 0x2F00, 0x2FD5, 0x3005, 0x3005, 0x3007, 0x3007, 0x3021, 0x3029, 0x3038, 0x303B, 0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xF900, 0xFA6D,
            0xFA70, 0xFAD9, 0x16FE2, 0x16FE3, 0x16FF0, 0x16FF1, 0x20000, 0x2A6DF, 0x2A700, 0x2B739, 0x2B740, 0x2B81D, 0x2B820, 0x2CEA1, 0x2CEB0, 0x2EBE0, 0x2EBF0, 0x2EE5D,
            0x2F800, 0x2FA1D, 0x30000, 0x3134A, 0x31350, 0x323AF,
        ],
        "Hiragana" => [0x3041, 0x3096, 0x309D, 0x309F, 0x1B001, 0x1B11F, 0x1B132, 0x1B132, 0x1B150, 0x1B152, 0x1F200, 0x1F200],
        "Katakana" =>
        [
            0x30A1, 0x30FA, 0x30FD, 0x30FF, 0x31F0, 0x31FF, 0x32D0, 0x32FE, 0x3300, 0x3357, 0xFF66, 0xFF6F, 0xFF71, 0xFF9D, 0x1AFF0, 0x1AFF3, 0x1AFF5, 0x1AFFB, 0x1AFFD, 0x1AFFE,
            0x1B000, 0x1B000, 0x1B120, 0x1B122, 0x1B155, 0x1B155, 0x1B164, 0x1B167,
        ],
        "Hangul" =>
        [
            0x1100, 0x11FF, 0x302E, 0x302F, 0x3131, 0x318E, 0x3200, 0x321E, 0x3260, 0x327E, 0xA960, 0xA97C, 0xAC00, 0xD7A3, 0xD7B0, 0xD7C6, 0xD7CB, 0xD7FB, 0xFFA0, 0xFFBE,
            0xFFC2, 0xFFC7, 0xFFCA, 0xFFCF, 0xFFD2, 0xFFD7, 0xFFDA, 0xFFDC,
        ],
        _ => null,
    };
}
