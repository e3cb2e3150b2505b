namespace Heed;

/// <summary>What a pattern means, before it becomes a program.</summary>
internal abstract record PatternNode
{
    /// <summary>The fewest code points that match.</summary>
    public abstract long Least { get; }

    /// <summary>One code point of a set.</summary>
    public sealed record One(CodePointSet Set) : PatternNode
    {
        public override long Least => 1;
    }

    /// <summary>Parts one after the other; none match the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override long Least => Parts.Sum(part => Math.Min(part.Least, int.MaxValue));
    }

    /// <summary>The first part that leads to a match.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override long Least => Parts.Min(part => part.Least);
    }

    /// <summary>A part from <c>Minimum</c> to <c>Maximum</c> times.</summary>
    public sealed record Repeat(PatternNode Part, int Minimum, int Maximum, RepeatKind Kind) : PatternNode
    {
        public override long Least => Part.Least * Minimum;
    }

    /// <summary>Whether a part matches here (or, of one code point, before here), without taking anything.</summary>
    public sealed record Look(PatternNode Part, bool IsBehind, bool IsNegative) : PatternNode
    {
        public override long Least => 0;
    }

    /// <summary>A part whose first way to match is its only one.</summary>
    public sealed record Atomic(PatternNode Part) : PatternNode
    {
        public override long Least => Part.Least;
    }

    /// <summary>A place: the start or the end of the text, a border of a word or none.</summary>
    public sealed record Place(PatternPlace Kind) : PatternNode
    {
        public override long Least => 0;
    }
}

/// <summary>How a repetition decides.</summary>
internal enum RepeatKind { Greedy, Lazy, Possessive }

/// <summary>Places that take nothing; <c>BeforeLastLine</c> is the end, or before a line feed that ends the text.</summary>
internal enum PatternPlace { Start, End, LineStart, LineEnd, BeforeLastLine, Border, NoBorder }
