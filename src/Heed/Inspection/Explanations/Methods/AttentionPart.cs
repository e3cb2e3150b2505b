using System.Globalization;

namespace Heed;

/// <summary>Which layer, heads or view a method's part names.</summary>
internal static class AttentionPart
{
    /// <summary>The view of <c>view2</c>.</summary>
    public static int View(InputAttention attention, string part)
    {
        if (!int.TryParse(part.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out int view) || view >= attention.Views.Count)
            throw new ArgumentException(FormattableString.Invariant($"there is no view '{NearestName.Shown(part)}'; the pooling has {attention.Views.Count}, from view0."), nameof(part));
        return view;
    }

    /// <summary>The layer and the heads of <c>1</c> or <c>1.3</c>; without a part the last layer and all heads.</summary>
    public static (int Layer, IReadOnlyList<int> Heads) Of(InputAttention attention, string part)
    {
        IReadOnlyList<(string Name, int HeadCount)> layers = attention.LayerHeads;
        if (layers.Count == 0)
            throw new ArgumentException($"there is no layer '{NearestName.Shown(part)}': {attention.WhyNoLayers}.", nameof(part));
        if (part.Length == 0)
            return (layers.Count - 1, [.. Enumerable.Range(0, layers[^1].HeadCount)]);
        string[] numbers = part.Split('.');
        if (numbers.Length > 2 || !int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out int layer) || layer >= layers.Count)
            throw new ArgumentException(FormattableString.Invariant($"there is no layer '{NearestName.Shown(part)}'; the model has {layers.Count}, from 0. Write 'layer', 'layer.head' or 'viewN'."), nameof(part));
        int count = layers[layer].HeadCount;
        if (numbers.Length == 1)
            return (layer, [.. Enumerable.Range(0, count)]);
        if (!int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out int head) || head >= count)
            throw new ArgumentException(FormattableString.Invariant($"there is no head '{NearestName.Shown(numbers[1])}' in layer {layer}; it has {count}, from 0."), nameof(part));
        return (layer, [head]);
    }

    /// <summary>The mean over heads of what the answer reads.</summary>
    public static float[] Mean(InputAttention attention, IReadOnlyList<int> heads, Func<int, int, float[]> row) => attention.Read(r =>
    {
        float[] sum = new float[attention.UnitOfPosition.Count];
        foreach (int head in heads)
        {
            float[] one = row(r, head);
            for (int i = 0; i < Math.Min(sum.Length, one.Length); i++)
                sum[i] += one[i] / heads.Count;
        }
        return sum;
    });

    public static string Note(string method, InputAttention attention, int layer, IReadOnlyList<int> heads) => heads.Count == 1 ? FormattableString.Invariant($"{method}: '{attention.LayerHeads[layer].Name}', head {heads[0]}") : $"{method}: '{attention.LayerHeads[layer].Name}', the mean over its {heads.Count} heads";
}
