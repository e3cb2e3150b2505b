using System.Buffers;

namespace Heed;

/// <summary>Looks through one text for the matches of one pattern.</summary>
internal ref struct PatternMatcher
{
    private const long LeastSteps = 100_000, StepsAUnit = 500;

    private readonly CodePointPattern pattern;
    private readonly PatternStep[] steps;
    private readonly ReadOnlySpan<char> text;
    // What is left to try, last first.
    private Choice[]? choices;
    private int count;
    private long budget;

    public PatternMatcher(CodePointPattern pattern, ReadOnlySpan<char> text)
    {
        this.text = text;
        (this.pattern, steps) = (pattern, pattern.Steps);
        budget = LeastSteps + StepsAUnit * text.Length;
    }

    /// <summary>The first match at or behind a place that is not empty.</summary>
    public bool Find(int from, out int start, out int end)
    {
        for (start = from; start < text.Length;)
        {
            count = 0;
            if (Run(0, start, out end) && end > start)
                return true;
            CodePoint.At(text, start, out int length);
            start += length;
        }
        end = start;
        return false;
    }

    /// <summary>Gives back the memory.</summary>
    public void Dispose()
    {
        if (choices is not null)
            ArrayPool<Choice>.Shared.Return(choices);
        choices = null;
    }

    // Choices below the count at the start belong to a run around this one.
    private bool Run(int step, int at, out int end)
    {
        int floor = count;
        while (true)
        {
            if (--budget < 0)
            {
                throw new InputException(FormattableString.Invariant(
                    $"the tokenizer's regular expression '{pattern.Source}' goes back too often on this text of {text.Length} characters; write it without nested repetitions."));
            }
            if (Advance(ref step, ref at))
            {
                if (steps[step].Operation == PatternOperation.Accept)
                {
                    (count, end) = (floor, at);
                    return true;
                }
                continue;
            }
            if (!Back(floor, out step, out at))
            {
                end = at;
                return false;
            }
        }
    }

    // One step; false if it does not match.
    private bool Advance(ref int step, ref int at)
    {
        ref readonly PatternStep here = ref steps[step];
        switch (here.Operation)
        {
            case PatternOperation.Accept:
                return true;
            case PatternOperation.Character:
                if (at >= text.Length || CodePoint.At(text, at, out int length) != here.Next)
                    return false;
                at += length;
                break;
            case PatternOperation.Class:
                if (at >= text.Length || !here.Set!.Contains(CodePoint.At(text, at, out length)))
                    return false;
                at += length;
                break;
            case PatternOperation.Loop:
                if (!Loop(here, step, ref at))
                    return false;
                break;
            case PatternOperation.Fork:
                // Most ways of a choice are seen to be wrong at once.
                ref readonly PatternStep way = ref steps[here.Next];
                if (way is { Operation: PatternOperation.Character, Next: < 0xD800 } && (at >= text.Length || text[at] != way.Next))
                {
                    step = here.Other;
                    return true;
                }
                Push(new Choice(here.Other, at, at, 0));
                step = here.Next;
                return true;
            case PatternOperation.Jump:
                step = here.Next;
                return true;
            case PatternOperation.Atomic:
                if (!Run(step + 1, at, out at))
                    return false;
                step = here.Next;
                return true;
            case PatternOperation.Ahead:
                if (Run(step + 1, at, out _) == here.IsNegative)
                    return false;
                step = here.Next;
                return true;
            case PatternOperation.Behind:
                if ((at > 0 && here.Set!.Contains(CodePoint.Before(text, at, out _))) == here.IsNegative)
                    return false;
                break;
            case PatternOperation.Place:
                if (!Is(here.Place, at))
                    return false;
                break;
        }
        step++;
        return true;
    }

    private bool Loop(in PatternStep loop, int step, ref int at)
    {
        int least = at, taken = 0, most = loop.Kind == RepeatKind.Lazy ? loop.Next : loop.Other;
        CodePointSet set = loop.Set!;
        while (taken < most && at < text.Length)
        {
            char c = text[at];
            int length = 1;
            if (!set.Contains(char.IsSurrogate(c) ? CodePoint.At(text, at, out length) : c))
                break;
            at += length;
            if (++taken == loop.Next)
                least = at;
        }
        budget -= taken >> 3;
        if (taken < loop.Next)
            return false;
        if (loop.Kind == RepeatKind.Greedy && at > least)
            Push(new Choice(step + 1, at, least, -1));
        else if (loop.Kind == RepeatKind.Lazy && taken < loop.Other)
            Push(new Choice(step, at, at, loop.Other - taken));
        return true;
    }

    // The last choice that is left: a fork's other way, a greedy loop with one less, a lazy loop with one more.
    private bool Back(int floor, out int step, out int at)
    {
        (step, at) = (0, 0);
        while (count > floor)
        {
            ref Choice choice = ref choices![count - 1];
            if (choice.Left == 0)
            {
                count--;
                (step, at) = (choice.Step, choice.At);
                return true;
            }
            if (choice.Left < 0)
            {
                CodePoint.Before(text, choice.At, out int length);
                choice.At -= length;
                (step, at) = (choice.Step, choice.At);
                if (choice.At <= choice.Least)
                    count--;
                return true;
            }
            if (choice.At < text.Length && steps[choice.Step].Set!.Contains(CodePoint.At(text, choice.At, out int more)))
            {
                choice.At += more;
                choice.Left--;
                (step, at) = (choice.Step + 1, choice.At);
                if (choice.Left == 0)
                    count--;
                return true;
            }
            count--;
        }
        return false;
    }

    private readonly bool Is(PatternPlace place, int at) => place switch
    {
        PatternPlace.Start => at == 0,
        PatternPlace.End => at == text.Length,
        PatternPlace.LineStart => at == 0 || text[at - 1] == '\n',
        PatternPlace.LineEnd => at == text.Length || text[at] == '\n',
        PatternPlace.BeforeLastLine => at == text.Length || (at == text.Length - 1 && text[at] == '\n'),
        _ => (IsWord(at - 1, isBefore: true) != IsWord(at, isBefore: false)) == (place == PatternPlace.Border),
    };

    private readonly bool IsWord(int at, bool isBefore) => at >= 0 && at < text.Length
        && CodePointSet.PatternWord.Contains(isBefore ? CodePoint.Before(text, at + 1, out _) : CodePoint.At(text, at, out _));

    private void Push(Choice choice)
    {
        if (choices is null)
            choices = ArrayPool<Choice>.Shared.Rent(32);
        else if (count == choices.Length)
        {
            Choice[] larger = ArrayPool<Choice>.Shared.Rent(2 * count);
            choices.AsSpan(0, count).CopyTo(larger);
            ArrayPool<Choice>.Shared.Return(choices);
            choices = larger;
        }
        choices[count++] = choice;
    }

    /// <summary>A place to go back to.</summary>
    /// <param name="Step">Where to go on; for a lazy loop the loop itself.</param>
    /// <param name="At">Where in the text.</param>
    /// <param name="Least">How far a greedy loop may go back.</param>
    /// <param name="Left">0 for a fork, −1 for a greedy loop, else how many more a lazy loop may take.</param>
    private record struct Choice(int Step, int At, int Least, int Left);
}
