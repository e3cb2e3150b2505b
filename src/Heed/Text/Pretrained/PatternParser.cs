using System.Globalization;

namespace Heed;

/// <summary>Reads the regular expressions of tokenizer files: those parts of the syntax of Oniguruma and of Rust's <c>regex</c> that mean the same in both.</summary>
/// <remarks><c>^</c> and <c>$</c> stand at every line, as in Oniguruma's Ruby syntax. Classes with categories, scripts and set operations; groups, case-insensitive groups, look-around, greedy, lazy and possessive repetition. Back
/// references, conditions and named scripts beyond four are refused by name. A pattern's size and depth are bounded.</remarks>
/// <exception cref="FormatException">The pattern is wrong or has what is not supported; the message shows where.</exception>
internal sealed class PatternParser
{
    private const int MaximumLength = 5000, MaximumDepth = 50, MaximumCount = 1000;

    private static readonly CodePointSet digits = CodePointSet.Find("Nd")!;
    private static readonly CodePointSet notLineFeed = CodePointSet.Range('\n', '\n').Not();

    private readonly string pattern;
    private int at, depth;
    private bool ignoreCase, isDotAll;

    private PatternParser(string pattern) => this.pattern = pattern;

    public static PatternNode Parse(string pattern)
    {
        if (pattern.Length > MaximumLength)
            throw new FormatException(FormattableString.Invariant($"a regular expression has {pattern.Length} characters, more than {MaximumLength}"));
        var parser = new PatternParser(pattern);
        PatternNode node = parser.Choice();
        return parser.at == pattern.Length ? node : throw parser.Wrong("a ')' without '('");
    }

    /// <summary>A pattern that is just this text.</summary>
    public static PatternNode Literal(string text)
    {
        var parts = new List<PatternNode>();
        for (int i = 0; i < text.Length;)
        {
            int codePoint = CodePoint.At(text, i, out int length);
            parts.Add(new PatternNode.One(CodePointSet.Range(codePoint, codePoint)));
            i += length;
        }
        return new PatternNode.Sequence(parts);
    }

    private FormatException Wrong(string what) =>
        new(FormattableString.Invariant($"the regular expression '{(pattern.Length > 80 ? pattern[..80] + "…" : pattern)}' has {what} at {at}"));

    private bool Take(string text)
    {
        if (string.CompareOrdinal(pattern, at, text, 0, text.Length) != 0)
            return false;
        at += text.Length;
        return true;
    }

    private char Next() => at < pattern.Length ? pattern[at++] : throw Wrong("an unexpected end");

    private PatternNode Choice()
    {
        if (++depth > MaximumDepth)
            throw Wrong("groups nested too deeply");
        // An option such as (?i) holds up to the end of its group.
        (bool, bool) options = (ignoreCase, isDotAll);
        var parts = new List<PatternNode>();
        do
            parts.Add(Sequence());
        while (Take("|"));
        (ignoreCase, isDotAll) = options;
        depth--;
        return parts.Count == 1 ? parts[0] : new PatternNode.Choice(parts);
    }

    private PatternNode.Sequence Sequence()
    {
        var parts = new List<PatternNode>();
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
            parts.Add(Repeated(Atom()));
        return new PatternNode.Sequence(parts);
    }

    private PatternNode Repeated(PatternNode part)
    {
        while (at < pattern.Length)
        {
            RepeatKind kind;
            if (Counts(out int minimum, out int maximum))
            {
                // In Ruby's syntax a '+' behind a count repeats it, and a '?' behind {n} makes it optional.
                kind = minimum < maximum && Take("?") ? RepeatKind.Lazy : RepeatKind.Greedy;
            }
            else
            {
                if (Take("?"))
                    maximum = 1;
                else if (Take("+"))
                    minimum = 1;
                else if (!Take("*"))
                    return part;
                kind = Take("?") ? RepeatKind.Lazy : Take("+") ? RepeatKind.Possessive : RepeatKind.Greedy;
            }
            if (part.Least == 0 && maximum > 1)
                throw Wrong("a repetition of what may be empty, which is not supported,");
            part = new PatternNode.Repeat(part, minimum, maximum, kind);
        }
        return part;
    }

    // {2}, {2,}, {,2}, {2,5}; anything else in braces is text.
    private bool Counts(out int minimum, out int maximum)
    {
        (minimum, maximum) = (0, int.MaxValue);
        int end = at < pattern.Length && pattern[at] == '{' ? pattern.IndexOf('}', at) : -1;
        if (end < 0)
            return false;
        string[] counts = pattern[(at + 1)..end].Split(',');
        if (counts.Length > 2 || counts.All(count => count.Length == 0) || !counts.All(count => count.Length <= 9 && count.All(char.IsAsciiDigit)))
            return false;
        if (counts[0].Length > 0)
            minimum = int.Parse(counts[0], CultureInfo.InvariantCulture);
        if (counts[^1].Length > 0)
            maximum = int.Parse(counts[^1], CultureInfo.InvariantCulture);
        if (minimum > maximum || minimum > MaximumCount || (maximum > MaximumCount && maximum < int.MaxValue))
            throw Wrong("a count out of range");
        at = end + 1;
        return true;
    }

    private PatternNode Atom()
    {
        char c = pattern[at];
        switch (c)
        {
            case '(':
                at++;
                return Group();
            case '[':
                at++;
                return One(Class());
            case '.':
                at++;
                return One(isDotAll ? CodePointSet.All : notLineFeed);
            case '^':
                at++;
                return new PatternNode.Place(PatternPlace.LineStart);
            case '$':
                at++;
                return new PatternNode.Place(PatternPlace.LineEnd);
            case '*' or '+' or '?':
                throw Wrong("nothing to repeat");
            case '\\':
                if (Take(@"\b"))
                    return new PatternNode.Place(PatternPlace.Border);
                if (Take(@"\B"))
                    return new PatternNode.Place(PatternPlace.NoBorder);
                if (Take(@"\A"))
                    return new PatternNode.Place(PatternPlace.Start);
                if (Take(@"\z"))
                    return new PatternNode.Place(PatternPlace.End);
                if (Take(@"\Z"))
                    return new PatternNode.Place(PatternPlace.BeforeLastLine);
                return One(Escape());
            default:
                return One(Single(Literal()));
        }
    }

    private PatternNode.One One(CodePointSet set) => new(ignoreCase ? set.IgnoringCase() : set);

    private static CodePointSet Single(int codePoint) => CodePointSet.Range(codePoint, codePoint);

    private int Literal()
    {
        int codePoint = CodePoint.At(pattern, at, out int length);
        at += length;
        return codePoint;
    }

    private PatternNode Group()
    {
        (bool, bool) options = (ignoreCase, isDotAll);
        PatternNode node;
        if (Take("?=") || Take("?!"))
        {
            bool isNegative = pattern[at - 1] == '!';
            node = new PatternNode.Look(Choice(), IsBehind: false, isNegative);
        }
        else if (Take("?<=") || Take("?<!"))
        {
            bool isNegative = pattern[at - 1] == '!';
            PatternNode part = Choice();
            while (part is PatternNode.Sequence { Parts.Count: 1 } sequence)
                part = sequence.Parts[0];
            node = part is PatternNode.One ? new PatternNode.Look(part, IsBehind: true, isNegative)
                : throw Wrong("a look behind of more than one character, which is not supported,");
        }
        else if (Take("?>"))
            node = new PatternNode.Atomic(Choice());
        else
        {
            if (Take("?P<") || Take("?<"))
                Name();
            else if (Take("?"))
            {
                // Without a colon the options hold for the rest of the group around.
                if (!Options())
                    return new PatternNode.Sequence([]);
            }
            node = Choice();
        }
        (ignoreCase, isDotAll) = options;
        return Take(")") ? node : throw Wrong("a '(' without ')'");
    }

    private void Name()
    {
        while (Next() is char c && c != '>')
        {
            if (c != '_' && !char.IsAsciiLetterOrDigit(c))
                throw Wrong("a group of an unknown kind");
        }
    }

    private bool Options()
    {
        bool isOn = true;
        while (true)
        {
            switch (Next())
            {
                case 'i': ignoreCase = isOn; break;
                // Oniguruma calls "the dot takes line feeds too" m, the others s.
                case 's' or 'm': isDotAll = isOn; break;
                case 'u': break;
                case '-': isOn = false; break;
                case ':': return true;
                case ')': return false;
                default: throw Wrong("a group of an unknown kind");
            }
        }
    }

    private CodePointSet Escape()
    {
        at++;
        char c = Next();
        switch (c)
        {
            case 's': return CodePointSet.WhiteSpace;
            case 'S': return CodePointSet.WhiteSpace.Not();
            case 'd': return digits;
            case 'D': return digits.Not();
            case 'w': return CodePointSet.PatternWord;
            case 'W': return CodePointSet.PatternWord.Not();
            case 'p' or 'P': return Property(c == 'P');
            case 'R': return CodePointSet.Range('\n', '\r').Or(Single(0x85)).Or(CodePointSet.Range(0x2028, 0x2029));
            case 'n': return Single('\n');
            case 'r': return Single('\r');
            case 't': return Single('\t');
            case 'f': return Single('\f');
            case 'v': return Single('\v');
            case 'a': return Single('\a');
            case 'e': return Single(0x1B);
            case '0': return Single(0);
            case 'x': return Single(Take("{") ? Hex(pattern.IndexOf('}', at) - at, 1) : Hex(2, 0));
            case 'u': return Single(Take("{") ? Hex(pattern.IndexOf('}', at) - at, 1) : Hex(4, 0));
            case 'U': return Single(Hex(8, 0));
        }
        if (char.IsAsciiLetterOrDigit(c))
        {
            at--;
            throw Wrong($"\\{c}, which is not supported,");
        }
        at--;
        return Single(Literal());
    }

    private int Hex(int length, int closing)
    {
        if (length is < 1 or > 8 || at + length + closing > pattern.Length
            || !int.TryParse(pattern.AsSpan(at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || value is < 0 or > 0x10FFFF)
            throw Wrong("a wrong number of a character");
        at += length + closing;
        return value;
    }

    private CodePointSet Property(bool isNegative)
    {
        string name = Next().ToString();
        if (name == "{")
        {
            int end = pattern.IndexOf('}', at);
            name = end < 0 ? throw Wrong("a '{' without '}'") : pattern[at..end];
            at = end + 1;
            if (name.StartsWith('^'))
                (isNegative, name) = (!isNegative, name[1..]);
        }
        CodePointSet set = CodePointSet.Find(name) ?? throw Wrong($"the property '{(name.Length > 40 ? name[..40] : name)}', which is not supported,");
        return isNegative ? set.Not() : set;
    }

    private CodePointSet Class()
    {
        if (++depth > MaximumDepth)
            throw Wrong("classes nested too deeply");
        bool isNegative = Take("^"), isFirst = true;
        var members = new List<int>();
        CodePointSet? both = null;
        while (isFirst || !Take("]"))
        {
            if (at == pattern.Length)
                throw Wrong("a '[' without ']'");
            if (Take("&&"))
            {
                both = CodePointSet.FromRanges(members).And(both ?? CodePointSet.All);
                members.Clear();
            }
            else
                (Take("[:") ? Posix() : Take("[") ? Class() : Span()).AddTo(members);
            isFirst = false;
        }
        depth--;
        CodePointSet set = CodePointSet.FromRanges(members);
        set = both is null ? set : both.And(set);
        // Case is ignored before the class is turned round.
        return isNegative ? (ignoreCase ? set.IgnoringCase() : set).Not() : set;
    }

    private CodePointSet Posix()
    {
        bool isNegative = Take("^");
        int end = pattern.IndexOf(":]", at, StringComparison.Ordinal);
        string name = end < 0 ? throw Wrong("'[:' without ':]'") : pattern[at..end];
        CodePointSet set = name switch
        {
            "digit" => digits,
            "space" => CodePointSet.WhiteSpace,
            "punct" => CodePointSet.Find("P")!.Or(CodePointSet.Find("S")!),
            "word" => CodePointSet.PatternWord,
            _ => throw Wrong($"the class '{TokenIds.Shown(name)}', which is not supported,"),
        };
        at = end + 2;
        return isNegative ? set.Not() : set;
    }

    // One member or a range of two.
    private CodePointSet Span()
    {
        CodePointSet first = Member(out int low);
        if (low < 0 || at + 1 >= pattern.Length || pattern[at] != '-' || pattern[at + 1] == ']')
            return first;
        at++;
        Member(out int high);
        if (high < low)
            throw Wrong("a range that is turned round");
        return CodePointSet.Range(low, high);
    }

    private CodePointSet Member(out int codePoint)
    {
        if (pattern[at] != '\\')
            return Single(codePoint = Literal());
        if (Take(@"\b"))
            return Single(codePoint = '\b');
        char kind = at + 1 < pattern.Length ? pattern[at + 1] : '\0';
        CodePointSet set = Escape();
        codePoint = kind is 's' or 'S' or 'd' or 'D' or 'w' or 'W' or 'p' or 'P' or 'R' ? -1 : set.First;
        return set;
    }
}
