namespace Heed;

/// <summary>A regular expression over code points, compiled to a small program.</summary>
/// <remarks>
/// <para>.NET's own expressions see UTF-16 units, so that <c>\p{L}</c> misses every letter beyond the basic plane and <c>[^…]</c> cuts pairs. This matcher
/// takes whole code points, and finds what a backtracking matcher finds: the first alternative that leads to a match, at the first place.</para>
/// <para>Cost: a repeated class is one loop. A text gets a number of steps in proportion to its length; an expression that needs more (nested
/// repetitions that go back again and again) is given up with an <see cref="InputException"/> instead of hanging.</para>
/// </remarks>
internal sealed class CodePointPattern
{
    private const int MaximumSize = 20_000;

    private readonly List<PatternStep> steps = [];

    /// <summary>Compiles an expression in the syntax of <see cref="PatternParser"/>.</summary>
    public CodePointPattern(string pattern)
        : this(PatternParser.Parse(pattern)) => Source = pattern;

    private CodePointPattern(PatternNode node)
    {
        Compile(node);
        Emit(new PatternStep(PatternOperation.Accept));
        Steps = [.. steps];
    }

    public string Source { get; private init; } = "";

    internal PatternStep[] Steps { get; }

    /// <summary>A pattern that is just this text.</summary>
    public static CodePointPattern Literal(string text) => new(PatternParser.Literal(text)) { Source = text };

    /// <summary>Starts to look through a text.</summary>
    public PatternMatcher In(ReadOnlySpan<char> text) => new(this, text);

    private int Emit(PatternStep step)
    {
        if (steps.Count >= MaximumSize)
            throw new FormatException("a regular expression is too large");
        steps.Add(step);
        return steps.Count - 1;
    }

    private void Compile(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.One one:
                Emit(one.Set.IsSingle ? new PatternStep(PatternOperation.Character) { Next = one.Set.First } : new PatternStep(PatternOperation.Class) { Set = one.Set });
                break;
            case PatternNode.Sequence sequence:
                foreach (PatternNode part in sequence.Parts)
                    Compile(part);
                break;
            case PatternNode.Choice choice:
                Compile(choice);
                break;
            case PatternNode.Repeat repeat:
                Compile(repeat);
                break;
            case PatternNode.Atomic atomic:
                Inner(new PatternStep(PatternOperation.Atomic), atomic.Part);
                break;
            case PatternNode.Look { IsBehind: true, Part: PatternNode.One before } look:
                Emit(new PatternStep(PatternOperation.Behind) { Set = before.Set, IsNegative = look.IsNegative });
                break;
            case PatternNode.Look look:
                Inner(new PatternStep(PatternOperation.Ahead) { IsNegative = look.IsNegative }, look.Part);
                break;
            case PatternNode.Place place:
                Emit(new PatternStep(PatternOperation.Place) { Place = place.Kind });
                break;
        }
    }

    // A part with an end of its own behind the step that runs it.
    private void Inner(PatternStep step, PatternNode part)
    {
        int at = Emit(step);
        Compile(part);
        Emit(new PatternStep(PatternOperation.Accept));
        steps[at] = step with { Next = steps.Count };
    }

    private void Compile(PatternNode.Choice choice)
    {
        var jumps = new List<int>();
        for (int i = 0; i < choice.Parts.Count - 1; i++)
        {
            int fork = Emit(default);
            Compile(choice.Parts[i]);
            jumps.Add(Emit(default));
            steps[fork] = new PatternStep(PatternOperation.Fork) { Next = fork + 1, Other = steps.Count };
        }
        Compile(choice.Parts[^1]);
        foreach (int jump in jumps)
            steps[jump] = new PatternStep(PatternOperation.Jump) { Next = steps.Count };
    }

    private void Compile(PatternNode.Repeat repeat)
    {
        PatternNode part = repeat.Part;
        while (part is PatternNode.Sequence { Parts.Count: 1 } sequence)
            part = sequence.Parts[0];
        if (part is PatternNode.One one)
        {
            Emit(new PatternStep(PatternOperation.Loop) { Set = one.Set, Next = repeat.Minimum, Other = repeat.Maximum, Kind = repeat.Kind });
            return;
        }
        if (repeat.Kind == RepeatKind.Possessive)
        {
            Inner(new PatternStep(PatternOperation.Atomic), repeat with { Kind = RepeatKind.Greedy });
            return;
        }
        for (int i = 0; i < repeat.Minimum; i++)
            Compile(part);
        bool isLazy = repeat.Kind == RepeatKind.Lazy;
        if (repeat.Maximum == int.MaxValue)
        {
            int fork = Emit(default);
            Compile(part);
            Emit(new PatternStep(PatternOperation.Jump) { Next = fork });
            steps[fork] = Fork(fork + 1, steps.Count, isLazy);
            return;
        }
        var forks = new List<int>();
        for (int i = repeat.Minimum; i < repeat.Maximum; i++)
        {
            forks.Add(Emit(default));
            Compile(part);
        }
        foreach (int fork in forks)
            steps[fork] = Fork(fork + 1, steps.Count, isLazy);
    }

    private static PatternStep Fork(int inside, int behind, bool isLazy) =>
        new(PatternOperation.Fork) { Next = isLazy ? behind : inside, Other = isLazy ? inside : behind };
}
