namespace Heed.Kernels;

/// <summary>Which steps of a padded batch are real: sequence b covers steps start[b] … start[b] + length[b] − 1 of <see cref="Time"/>.</summary>
/// <remarks>Checked once, when made. What lies outside is padding, on either side: kernels never read it. A length of 0 is an empty sequence.</remarks>
public readonly ref struct Sequences
{
    /// <summary>Describes a padded batch.</summary>
    /// <param name="time">Steps of the padded batch.</param>
    /// <param name="lengths">(batch): real steps of each sequence.</param>
    /// <param name="starts">(batch): first real step of each, or empty where all start at 0.</param>
    /// <exception cref="ArgumentException">A sequence does not lie within the steps, or the numbers of starts and lengths differ.</exception>
    public Sequences(int time, ReadOnlySpan<int> lengths, ReadOnlySpan<int> starts = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(time);
        if (starts.Length != 0)
            Require.Length(nameof(Sequences), nameof(starts), starts.Length, lengths.Length);
        for (int b = 0; b < lengths.Length; b++)
        {
            int start = starts.Length == 0 ? 0 : starts[b];
            if (start < 0 || lengths[b] < 0 || (long)start + lengths[b] > time)
                throw new ArgumentException(FormattableString.Invariant($"Sequences: sequence {b} starts at step {start} and has {lengths[b]} steps; it must lie within 0 … {time}."), nameof(lengths));
        }
        Time = time;
        Lengths = lengths;
        Starts = starts;
    }

    /// <summary>Steps of the padded batch.</summary>
    public int Time { get; }

    /// <summary>Real steps of each sequence.</summary>
    public ReadOnlySpan<int> Lengths { get; }

    /// <summary>First real step of each sequence; empty where all are 0.</summary>
    public ReadOnlySpan<int> Starts { get; }

    /// <summary>Number of sequences.</summary>
    public int Batch => Lengths.Length;
}

/// <summary>The same, pinned, inside a kernel.</summary>
internal unsafe struct SequenceBounds
{
    public int* Starts;
    public int* Lengths;
    public nint Time;

    public readonly nint Start(nint b) => Starts == null ? 0 : Starts[b];

    public readonly nint Length(nint b) => Lengths[b];
}
