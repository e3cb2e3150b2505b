namespace Heed;

/// <summary>What the label column says about a row.</summary>
public enum TargetKind
{
    /// <summary>One of several classes.</summary>
    Single,

    /// <summary>A set of classes, written <c>a|b</c>; an empty field is the empty set.</summary>
    Multi,

    /// <summary>One of several classes that have an order, from low to high.</summary>
    Ordinal,

    /// <summary>A number.</summary>
    Number,
}
