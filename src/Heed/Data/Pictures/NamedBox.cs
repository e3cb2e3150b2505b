using System.Globalization;

namespace Heed;

/// <summary>A box as a file gives it, not yet checked.</summary>
/// <param name="Label">The class's name.</param>
/// <param name="Left">Left edge.</param>
/// <param name="Top">Upper edge.</param>
/// <param name="Right">Right edge.</param>
/// <param name="Bottom">Lower edge.</param>
/// <param name="Place">File and line, for messages.</param>
internal readonly record struct NamedBox(string Label, float Left, float Top, float Right, float Bottom, string Place)
{
    /// <summary>What it counts for.</summary>
    public BoxKind Kind { get; init; }

    /// <summary>What is wrong with the box in a picture of this size; null if nothing is.</summary>
    public InputException? Fault(int width, int height, string picture, Dictionary<string, int> labels)
    {
        FormattableString box = $"the box ({Left}, {Top}) to ({Right}, {Bottom})";
        string text = FormattableString.Invariant(box);
        if (!(Left < Right && Top < Bottom))
            return new InputException($"{text} of {picture} has no area. Remove it, or skip faults.", Place);
        if (!(Left >= 0 && Top >= 0 && Right <= width && Bottom <= height))
            return new InputException(FormattableString.Invariant($"{text} leaves {picture}, which has {width} × {height} pixels. Correct it, or skip faults."), Place);
        if (Label.Length == 0)
            return new InputException($"{text} of {picture} has no class. Name one, or skip faults.", Place);
        return labels.ContainsKey(Label) ? null : new InputException($"{text} of {picture} has the class '{Label}', which is not among the names {NearestName.List([.. labels.Keys])}.{NearestName.Hint(Label, labels.Keys)}", Place);
    }
}

/// <summary>Reads the numbers of boxes.</summary>
internal static class BoxNumber
{
    public static float Parse(string text, string path, long line) => TryParse(text) ?? throw new InputException($"'{text}' is no number of pixels; write edges as 12 or 12.5, counted from the upper left corner.", path, line);

    public static float? TryParse(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value) ? value : null;
}
