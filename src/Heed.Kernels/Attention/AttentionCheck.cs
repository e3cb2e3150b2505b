namespace Heed.Kernels;

/// <summary>The door of attention: every size, stride, length and overlap is checked before memory is touched.</summary>
internal static class AttentionCheck
{
    // Positions are lanes of float32: beyond this they are not exact.
    private const int LargestPosition = 1 << 24;

    public static void Shape(string operation, in AttentionShape s, in AttentionOptions o)
    {
        bool sane = s.Batch >= 0 && s.HeadCount >= 0 && s.KeyValueHeadCount >= 0 && s.Queries >= 0 && s.Keys >= 0 && s.HeadDim >= 0 && s.ValueDim >= 0;
        if (!sane || (s.HeadCount > 0 && (s.KeyValueHeadCount == 0 || s.HeadCount % s.KeyValueHeadCount != 0)) || (s.HeadCount == 0 && s.KeyValueHeadCount > 0))
            throw Wrong(nameof(s), FormattableString.Invariant($"{operation}: {s}: sizes must not be negative, and HeadCount must be a multiple of KeyValueHeadCount."));
        if ((long)s.HeadDim * 4096 > int.MaxValue || (long)s.ValueDim * 4096 > int.MaxValue)
            throw Wrong(nameof(s), FormattableString.Invariant($"{operation}: head sizes ({s.HeadDim}, {s.ValueDim}) are beyond 524,287."));
        if (o.Scale is { } scale && !float.IsFinite(scale))
            throw Wrong("options", $"{operation}: the scale must be finite.");
        Require.Range(operation, nameof(o.Dropout), o.Dropout, o.Dropout is >= 0 and <= 1, "in [0, 1]");
        Optional(operation, nameof(o.Sinks), o.Sinks.Length, s.HeadCount);
        if (o.QueryOffsets.IsEmpty != o.KeyOffsets.IsEmpty)
            throw Wrong(nameof(o.KeyOffsets), $"{operation}: packed sequences need QueryOffsets and KeyOffsets.");
        bool packed = !o.QueryOffsets.IsEmpty;
        if (packed && !(o.QueryLengths.IsEmpty && o.QueryStarts.IsEmpty && o.KeyLengths.IsEmpty && o.KeyStarts.IsEmpty))
            throw Wrong(nameof(o.QueryOffsets), $"{operation}: packed sequences have offsets, padded ones have starts and lengths; not both.");
        Offsets(operation, nameof(o.QueryOffsets), o.QueryOffsets, s.Batch, s.Queries);
        Offsets(operation, nameof(o.KeyOffsets), o.KeyOffsets, s.Batch, s.Keys);
        Parts(operation, "Query", o.QueryStarts, o.QueryLengths, s.Batch, s.Queries);
        Parts(operation, "Key", o.KeyStarts, o.KeyLengths, s.Batch, s.Keys);
        long first = o.QueryPosition ?? 0;
        if (o.KeyPosition < 0 || (long)o.KeyPosition + s.Keys > LargestPosition || Math.Abs(first) + s.Queries > LargestPosition)
            throw Wrong(nameof(o.KeyPosition), FormattableString.Invariant($"{operation}: positions (KeyPosition {o.KeyPosition}, QueryPosition {o.QueryPosition}) must lie in 0 … {LargestPosition}."));
        long rows = s.Rows(packed), keyRows = (packed ? 1L : s.Batch) * s.KeyValueHeadCount * s.Keys;
        Optional(operation, nameof(o.QueryTerms), o.QueryTerms.Length, rows);
        Optional(operation, nameof(o.KeyTerms), o.KeyTerms.Length, keyRows);
        if (o.QueryTable.Length > 0 && (rows == 0 || o.QueryTable.Length % rows != 0))
            throw Wrong(nameof(o.QueryTable), FormattableString.Invariant($"{operation}: QueryTable has {o.QueryTable.Length} values, whole tables for {rows} rows are required."));
        if (o.ValueTable.Length > 0 && (s.ValueDim == 0 || o.ValueTable.Length % s.ValueDim != 0))
            throw Wrong(nameof(o.ValueTable), FormattableString.Invariant($"{operation}: ValueTable has {o.ValueTable.Length} values, whole rows of valueDim = {s.ValueDim} are required."));
    }

    public static ArgumentException Wrong(string name, string message) => new(message, name);

    /// <summary>All elements of a strided operand lie in its memory; those of a result lie apart from each other.</summary>
    public static void Operand(string operation, string name, long length, in AttentionStrides strides, int batch, int heads, int rows, int size, bool isPacked, bool isResult)
    {
        if (batch == 0 || heads == 0 || rows == 0 || size == 0)
            return;
        (long stride, long count)[] axes = [(isPacked ? 0 : strides.Batch, isPacked ? 1 : batch), (strides.Head, heads), (strides.Row, rows)];
        Int128 last = size - 1;
        foreach ((long stride, long count) in axes)
        {
            if (stride < 0)
                throw new ArgumentException(FormattableString.Invariant($"{operation}: {name} has negative strides {strides}."), name);
            last += (Int128)stride * (count - 1);
        }
        if (last >= length)
            throw new ArgumentException(FormattableString.Invariant($"{operation}: {name} has {length} values, {last + 1} are required for (batch {batch}, heads {heads}, rows {rows}, size {size}) with strides {strides}."), name);
        if (!isResult)
            return;
        Int128 extent = size;
        foreach ((long stride, long count) in axes.Where(axis => axis.count > 1).OrderBy(axis => axis.stride))
        {
            if (stride < extent)
                throw new ArgumentException(FormattableString.Invariant($"{operation}: rows of {name} would overlap with strides {strides}."), name);
            extent += (Int128)stride * (count - 1);
        }
    }

    public static void Optional(string operation, string name, long length, long required)
    {
        if (length != 0 && length != required)
            throw new ArgumentException(FormattableString.Invariant($"{operation}: {name} has {length} values, {required} or none are required."), name);
    }

    private static void Offsets(string operation, string name, ReadOnlySpan<int> offsets, int batch, int total)
    {
        if (offsets.IsEmpty)
            return;
        Require.Length(operation, name, offsets.Length, batch + 1L);
        for (int i = 0; i < offsets.Length; i++)
        {
            if (offsets[i] < (i == 0 ? 0 : offsets[i - 1]) || offsets[i] > total)
                throw new ArgumentException(FormattableString.Invariant($"{operation}: {name}[{i}] is {offsets[i]}; offsets must rise within 0 … {total}."), name);
        }
    }

    private static void Parts(string operation, string name, ReadOnlySpan<int> starts, ReadOnlySpan<int> lengths, int batch, int total)
    {
        Optional(operation, name + "Starts", starts.Length, batch);
        Optional(operation, name + "Lengths", lengths.Length, batch);
        // Without either there is nothing to look at, however many sequences are claimed.
        for (int b = 0; b < Math.Max(starts.Length, lengths.Length); b++)
        {
            long start = starts.IsEmpty ? 0 : starts[b], length = lengths.IsEmpty ? total - start : lengths[b];
            if (start < 0 || length < 0 || start + length > total)
                throw new ArgumentException(FormattableString.Invariant($"{operation}: sequence {b} has {name}Start {start} and {name}Length {length}; they must lie within 0 … {total}."), name + "Lengths");
        }
    }
}
