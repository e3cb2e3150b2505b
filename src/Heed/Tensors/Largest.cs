namespace Heed;

/// <summary>The place of the largest value.</summary>
internal static class Largest
{
    /// <summary>Its index; the lower one if several are as large.</summary>
    public static int IndexOf(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
                best = i;
        }
        return best;
    }
}
