namespace Heed.Kernels;

/// <summary>The sizes of an average or maximum pooling: windows of one size, or as many as are wanted (<see cref="Adaptive"/>).</summary>
public readonly record struct PoolingShape
{
    private PoolingShape(int batch, int channels, PoolingAxis rows, PoolingAxis columns) => (Batch, Channels, Rows, Columns) = (batch, channels, rows, columns);

    /// <summary>Windows of one size.</summary>
    /// <param name="batch">Pictures.</param>
    /// <param name="height">Rows of a picture.</param>
    /// <param name="width">Columns of a picture.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="window">Rows and columns of a window.</param>
    /// <param name="stride">Distance of windows; the default (0, 0) stands for the window's size.</param>
    /// <param name="padding">Rows and columns beyond each edge; at most half a window.</param>
    /// <exception cref="ArgumentException">A size does not suit.</exception>
    public PoolingShape(int batch, int height, int width, int channels, (int Height, int Width) window, (int Height, int Width) stride = default, (int Height, int Width) padding = default)
        : this(batch, channels, PoolingAxis.Of(height, window.Height, stride.Height, padding.Height), PoolingAxis.Of(width, window.Width, stride.Width, padding.Width)) => Check();

    /// <summary>As many windows as are wanted: window i of n covers ⌊i·size/n⌋ … ⌈(i + 1)·size/n⌉ − 1, as torch's adaptive_avg_pool2d and adaptive_max_pool2d; (1, 1) is the whole picture.</summary>
    /// <param name="batch">Pictures.</param>
    /// <param name="height">Rows of a picture.</param>
    /// <param name="width">Columns of a picture.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="output">Rows and columns of the result.</param>
    /// <exception cref="ArgumentException">A size does not suit.</exception>
    public static PoolingShape Adaptive(int batch, int height, int width, int channels, (int Height, int Width) output)
    {
        PoolingShape shape = new(batch, channels, new(height, output.Height, 0, 0, 0), new(width, output.Width, 0, 0, 0));
        shape.Check();
        return shape;
    }

    /// <summary>Pictures.</summary>
    public int Batch { get; }

    /// <summary>Values of a pixel.</summary>
    public int Channels { get; }

    /// <summary>Of means: whether a window that reaches beyond an edge divides by its whole size, as if zeros stood there; otherwise by the pixels that it sees.</summary>
    /// <value>Default true, as torch's count_include_pad.</value>
    public bool CountsPadding { get; init; } = true;

    /// <summary>Rows of the result.</summary>
    public int OutputHeight => Rows.Outputs;

    /// <summary>Columns of the result.</summary>
    public int OutputWidth => Columns.Outputs;

    internal PoolingAxis Rows { get; }

    internal PoolingAxis Columns { get; }

    internal long InputLength => (long)Batch * Rows.Size * Columns.Size * Channels;

    internal long OutputLength => (long)Batch * Rows.Outputs * Columns.Outputs * Channels;

    /// <summary>By what the sum of a window is divided.</summary>
    internal float Divisor(int i, int j)
    {
        if (CountsPadding && Rows.Window > 0)
            return Rows.Window * Columns.Window;
        ((int top, int bottom), (int left, int right)) = (Rows.Seen(i), Columns.Seen(j));
        return (bottom - top) * (right - left);
    }

    private void Check()
    {
        if (Batch < 0 || Channels < 1 || !Rows.IsValid || !Columns.IsValid || InputLength > int.MaxValue || OutputLength > int.MaxValue)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"PoolingShape: sizes must be at least 1, a window no larger than the padded picture, the padding at most half a window; got rows {Rows}, columns {Columns}, {Batch} pictures of {Channels} channels."));
        }
    }
}

/// <summary>Windows along one axis; a window of 0 stands for adaptive ones.</summary>
internal readonly record struct PoolingAxis(int Size, int Outputs, int Window, int Stride, int Padding)
{
    public bool IsValid => Math.Min(Size, Outputs) >= 1 && Padding >= 0 && Window >= 0 && (Window == 0 || (Stride >= 1 && Padding <= Window / 2 && Window <= Size + (2L * Padding)));

    public static PoolingAxis Of(int size, int window, int stride, int padding)
    {
        int distance = stride == 0 ? window : stride;
        return new(size, window < 1 || distance < 1 ? 0 : ((size + (2 * padding) - window) / distance) + 1, window, distance, padding);
    }

    /// <summary>The rows or columns of the picture that a window sees.</summary>
    public (int First, int End) Seen(int n) => Window == 0
        ? ((int)((long)n * Size / Outputs), (int)((((long)(n + 1) * Size) + Outputs - 1) / Outputs))
        : (Math.Max(0, (n * Stride) - Padding), Math.Min(Size, (n * Stride) - Padding + Window));
}
