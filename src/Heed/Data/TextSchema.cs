namespace Heed;

/// <summary>What the rows of a set have in common.</summary>
internal sealed record TextSchema(
    TargetKind Target, IReadOnlyList<string> LabelNames, IReadOnlyList<string> Categories, IReadOnlyList<string> Numbers, bool HasPairs, bool HasGroups, bool HasTimes);
