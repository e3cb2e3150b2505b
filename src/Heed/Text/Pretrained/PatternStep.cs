namespace Heed;

/// <summary>What a step of a pattern's program does.</summary>
internal enum PatternOperation { Accept, Character, Class, Loop, Fork, Jump, Atomic, Ahead, Behind, Place }

/// <summary>One step of a pattern's program.</summary>
/// <param name="Operation">What it does; what the other members mean depends on it.</param>
internal readonly record struct PatternStep(PatternOperation Operation)
{
    /// <summary>The code point, the least count of a loop, or the step to go on with.</summary>
    public int Next { get; init; }

    /// <summary>The largest count of a loop, or the step to try when <see cref="Next"/> leads nowhere.</summary>
    public int Other { get; init; }

    public CodePointSet? Set { get; init; }

    public RepeatKind Kind { get; init; }

    public PatternPlace Place { get; init; }

    public bool IsNegative { get; init; }
}
