namespace Heed.Kernels;

/// <summary>The gradient of the weights of a 3 × 3 convolution of stride 1, by <see cref="WinogradTransform"/>: dw += Gᵀ·[Σ over tiles of (A·dy·Aᵀ) ∘ (Bᵀ·d·B)]·G.</summary>
/// <remarks>A task owns a part of the pictures, the same parts for any number of threads, and some rows of the 16 positions; it walks through its pictures in order, some rows of tiles or some small pictures at a time, and the parts are added in order.</remarks>
internal unsafe struct WinogradWeightCall : ISimdKernel
{
    // So many floats of transformed tiles stay in the second-level cache beside the sums.
    private const int Block = 1 << 17;

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
        int firstRow = WinogradTransform.Side * rowTask / call->positionTasks, endRow = WinogradTransform.Side * (rowTask + 1) / call->positionTasks, first = firstRow * WinogradTransform.Side, positions = (endRow * WinogradTransform.Side) - first;
        int allLines = (s.OutputHeight + 1) / 2, columns = (s.OutputWidth + 1) / 2, most = Block / (positions * (s.Channels + s.Filters)), lines = Math.Clamp(most / columns, 1, allLines);
        int n = (int)((long)s.Batch * part / parts), end = (int)((long)s.Batch * (part + 1) / parts), together = lines < allLines ? 1 : Math.Clamp(most / (allLines * columns), 1, end - n);
        int rows = (2 * lines) + 2, pitch = (2 * columns) + 2;
        nint most1 = WinogradTransform.Distance((nint)together * lines * columns, s.Channels), most2 = WinogradTransform.Distance((nint)together * lines * columns, s.Filters);
        using Scratch scratch = new((positions * (most1 + most2)) + ((long)rows * pitch * Math.Max(s.Channels, s.Filters)));
        float* windows = scratch.Pointer, gradients = windows + (positions * most1), block = gradients + (positions * most2), sums = call->sums + ((nint)part * call->Size);
        bool isFirst = true;
        for (int pictures; n < end; n += pictures)
        {
            pictures = Math.Min(together, end - n);
            for (int i = 0, count; i < allLines; i += count, isFirst = false)
            {
                count = Math.Min(lines, allLines - i);
                nint each = (nint)count * columns, tiles = pictures * each, distance = WinogradTransform.Distance(tiles, s.Channels), gradientDistance = WinogradTransform.Distance(tiles, s.Filters);
                // The transformations count positions from the first row of all.
                float* windowsStart = windows - (first * distance), gradientsStart = gradients - (first * gradientDistance);
                for (int k = 0; k < pictures; k++)
                {
                    Rows(call->X, n + k, s.Height, s.Width, s.Channels, (2 * i) - s.PaddingHeight, (2 * count) + 2, -s.PaddingWidth, pitch, block, out float* seen, out nint row);
                    WinogradTransform.Windows<V>(seen, row, s.Channels, count, columns, windowsStart + (k * each * s.Channels), distance, firstRow, endRow);
                    Rows(call->DY, n + k, s.OutputHeight, s.OutputWidth, s.Filters, 2 * i, 2 * count, 0, 2 * columns, block, out seen, out row);
                    WinogradTransform.Gradients<V>(seen, row, s.Filters, count, columns, gradientsStart + (k * each * s.Filters), gradientDistance, firstRow, endRow);
                }
                for (int p = 0; p < positions; p++)
                    Add<V>(windows + (p * distance), gradients + (p * gradientDistance), (int)tiles, sums + ((nint)(first + p) * s.Channels * s.Filters), s.Channels, s.Filters, isFirst);
            }
        }
    }

    // Some rows of a picture: where they lie, or with zeros around them in the block.
    private static void Rows(float* pictures, int number, int height, int width, int channels, int top, int rows, int left, int pitch, float* block, out float* seen, out nint row)
    {
        float* picture = pictures + ((nint)number * height * width * channels);
        bool copies = top < 0 || top + rows > height || left < 0 || left + pitch > width;
        seen = copies ? block : picture + ((((nint)top * width) + left) * channels);
        row = (nint)(copies ? pitch : width) * channels;
        if (copies)
            ConvolutionPadding.Copy(picture, height, width, channels, top, rows, left, pitch, block);
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
