namespace Heed;

/// <summary>The further columns of some rows, encoded.</summary>
/// <remarks>Immutable and thread-safe. Ids and values take 4 bytes each; the wide vectors are made for a batch at a time.</remarks>
public sealed class FeatureTable
{
    private readonly FeatureEncoder encoder;
    private readonly int[] ids;
    private readonly float[] numbers;
    private readonly bool[] missing;

    internal FeatureTable(FeatureEncoder encoder, int count, int[] ids, float[] numbers, bool[] missing) =>
        (this.encoder, Count, this.ids, this.numbers, this.missing) = (encoder, count, ids, numbers, missing);

    /// <summary>How many rows there are.</summary>
    public int Count { get; }

    /// <summary>The ids of a row, (categories), in the order of <see cref="FeatureEncoder.Categories"/>.</summary>
    /// <param name="row">From 0 to <see cref="Count"/> − 1.</param>
    public ReadOnlySpan<int> Ids(int row) => ids.AsSpan(row * encoder.Categories.Count, encoder.Categories.Count);

    /// <summary>The standardised numbers of a row, (numbers), in the order of <see cref="FeatureEncoder.Numbers"/>; 0 for a missing one.</summary>
    /// <param name="row">From 0 to <see cref="Count"/> − 1.</param>
    public ReadOnlySpan<float> Numbers(int row) => numbers.AsSpan(row * encoder.Numbers.Count, encoder.Numbers.Count);

    /// <summary>Whether a number is missing.</summary>
    /// <param name="row">From 0 to <see cref="Count"/> − 1.</param>
    /// <param name="number">Index into <see cref="FeatureEncoder.Numbers"/>.</param>
    public bool IsMissing(int row, int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)encoder.Numbers.Count);
        return missing[row * encoder.Numbers.Count + number];
    }

    /// <summary>Writes the vectors of some rows: for each category a 1 at its id among zeros, for each number its value and 1 if it is missing.</summary>
    /// <remarks>Shapes: rows (batch), destination (batch, <see cref="FeatureEncoder.VectorSize"/>), row-major.</remarks>
    /// <param name="rows">Which rows, in this order.</param>
    /// <param name="destination">Overwritten; exactly as long as the shape says.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void WriteVectors(ReadOnlySpan<int> rows, Span<float> destination)
    {
        int size = encoder.VectorSize;
        if (destination.Length != (long)rows.Length * size)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"FeatureTable.WriteVectors: destination has {destination.Length} numbers, (batch, vector) = ({rows.Length}, {size}) is required."),
                nameof(destination));
        }
        destination.Clear();
        for (int i = 0; i < rows.Length; i++)
            Write(rows[i], destination.Slice(i * size, size));
    }

    private void Write(int row, Span<float> vector)
    {
        int at = 0;
        ReadOnlySpan<int> chosen = Ids(row);
        for (int i = 0; i < chosen.Length; i++)
        {
            vector[at + chosen[i]] = 1;
            at += encoder.Categories[i].Count;
        }
        ReadOnlySpan<float> values = Numbers(row);
        for (int i = 0; i < values.Length; i++, at += 2)
            (vector[at], vector[at + 1]) = (values[i], IsMissing(row, i) ? 1 : 0);
    }
}
