namespace Heed;

/// <summary>What becomes of what a pre-tokenizer cuts at.</summary>
internal enum SplitBehavior
{
    /// <summary>It is dropped.</summary>
    Removed,

    /// <summary>Each match is a piece of its own.</summary>
    Isolated,

    /// <summary>It ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>It begins the piece behind it.</summary>
    MergedWithNext,

    /// <summary>Matches that touch are one piece.</summary>
    Contiguous,
}

/// <summary>Puts matches and what is between them together as a behaviour says.</summary>
/// <remarks>Segments are added in the order of the text; empty ones are dropped.</remarks>
internal struct PieceSplitter(SplitBehavior behavior, List<Piece> output)
{
    private readonly int first = output.Count;
    private bool wasMatch;
    // A match that waits for the piece behind it; −1 if there is none.
    private int pending = -1;

    /// <summary>Adds the next segment.</summary>
    public void Add(int start, int end, bool isMatch)
    {
        if (start == end)
            return;
        switch (behavior)
        {
            case SplitBehavior.Removed:
                if (!isMatch)
                    output.Add(new Piece(start, end));
                break;
            case SplitBehavior.Contiguous when output.Count > first && wasMatch == isMatch:
            case SplitBehavior.MergedWithPrevious when output.Count > first && isMatch && !wasMatch:
                output[^1] = output[^1] with { End = end };
                break;
            case SplitBehavior.MergedWithNext when isMatch:
                if (pending >= 0)
                    output.Add(new Piece(pending, start));
                pending = start;
                break;
            case SplitBehavior.MergedWithNext:
                output.Add(new Piece(pending >= 0 ? pending : start, end));
                pending = -1;
                break;
            default:
                output.Add(new Piece(start, end));
                break;
        }
        wasMatch = isMatch;
    }

    /// <summary>Says that the text ends.</summary>
    public void End(int end)
    {
        if (pending >= 0)
            output.Add(new Piece(pending, end));
        pending = -1;
    }
}
