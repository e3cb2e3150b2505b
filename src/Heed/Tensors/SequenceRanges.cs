namespace Heed;

/// <summary>Which steps of each sequence in a padded batch are real: sequence i uses steps start(i) … start(i) + length(i) − 1.</summary>
/// <remarks>Padding may stand on either side; it is neither read nor written by operations that take ranges. Length 0 is an empty
/// sequence.</remarks>
public readonly struct SequenceRanges
{
    /// <summary>Creates ranges.</summary>
    /// <param name="lengths">Number of real steps of each sequence.</param>
    /// <param name="starts">First real step of each; empty if all start at 0 (padding on the right).</param>
    /// <exception cref="ArgumentException">The numbers of sequences differ.</exception>
    public SequenceRanges(ReadOnlyMemory<int> lengths, ReadOnlyMemory<int> starts = default)
    {
        if (starts.Length != 0 && starts.Length != lengths.Length)
            throw new ArgumentException(FormattableString.Invariant($"SequenceRanges: {lengths.Length} lengths but {starts.Length} starts; give none, or one for each."), nameof(starts));
        Lengths = lengths;
        Starts = starts.Length == 0 && lengths.Length != 0 ? new int[lengths.Length] : starts;
    }

    /// <summary>Number of real steps of each sequence.</summary>
    public ReadOnlyMemory<int> Lengths { get; }

    /// <summary>First real step of each sequence.</summary>
    public ReadOnlyMemory<int> Starts { get; }

    /// <summary>Number of sequences.</summary>
    public int Count => Lengths.Length;

    /// <summary>Every sequence uses all steps.</summary>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="time">Number of steps.</param>
    public static SequenceRanges Full(int batch, int time)
    {
        int[] lengths = new int[batch];
        lengths.AsSpan().Fill(time);
        return new SequenceRanges(lengths);
    }

    /// <summary>Lengths with padding on the right.</summary>
    /// <param name="lengths">Number of real steps of each sequence.</param>
    public static implicit operator SequenceRanges(ReadOnlyMemory<int> lengths) => new(lengths);

    /// <summary>Lengths with padding on the right.</summary>
    /// <param name="lengths">Number of real steps of each sequence.</param>
    public static implicit operator SequenceRanges(int[] lengths) => new(lengths);

    /// <summary>Those of some sequences, in the order wanted.</summary>
    internal SequenceRanges Chosen(int[] sequences)
    {
        (ReadOnlyMemory<int> lengths, ReadOnlyMemory<int> starts) = (Lengths, Starts);
        return new SequenceRanges(sequences.Select(s => lengths.Span[s]).ToArray(), sequences.Select(s => starts.Span[s]).ToArray());
    }

    /// <summary>The form that kernels take.</summary>
    internal Kernels.Sequences For(int time) => new(time, Lengths.Span, Starts.Span);

    internal bool HasPadding(int time)
    {
        foreach (int length in Lengths.Span)
        {
            if (length != time)
                return true;
        }
        return false;
    }

    /// <summary>Whether all values (batch, time, features) of the padding are 0, as recurrent layers leave them.</summary>
    internal bool IsPaddingZero(ReadOnlySpan<float> values, int time)
    {
        int sequence = Count * time == 0 ? 0 : values.Length / Count, features = sequence / Math.Max(1, time);
        for (int b = 0; b < Count; b++)
        {
            Range steps = StepsOf(b, time, features);
            if (values[(b * sequence)..steps.Start.Value].ContainsAnyExcept(0f) || values[steps.End.Value..((b + 1) * sequence)].ContainsAnyExcept(0f))
                return false;
        }
        return true;
    }

    /// <summary>Where the real steps of a sequence stand among the values of (batch, time, features).</summary>
    internal Range StepsOf(int sequence, int time, int features)
    {
        int first = ((sequence * time) + Starts.Span[sequence]) * features;
        return first..(first + (Lengths.Span[sequence] * features));
    }

    internal void CopySteps<T>(ReadOnlySpan<T> source, Span<T> destination, int time)
    {
        int features = Count * time == 0 ? 0 : source.Length / (Count * time);
        for (int b = 0; b < Count; b++)
        {
            Range steps = StepsOf(b, time, features);
            source[steps].CopyTo(destination[steps]);
        }
    }

    internal void Check(string operation, int batch, int time)
    {
        if (Count != batch)
            throw new ShapeException(FormattableString.Invariant($"{operation}: {Count} lengths came for a batch of {batch}."));
        for (int i = 0; i < Count; i++)
        {
            (int start, int length) = (Starts.Span[i], Lengths.Span[i]);
            if (start < 0 || length < 0 || (long)start + length > time)
                throw new ShapeException(FormattableString.Invariant($"{operation}: sequence {i} uses steps {start} … {start + (long)length - 1}, but the batch has steps 0 … {time - 1}."));
        }
    }
}
