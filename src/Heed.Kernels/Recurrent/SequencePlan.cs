namespace Heed.Kernels;

/// <summary>The order in which a batch of unequal sequences is walked: sequences sorted by falling length (equal lengths in the batch's
/// order), rows ordered by step, so that step s works on the first <see cref="Count"/>(s) sequences and its rows stand together.</summary>
/// <remarks>Row (s, r) has the number <see cref="First"/>(s) + r. In the reverse direction step s of a sequence is its position
/// start + length − 1 − s; the numbers of the rows are the same.</remarks>
internal readonly unsafe struct SequencePlan : IDisposable
{
    private readonly Scratch memory;
    private readonly int* sequences, starts, lengths, offsets;
    private readonly int time;

    /// <summary>Sorts; lengths and starts are checked before.</summary>
    public SequencePlan(in RecurrentShape shape, ReadOnlySpan<int> lengths, ReadOnlySpan<int> starts)
    {
        (Batch, time) = (shape.Batch, shape.Time);
        memory = new Scratch((3L * Batch) + (2L * time) + 3);
        sequences = (int*)memory.Pointer;
        this.starts = sequences + Batch;
        this.lengths = this.starts + Batch;
        offsets = this.lengths + Batch;
        // places[l]: where the next sequence of length l goes, that is the number of longer ones.
        int* places = offsets + time + 2;
        new Span<int>(places, time + 1).Clear();
        for (int b = 0; b < Batch; b++)
            places[lengths.IsEmpty ? time : lengths[b]]++;
        int longer = 0;
        offsets[0] = 0;
        for (int length = time; length >= 0; length--)
        {
            int same = places[length];
            places[length] = longer;
            longer += same;
        }
        // A step s has all sequences longer than s.
        for (int s = 0; s < time; s++)
            offsets[s + 1] = offsets[s] + places[s];
        for (int b = 0; b < Batch; b++)
        {
            int length = lengths.IsEmpty ? time : lengths[b], r = places[length]++;
            sequences[r] = b;
            this.lengths[r] = length;
            this.starts[r] = starts.IsEmpty ? 0 : starts[b];
        }
        Steps = Batch == 0 ? 0 : this.lengths[0];
    }

    /// <summary>Number of sequences, those of length 0 included.</summary>
    public int Batch { get; }

    /// <summary>The longest sequence.</summary>
    public int Steps { get; }

    /// <summary>Rows of all steps.</summary>
    public int Rows => offsets[Steps];

    /// <summary>The sequences that have a step.</summary>
    public int Active => Steps == 0 ? 0 : Count(0);

    /// <summary>Number of the first row of a step; at <see cref="Steps"/> the number of all rows.</summary>
    public int First(int step) => offsets[step];

    /// <summary>Sequences that have this step; 0 after the last.</summary>
    public int Count(int step) => step >= Steps ? 0 : offsets[step + 1] - offsets[step];

    /// <summary>Place in the batch of the r-th longest sequence.</summary>
    public int Sequence(int r) => sequences[r];

    /// <summary>Number of the row of (batch, time) that the r-th longest sequence reads and writes at a step.</summary>
    public nint Position(int direction, int step, int r) =>
        ((nint)sequences[r] * time) + starts[r] + (direction == 0 ? step : lengths[r] - 1 - step);

    /// <summary>The end of the longest run of steps from <paramref name="first"/> with at most <paramref name="rows"/> rows, one step at least.</summary>
    public int ChunkEnd(int first, int rows)
    {
        int end = first + 1;
        while (end < Steps && offsets[end + 1] - offsets[first] <= rows)
            end++;
        return end;
    }

    /// <summary>The start of the longest run of steps before <paramref name="end"/> with at most <paramref name="rows"/> rows, one step at least.</summary>
    public int ChunkStart(int end, int rows)
    {
        int first = end - 1;
        while (first > 0 && offsets[end] - offsets[first - 1] <= rows)
            first--;
        return first;
    }

    /// <summary>Sets the padding of a (batch, time, width) array to 0.</summary>
    public void ClearPadding(Span<float> values, int width)
    {
        for (int r = 0; r < Batch; r++)
        {
            Span<float> sequence = values.Slice(checked((int)((long)sequences[r] * time * width)), time * width);
            sequence[..(starts[r] * width)].Clear();
            sequence[((starts[r] + lengths[r]) * width)..].Clear();
        }
    }

    public void Dispose() => memory.Dispose();
}
