namespace Heed.Kernels;

/// <summary>The gradient of a convolution's weights: dw[f, r, s, c] = Σ over pictures and pixels of dy[pixel, f]·x[window of the pixel, r, s, c].</summary>
/// <remarks>
/// <para>A task owns a part of the pictures, the same parts for any number of threads, and some columns (r, s, c) and filters of the gradient; it walks through its pictures in order, and the parts are added in order. The rows of
/// the register tile are filters, its columns the values of a window, its depth pixels. The windows of some rows of pixels are gathered into panels, which all tiles of filters read.</para>
/// </remarks>
internal unsafe struct ConvolutionWeightCall : ISimdKernel
{
    // So many floats of gathered windows stay in the second-level cache.
    private const int Gathered = 1 << 16;

    public ConvolutionShape Shape;
    public float* X, DY, Sums;         // Sums: (part of the pictures, group, filter, window), zeros at the start
    private int columnTasks, filterTasks;

    /// <summary>How many parts the pictures of a batch have: it decides the order of sums, so it depends on the sizes alone.</summary>
    public static int Parts(in ConvolutionShape s) => (int)Math.Clamp((1L << 18) / ((long)s.Filters * s.Depth), 1, Math.Clamp(s.Batch, 1, 8));

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int parts = Parts(Shape), wanted = Shape.MultiplyAdds < 1 << 19 || parts >= 2 * Workers.Degree ? 1 : 2 * Workers.Degree, panels = Math.Max(1, Shape.Depth * Shape.Groups / Packing.PanelWidth<V>());
        columnTasks = Math.Min(panels, wanted);
        filterTasks = Math.Clamp(Math.Min(wanted / columnTasks, Shape.GroupFilters / 4), 1, wanted);
        fixed (ConvolutionWeightCall* self = &this)
            Workers.Run(&Task<V>, self, parts * columnTasks * filterTasks);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        ConvolutionWeightCall* call = (ConvolutionWeightCall*)state;
        ref readonly ConvolutionShape s = ref call->Shape;
        int pitch = s.Width + (2 * s.PaddingWidth), rows = s.Height + (2 * s.PaddingHeight), width = Packing.PanelWidth<V>(), kernel = s.KernelHeight * s.KernelWidth;
        // Columns of all groups side by side, cut at whole vectors where that can be.
        int all = s.Groups * s.Depth, columnTask = index % call->columnTasks, filterTask = index / call->columnTasks % call->filterTasks, part = index / call->columnTasks / call->filterTasks, parts = Parts(s);
        int first = Part(all, columnTask, call->columnTasks, V.Width), end = Part(all, columnTask + 1, call->columnTasks, V.Width);
        int firstFilter = Part(s.GroupFilters, filterTask, call->filterTasks, 1), filters = Part(s.GroupFilters, filterTask + 1, call->filterTasks, 1) - firstFilter;
        int most = (Math.Min(end - first, s.Depth) + width - 1) / width * width, lines = Math.Clamp(Gathered / (s.OutputWidth * most), 1, s.OutputHeight);
        // Small pictures are gathered together: their gradients lie side by side.
        int together = lines < s.OutputHeight ? 1 : Math.Max(1, Gathered / (s.OutputPixels * most));
        int edge = ConvolutionSweep.EdgeLength<V>(), padded = rows * pitch * s.Channels;
        using Scratch scratch = new(edge + ((long)together * lines * s.OutputWidth * most) + padded);
        float* windows = scratch.Pointer + edge, picture = windows + ((nint)together * lines * s.OutputWidth * most);
        int* places = stackalloc int[kernel];
        nint* offsets = stackalloc nint[kernel];
        ConvolutionTaps taps = new() { Taps = places, Offsets = offsets };
        taps.Find(s, isBackward: false, 0, 0, pitch);
        bool copies = s.PaddingHeight > 0 || s.PaddingWidth > 0;
        for (int n = Part(s.Batch, part, parts, 1), endPicture = Part(s.Batch, part + 1, parts, 1), pictures; n < endPicture; n += pictures)
        {
            pictures = Math.Min(together, endPicture - n);
            for (int i = 0; i < s.OutputHeight; i += lines)
            {
                int count = Math.Min(lines, s.OutputHeight - i), pixels = count * s.OutputWidth;
                float* dy = call->DY + ((((nint)n * s.OutputPixels) + ((nint)i * s.OutputWidth)) * s.Filters) + firstFilter;
                for (int at = first, columns; at < end; at += columns)
                {
                    int group = at / s.Depth, column = at % s.Depth;
                    columns = Math.Min(end - at, s.Depth - column);
                    for (int k = 0; k < pictures; k++)
                    {
                        float* x = call->X + ((nint)(n + k) * s.Height * s.Width * s.Channels), seen = copies ? picture : x;
                        // With one picture at a time it stays padded for all of its rows and groups.
                        if (copies && (pictures > 1 || (i == 0 && at == first)))
                            ConvolutionPadding.Copy(x, s.Height, s.Width, s.Channels, -s.PaddingHeight, rows, -s.PaddingWidth, pitch, picture);
                        Gather<V>(s, taps, seen + ((nint)i * s.StrideHeight * pitch * s.Channels) + (group * s.GroupChannels), pitch, count, column, columns, windows + ((nint)k * pixels * width), (nint)pictures * pixels * width);
                    }
                    float* sums = call->Sums + ((((((nint)part * s.Groups) + group) * s.GroupFilters) + firstFilter) * s.Depth) + column;
                    Add<V>(scratch.Pointer, dy + (group * s.GroupFilters), s.Filters, windows, pictures * pixels, sums, s.Depth, filters, columns);
                }
            }
        }
    }

    private static int Part(int length, int part, int parts, int unit) => part == parts ? length : (int)((long)length * part / parts / unit * unit);

    // Columns first … of the windows of some rows of pixels, in panels (panel, pixel, width), so many values apart.
    private static void Gather<V>(in ConvolutionShape s, ConvolutionTaps taps, float* seen, int pitch, int lines, int first, int count, float* windows, nint length)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), run = taps.Joined * s.GroupChannels;
        nint pixel = (nint)s.StrideWidth * s.Channels;
        for (int at = 0, some; at < count; at += some)
        {
            // A piece ends with its panel or its run.
            int column = (first + at) % run;
            some = Math.Min(Math.Min(count - at, run - column), width - (at % width));
            float* to = windows + (at / width * length) + (at % width);
            for (int i = 0; i < lines; i++)
            {
                float* from = seen + taps.Offsets[(first + at) / run] + ((nint)i * s.StrideHeight * pitch * s.Channels) + column;
                for (int j = 0; j < s.OutputWidth; j++, from += pixel, to += width)
                {
                    if (some == width)
                    {
                        V.Store(V.Load(from), to);
                        V.Store(V.Load(from + V.Width), to + V.Width);
                    }
                    else if (some == V.Width)
                    {
                        V.Store(V.Load(from), to);
                    }
                    else
                    {
                        int whole = Math.Min(some, V.Width);
                        V.Store(V.Load(from, whole), to, whole);
                        V.Store(V.Load(from + whole, some - whole), to + whole, some - whole);
                    }
                }
            }
        }
    }

    // sums[f, p] += Σ over pixels of dy[pixel, f]·windows[pixel, p].
    private static void Add<V>(float* edge, float* dy, nint stride, float* windows, int pixels, float* sums, nint sumStride, int filters, int columns)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), tiles = (filters + GemmTile.Height<V>() - 1) / GemmTile.Height<V>();
        for (int p = 0; p < columns; p += width, windows += (nint)pixels * width)
        {
            int some = Math.Min(width, columns - p);
            for (int t = 0; t < tiles; t++)
            {
                int f = Part(filters, t, tiles, 1), rows = Part(filters, t + 1, tiles, 1) - f;
                float* to = sums + (f * sumStride) + p, next = to + (rows * sumStride);
                if (some == width)
                {
                    GemmTile.Run<V, GemmTile.Wide>(rows, dy + f, 1, stride, windows, width, to, sumStride, pixels, to, sumStride, null, next);
                    continue;
                }
                if (some == V.Width)
                {
                    GemmTile.Run<V, GemmTile.Narrow>(rows, dy + f, 1, stride, windows, width, to, sumStride, pixels, to, sumStride, null, next);
                    continue;
                }
                EdgeTile part = new() { Edge = edge, Rows = rows, Width = width, Columns = some };
                part.Fill<V>(to, sumStride);
                GemmTile.Run<V>(rows, dy + f, 1, stride, windows, width, edge, width, pixels, edge, width);
                part.CopyTo<V>(to, sumStride);
            }
        }
    }
}
