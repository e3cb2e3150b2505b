namespace Heed.Kernels;

/// <summary>Which values a sweep reads for one pixel of its result, and with which weights: runs of neighbouring values, in a fixed order.</summary>
/// <remarks>
/// <para>Forward, the result at (i, j) reads for tap (r, s) the pixel (i·stride + r·dilation, j·stride + s·dilation) of the padded picture; strides down and across may differ. Backward, the pixel (u·stride + a, v·stride + b) of the picture reads, for those taps
/// with a + padding − r·dilation divisible by the stride, the row u + (a + padding − r·dilation)/stride of the result's gradient, and likewise for columns: each of the stride·stride phases (a, b) is a convolution of stride 1
/// of its own.</para>
/// <para>Taps that lie side by side in memory are joined to one run.</para>
/// </remarks>
internal unsafe struct ConvolutionTaps
{
    public int* Taps;        // row·kernel width + column, in the order in which they are read
    public nint* Offsets;    // of each run, in values from the sweep's pixel
    public int Count, Runs;

    /// <summary>Taps of a run.</summary>
    public readonly int Joined => Runs == 0 ? 0 : Count / Runs;

    /// <summary>Finds them; there is room for kernel height · kernel width of each kind.</summary>
    public void Find(in ConvolutionShape s, bool isBackward, int a, int b, int pitch)
    {
        int* rows = stackalloc int[s.KernelHeight], rowTaps = stackalloc int[s.KernelHeight], columns = stackalloc int[s.KernelWidth], columnTaps = stackalloc int[s.KernelWidth];
        int rowCount = Axis(s.KernelHeight, s.StrideHeight, s.Dilation, s.PaddingHeight, isBackward, a, rows, rowTaps), columnCount = Axis(s.KernelWidth, s.StrideWidth, s.Dilation, s.PaddingWidth, isBackward, b, columns, columnTaps);
        bool joins = s.Groups == 1;
        for (int n = 1; n < columnCount; n++)
            joins &= columns[n] == columns[n - 1] + 1;
        (Count, Runs) = (0, 0);
        for (int r = 0; r < rowCount; r++)
        {
            for (int c = 0; c < columnCount; c++)
            {
                Taps[Count++] = (rowTaps[r] * s.KernelWidth) + columnTaps[c];
                if (c == 0 || !joins)
                    Offsets[Runs++] = (((nint)rows[r] * pitch) + columns[c]) * (isBackward ? s.Filters : s.Channels);
            }
        }
    }

    /// <summary>The lowest and highest offset of any phase and tap along one axis of a backward pass.</summary>
    public static (int Low, int High) Reach(int kernel, int stride, int dilation, int padding) =>
        (FloorDivide(padding - (dilation * (kernel - 1)), stride), FloorDivide(stride - 1 + padding, stride));

    private static int FloorDivide(int value, int by) => value >= 0 ? value / by : -((by - 1 - value) / by);

    // The taps of one axis by ascending offset.
    private static int Axis(int kernel, int stride, int dilation, int padding, bool isBackward, int phase, int* offsets, int* taps)
    {
        int count = 0, low = Reach(kernel, stride, dilation, padding).Low;
        for (int n = 0; n < kernel; n++)
        {
            int tap = isBackward ? kernel - 1 - n : n, distance = isBackward ? phase + padding - (tap * dilation) : tap * dilation;
            if (isBackward && distance % stride != 0)
                continue;
            offsets[count] = isBackward ? (distance / stride) - low : distance;
            taps[count++] = tap;
        }
        return count;
    }
}
