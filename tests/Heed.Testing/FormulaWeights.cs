namespace Heed.Testing;

/// <summary>Test inputs from one formula, the same as <c>goldens/formula.py</c>, so that golden files hold outputs only.</summary>
public static class FormulaWeights
{
    /// <summary>Element i is a hash of (i, salt), spread evenly over [−scale, scale).</summary>
    public static void Fill(Span<float> values, ulong salt, float scale)
    {
        ulong offset = unchecked(1 + salt * 0x9E3779B97F4A7C15UL);
        for (int i = 0; i < values.Length; i++)
        {
            // 24 bits, so the unit value is exact and only the last product rounds.
            float unit = (Mix(unchecked((ulong)i + offset)) >> 40) / 16777216f;
            values[i] = (unit - 0.5f) * 2f * scale;
        }
    }

    public static float[] Create(int count, ulong salt, float scale)
    {
        var values = new float[count];
        Fill(values, salt, scale);
        return values;
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
