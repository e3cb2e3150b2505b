namespace Heed.Kernels;

/// <summary>Where element (batch, head, row, i) of one operand of attention lies: batch·<see cref="Batch"/> + head·<see cref="Head"/> + row·<see cref="Row"/> + i.</summary>
/// <remarks>In floats. The last axis is always contiguous. Interleaved q, k, v are three spans of one buffer, each starting at its own part.</remarks>
/// <param name="Batch">Floats between neighbouring sequences; not used where sequences are packed.</param>
/// <param name="Head">Floats between neighbouring heads.</param>
/// <param name="Row">Floats between neighbouring queries or keys.</param>
public readonly record struct AttentionStrides(long Batch, long Head, long Row)
{
    /// <summary>Contiguous (batch, heads, rows, size).</summary>
    /// <param name="heads">Number of heads.</param>
    /// <param name="rows">Number of queries or keys.</param>
    /// <param name="size">Size of a head.</param>
    public static AttentionStrides HeadsFirst(int heads, int rows, int size) => new((long)heads * rows * size, (long)rows * size, size);

    /// <summary>Contiguous (batch, rows, heads, size).</summary>
    /// <param name="heads">Number of heads.</param>
    /// <param name="rows">Number of queries or keys.</param>
    /// <param name="size">Size of a head.</param>
    public static AttentionStrides RowsFirst(int heads, int rows, int size) => new((long)heads * rows * size, size, (long)heads * size);

    /// <summary>Contiguous (batch, rows, parts, heads, size): one of several interleaved operands, such as q, k and v of one projection.</summary>
    /// <param name="parts">Number of interleaved operands.</param>
    /// <param name="heads">Number of heads of each.</param>
    /// <param name="rows">Number of queries or keys.</param>
    /// <param name="size">Size of a head.</param>
    public static AttentionStrides Interleaved(int parts, int heads, int rows, int size) =>
        new((long)parts * heads * rows * size, size, (long)parts * heads * size);
}
