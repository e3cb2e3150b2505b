namespace Heed;

/// <summary>The number of a label that somebody named.</summary>
internal static class LabelNumber
{
    /// <summary>Its place among a model's labels.</summary>
    /// <exception cref="ArgumentException">There is no such label; says which there are.</exception>
    public static int Of(string label, IReadOnlyList<string> labels)
    {
        for (int i = 0; i < labels.Count; i++)
        {
            if (labels[i] == label)
                return i;
        }
        throw new ArgumentException($"there is no label '{NearestName.Shown(label)}'; there are {NearestName.List([.. labels])}.{NearestName.Hint(label, labels)}", nameof(label));
    }
}
