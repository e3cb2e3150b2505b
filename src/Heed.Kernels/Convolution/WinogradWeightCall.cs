namespace Heed.Kernels;

/// <summary>The gradient of the weights of a 3 × 3 convolution of stride 1, by <see cref="WinogradTransform"/>: dw += Gᵀ·[Σ over tiles of (A·dy·Aᵀ) ∘ (Bᵀ·d·B)]·G.</summary>
/// <remarks>A task owns a part of the pictures, the same parts for any number of threads, and some rows of the 16 positions; it walks through its pictures in order, some rows of tiles or some small pictures at a time, and the parts are added in order.</remarks>
internal unsafe struct WinogradWeightCall : ISimdKernel
{
    // So many floats of transformed tiles stay in the second-level cache beside the sums; so many tiles of one vector in the first-level cache.
    private const int Block = 1 << 17, FewTiles = 64;

    public ConvolutionShape Shape;
    public float* X, DY, DWeight;
    private float* sums;      // (part, position, channel, filter)
    private int positionTasks;

    private readonly int Size => WinogradTransform.Positions * Shape.Channels * Shape.Filters;

    // It decides the order of sums, so it depends on the sizes alone.
    private readonly int Parts => Math.Clamp((1 << 19) / Size, 1, Math.Clamp(Shape.Batch, 1, 8));

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        if (Shape.Batch == 0)
            return;
        using Scratch scratch = new((long)Parts * Size);
        sums = scratch.Pointer;
        positionTasks = Parts >= 2 * Workers.Degree ? 1 : Parts >= Workers.Degree ? 2 : WinogradTransform.Side;
        fixed (WinogradWeightCall* self = &this)
            Workers.Run(&Task<V>, self, Parts * positionTasks);
        for (int n = 1; n < Parts; n++)
            Elementwise.Add(new Span<float>(sums, Size), new ReadOnlySpan<float>(sums + ((nint)n * Size), Size), new Span<float>(sums, Size));
        RowCall.Run(new FinishStep { Of = this }, Shape.Channels, 25L * Shape.Filters);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        WinogradWeightCall* call = (WinogradWeightCall*)state;
        ref readonly ConvolutionShape s = ref call->Shape;
        int part = index / call->positionTasks, rowTask = index % call->positionTasks, parts = call->Parts;
        int firstRow = WinogradTransform.Side * rowTask / call->positionTasks, endRow = WinogradTransform.Side * (rowTask + 1) / call->positionTasks;
        // One vector of channels and of filters: one row of positions at a time, in the first-level cache.
        bool isNarrow = V.Width == WinogradTile.Square && (s.Channels, s.Filters) == (V.Width, V.Width);
        int rowsAtOnce = isNarrow ? 1 : endRow - firstRow, positions = rowsAtOnce * WinogradTransform.Side;
        int allLines = (s.OutputHeight + 1) / 2, columns = (s.OutputWidth + 1) / 2, most = isNarrow ? FewTiles : Block / (positions * (s.Channels + s.Filters)), lines = Math.Clamp(most / columns, 1, allLines);
        int n = (int)((long)s.Batch * part / parts), end = (int)((long)s.Batch * (part + 1) / parts), together = lines < allLines ? 1 : Math.Clamp(most / (allLines * columns), 1, end - n);
        int pitch = (2 * columns) + 2, length = ((2 * lines) + 2) * pitch * s.Channels, gradientLength = 4 * lines * columns * s.Filters;
        nint distance = WinogradTransform.Distance((nint)together * lines * columns, s.Channels), gradientDistance = WinogradTransform.Distance((nint)together * lines * columns, s.Filters);
        using Scratch scratch = new((positions * (distance + gradientDistance)) + ((long)together * (length + gradientLength)));
        float* windows = scratch.Pointer, gradients = windows + (positions * distance), blocks = gradients + (positions * gradientDistance), gradientBlocks = blocks + ((nint)together * length);
        bool isFirst = true;
        for (int pictures; n < end; n += pictures)
        {
            pictures = Math.Min(together, end - n);
            for (int i = 0, count; i < allLines; i += count, isFirst = false)
            {
                count = Math.Min(lines, allLines - i);
                nint each = (nint)count * columns;
                for (int r = firstRow; r < endRow; r += rowsAtOnce)
                {
                    // The transformations count positions from the first row of all.
                    float* windowsStart = windows - (r * WinogradTransform.Side * distance), gradientsStart = gradients - (r * WinogradTransform.Side * gradientDistance);
                    for (int k = 0; k < pictures; k++)
                    {
                        float* seen = Rows(call->X, n + k, s.Height, s.Width, s.Channels, (2 * i) - s.PaddingHeight, (2 * count) + 2, -s.PaddingWidth, pitch, blocks + ((nint)k * length), r == firstRow, out nint row);
                        WinogradTransform.Windows<V>(seen, row, s.Channels, count, columns, windowsStart + (k * each * s.Channels), distance, r, r + rowsAtOnce);
                        seen = Rows(call->DY, n + k, s.OutputHeight, s.OutputWidth, s.Filters, 2 * i, 2 * count, 0, 2 * columns, gradientBlocks + ((nint)k * gradientLength), r == firstRow, out row);
                        WinogradTransform.Gradients<V>(seen, row, s.Filters, count, columns, gradientsStart + (k * each * s.Filters), gradientDistance, r, r + rowsAtOnce);
                    }
                    for (int p = 0; p < positions; p++)
                    {
                        float* to = call->sums + ((nint)part * call->Size) + ((nint)((r * WinogradTransform.Side) + p) * s.Channels * s.Filters);
                        if (isNarrow)
                            WinogradTile.Outer(windows + (p * distance), gradients + (p * gradientDistance), (int)(pictures * each), to, isFirst);
                        else
                            Add<V>(windows + (p * distance), gradients + (p * gradientDistance), (int)(pictures * each), to, s.Channels, s.Filters, isFirst);
                    }
                }
            }
        }
    }

    // Some rows of a picture: where they lie, or with zeros around them in the block, copied there or left from before.
    private static float* Rows(float* pictures, int number, int height, int width, int channels, int top, int rows, int left, int pitch, float* block, bool isNew, out nint row)
    {
        float* picture = pictures + ((nint)number * height * width * channels);
        bool copies = top < 0 || top + rows > height || left < 0 || left + pitch > width;
        row = (nint)(copies ? pitch : width) * channels;
        if (copies && isNew)
            ConvolutionPadding.Copy(picture, height, width, channels, top, rows, left, pitch, block);
        return copies ? block : picture + ((((nint)top * width) + left) * channels);
    }

    // sums (channels, filters) += windowsᵀ·gradients, or = at the start.
    private static void Add<V>(float* windows, float* gradients, int tiles, float* sums, int channels, int filters, bool isFirst)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), pieces = (channels + GemmTile.Height<V>() - 1) / GemmTile.Height<V>();
        for (int f = 0; f < filters; f += width)
        {
            for (int n = 0; n < pieces; n++)
            {
                int at = channels * n / pieces, rows = (channels * (n + 1) / pieces) - at;
                float* to = sums + ((nint)at * filters) + f;
                if (filters - f >= width)
                    GemmTile.Run<V, GemmTile.Wide>(rows, windows + at, 1, channels, gradients + f, filters, to, filters, tiles, isFirst ? null : to, filters, null, to);
                else
                    GemmTile.Run<V, GemmTile.Narrow>(rows, windows + at, 1, channels, gradients + f, filters, to, filters, tiles, isFirst ? null : to, filters, null, to);
            }
        }
    }

    // One channel of all filters: the sums turned into nine taps and added in the order of w, (filter, channel, 3, 3).
    private struct FinishStep : IRowStep
    {
        public WinogradWeightCall Of;

        public readonly void Row<V>(nint channel)
            where V : unmanaged, ISimd<V>
        {
            const int Taps = 9;
            int channels = Of.Shape.Channels, filters = Of.Shape.Filters;
            using Scratch scratch = new(Taps * filters);
            WinogradTransform.FilterGradients<V>(Of.sums + (channel * filters), (nint)channels * filters, filters, scratch.Pointer, filters);
            float* to = Of.DWeight + (channel * Taps);
            for (int f = 0; f < filters; f++, to += (nint)channels * Taps)
            {
                for (int tap = 0; tap < Taps; tap++)
                    to[tap] += scratch.Pointer[(tap * filters) + f];
            }
        }
    }
}
