namespace Heed.Kernels;

/// <content>The cache's numbers out and in, also in half precision, in which other systems keep them.</content>
public sealed unsafe partial class KeyValueCache
{
    /// <summary>Copies the tokens out.</summary>
    /// <param name="keyDestination">(batch, heads, <see cref="Length"/>, headDim).</param>
    /// <param name="valueDestination">(batch, heads, <see cref="Length"/>, valueDim).</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public void CopyTo(Span<float> keyDestination, Span<float> valueDestination)
    {
        CheckCopy(keyDestination.Length, valueDestination.Length);
        for (int row = 0; row < Batch * Heads; row++)
        {
            Read(keys, shortKeys, row, keyDestination.Slice(row * Length * HeadDim, Length * HeadDim), HeadDim);
            Read(values, shortValues, row, valueDestination.Slice(row * Length * ValueDim, Length * ValueDim), ValueDim);
        }
    }

    /// <summary>Copies the tokens out in half precision, rounded to nearest.</summary>
    /// <param name="keyDestination">(batch, heads, <see cref="Length"/>, headDim).</param>
    /// <param name="valueDestination">(batch, heads, <see cref="Length"/>, valueDim).</param>
    /// <returns>How many finite numbers were beyond ±65,504 and became infinite: a cache for which this is not 0 is not worth having.</returns>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public int CopyTo(Span<Half> keyDestination, Span<Half> valueDestination)
    {
        CheckCopy(keyDestination.Length, valueDestination.Length);
        float[] wideKeys = new float[keyDestination.Length], wideValues = new float[valueDestination.Length];
        CopyTo(wideKeys, wideValues);
        return Narrow(wideKeys, keyDestination) + Narrow(wideValues, valueDestination);
    }

    /// <summary>Adds tokens that are given in half precision.</summary>
    /// <param name="newKeys">(batch, heads, count, headDim).</param>
    /// <param name="newValues">(batch, heads, count, valueDim).</param>
    /// <param name="count">Number of tokens.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or there are more tokens than the capacity.</exception>
    /// <exception cref="InvalidOperationException">The cache is full and does not slide, or positions exceed 2²⁴.</exception>
    public void Append(ReadOnlySpan<Half> newKeys, ReadOnlySpan<Half> newValues, int count) => Append(Widen(newKeys), Widen(newValues), count);

    private void CheckCopy(int keyLength, int valueLength)
    {
        Require.Length("KeyValueCache.CopyTo", "keyDestination", keyLength, (long)Batch * Heads * Length * HeadDim);
        Require.Length("KeyValueCache.CopyTo", "valueDestination", valueLength, (long)Batch * Heads * Length * ValueDim);
    }

    private void Read(float[] full, ushort[] half, int row, Span<float> destination, int size)
    {
        int at = ((row * room) + start) * size;
        if (Format == KeyValueFormat.Float32)
        {
            full.AsSpan(at, destination.Length).CopyTo(destination);
            return;
        }
        fixed (ushort* source = half)
        fixed (float* to = destination)
            BFloat16.Widen(source + at, to, destination.Length);
    }

    private static int Narrow(ReadOnlySpan<float> source, Span<Half> destination)
    {
        int lost = 0;
        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = (Half)source[i];
            lost += Half.IsInfinity(destination[i]) && float.IsFinite(source[i]) ? 1 : 0;
        }
        return lost;
    }

    private static float[] Widen(ReadOnlySpan<Half> source)
    {
        float[] wide = new float[source.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = (float)source[i];
        return wide;
    }
}
