namespace Heed;

/// <summary>Non-maximum suppression: of boxes of one class that overlap much only the surest stays.</summary>
/// <remarks>Greedy: in falling order of scores (equal ones in the order they came), a box stays unless a box of its class that stays overlaps it by more than the limit. Cost: boxes times boxes that stay.</remarks>
public static class BoxSuppression
{
    /// <summary>The boxes that stay, the surest first.</summary>
    /// <param name="boxes">The boxes of one picture.</param>
    /// <param name="overlap">Intersection over union from which on, not included, a box gives way.</param>
    /// <param name="most">How many stay at most.</param>
    public static IReadOnlyList<ScoredBox> Run(IEnumerable<ScoredBox> boxes, double overlap = 0.6, int most = 100)
    {
        ArgumentNullException.ThrowIfNull(boxes);
        List<ScoredBox> kept = [];
        foreach (ScoredBox box in boxes.OrderByDescending(b => b.Confidence))
        {
            if (kept.Count >= most)
                break;
            if (!kept.Exists(k => k.Box.Label == box.Box.Label && k.Box.Overlap(box.Box) > overlap))
                kept.Add(box);
        }
        return kept;
    }
}
