namespace Heed.Kernels;

/// <summary>A register tile of which only some columns exist: filled, computed apart, and copied back.</summary>
internal unsafe ref struct EdgeTile
{
    public float* Edge;
    public int Rows, Width, Columns;

    /// <summary>Takes what a result holds: null for zeros, stride 0 for the same row in every place.</summary>
    public readonly void Fill(float* start, nint stride)
    {
        for (int r = 0; r < Rows; r++)
        {
            Span<float> row = new(Edge + (r * Width), Width);
            if (start == null)
                row.Clear();
            else
                new ReadOnlySpan<float>(start + (r * stride), Columns).CopyTo(row);
        }
    }

    public readonly void CopyTo(float* to, nint stride)
    {
        for (int r = 0; r < Rows; r++)
            new ReadOnlySpan<float>(Edge + (r * Width), Columns).CopyTo(new Span<float>(to + (r * stride), Columns));
    }
}
