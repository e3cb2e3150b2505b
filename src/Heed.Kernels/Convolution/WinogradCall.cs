namespace Heed.Kernels;

/// <summary>A 3 × 3 convolution of stride 1, or the gradient of its pictures, by <see cref="WinogradTransform"/>: 2.25 times fewer multiply–adds.</summary>
/// <remarks>
/// <para>A task takes some rows of tiles of one picture, or several small pictures: their windows are transformed, multiplied with the transformed filters, position by position, and transformed back while they lie in the second-level cache.</para>
/// <para>Bits: a result is the transformation of 16 sums, each one chain over the channels: the same for any cut into tasks.</para>
/// <para>Error: inputs and products grow up to fourfold before they cancel, but chains are nine times shorter: root mean squares of 0.6 to 1.25 times those of direct sums (decision 18). An infinity reaches all results of its tiles, as NaN.</para>
/// </remarks>
internal unsafe struct WinogradCall : ISimdKernel
{
    // So many floats of transformed tiles and products stay in the second-level cache beside the filters; so many tiles of one vector in the first-level cache.
    private const int Block = 1 << 17, FewTiles = 32;

    public ConvolutionShape Shape;
    public float* From, Weight, Bias, To;
    public float* Packed;      // panels made before, or null
    public ConvolutionEnding Ending;
    public bool IsBackward, Overwrites;      // backward: whether the result holds nothing yet
    public bool Measures;      // tells whether tasks have whole pictures, and took their moments
    private int taskLines, blocks, together;
    private float* panels;

    private readonly (int Height, int Width, int Channels) Source => IsBackward ? (Shape.OutputHeight, Shape.OutputWidth, Shape.Filters) : (Shape.Height, Shape.Width, Shape.Channels);

    private readonly (int Height, int Width, int Channels) Result => IsBackward ? (Shape.Height, Shape.Width, Shape.Channels) : (Shape.OutputHeight, Shape.OutputWidth, Shape.Filters);

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        using Scratch packed = new(Packed != null ? 0 : WinogradPanels.Length(Shape, IsBackward, Packing.PanelWidth<V>()));
        panels = Packed != null ? Packed : packed.Pointer;
        if (Packed == null)
            new WinogradPanels { Shape = Shape, Weight = Weight, To = panels, IsBackward = IsBackward }.Run<V>();
        (int height, int width, _) = Result;
        int rows = (height + 1) / 2, columns = (width + 1) / 2, most = IsNarrow<V>() ? rows * columns : Math.Max(1, Block / (WinogradTransform.Positions * (Shape.Channels + Shape.Filters)));
        // A single picture is cut for all threads.
        int wanted = Shape.Batch >= 4 * Workers.Degree ? 1 : 4 * Workers.Degree / Math.Max(1, Shape.Batch);
        blocks = Math.Min(rows, Math.Max(wanted, (rows + Math.Clamp(most / columns, 1, rows) - 1) / Math.Clamp(most / columns, 1, rows)));
        taskLines = (rows + blocks - 1) / blocks;
        blocks = (rows + taskLines - 1) / taskLines;
        together = blocks > 1 ? 1 : Math.Clamp(most / (rows * columns), 1, Math.Max(1, Shape.Batch / (4 * Workers.Degree)));
        Measures = blocks == 1;
        fixed (WinogradCall* self = &this)
            Workers.Run(&Task<V>, self, (Shape.Batch + together - 1) / together * blocks);
    }

    // Vectors of 16 lanes, one for all filters.
    private readonly bool IsNarrow<V>()
        where V : unmanaged, ISimd<V> => V.Width == WinogradTile.Square && Result.Channels == V.Width;

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        WinogradCall* call = (WinogradCall*)state;
        ref readonly ConvolutionShape s = ref call->Shape;
        (int height, int width, int channels) = call->Source;
        (int resultHeight, int resultWidth, int filters) = call->Result;
        int columns = (resultWidth + 1) / 2, firstLine = index % call->blocks * call->taskLines, lines = Math.Min(call->taskLines, ((resultHeight + 1) / 2) - firstLine);
        int firstPicture = index / call->blocks * call->together, pictures = Math.Min(call->together, s.Batch - firstPicture), tiles = pictures * lines * columns;
        int top = (2 * firstLine) - (call->IsBackward ? 2 - s.PaddingHeight : s.PaddingHeight), left = call->IsBackward ? s.PaddingWidth - 2 : -s.PaddingWidth, rows = (2 * lines) + 2, pitch = (2 * columns) + 2;
        bool copies = top < 0 || top + rows > height || left < 0 || left + pitch > width;
        bool isNarrow = call->IsNarrow<V>();
        if (isNarrow)
            tiles = Math.Max(WinogradTile.Tiles, Math.Clamp(FewTiles / columns, 1, lines) * columns);
        nint distance = WinogradTransform.Distance(tiles, channels), productDistance = WinogradTransform.Distance(tiles, filters), each = (nint)lines * columns;
        using Scratch scratch = new((WinogradTransform.Positions * (distance + productDistance)) + (copies ? (long)rows * pitch * channels : 0));
        float* windows = scratch.Pointer, products = windows + (WinogradTransform.Positions * distance), block = products + (WinogradTransform.Positions * productDistance);
        for (int k = 0; k < pictures; k++)
        {
            float* from = call->From + ((nint)(firstPicture + k) * height * width * channels), seen = block;
            if (copies)
                ConvolutionPadding.Copy(from, height, width, channels, top, rows, left, pitch, block);
            else
                seen = from + ((((nint)top * width) + left) * channels);
            if (isNarrow)
            {
                call->Narrow<V>(seen, (nint)(copies ? pitch : width) * channels, firstPicture + k, firstLine, lines, windows, distance, products, productDistance);
                if (call->Measures)
                    call->Ending.Measure<V>(call->To, firstPicture + k, filters);
                continue;
            }
            WinogradTransform.Windows<V>(seen, (nint)(copies ? pitch : width) * channels, channels, lines, columns, windows + (k * each * channels), distance, 0, WinogradTransform.Side);
        }
        if (isNarrow)
            return;
        for (int position = 0; position < WinogradTransform.Positions; position++)
            Multiply<V>(windows + (position * distance), call->panels + ((nint)position * channels * Packing.PanelWidth<V>()), products + (position * productDistance), tiles, channels, filters);
        for (int k = 0; k < pictures; k++)
        {
            float* to = call->To + (((((nint)(firstPicture + k) * resultHeight) + (2 * firstLine)) * resultWidth) * filters);
            int seenRows = Math.Min(2 * lines, resultHeight - (2 * firstLine));
            WinogradTransform.Results<V>(products + (k * each * filters), productDistance, filters, lines, columns, to, (nint)resultWidth * filters, seenRows, resultWidth, call->Bias, call->IsBackward && !call->Overwrites);
            call->Ending.Apply<V>(to, (nint)(to - call->To), (nint)seenRows * resultWidth * filters);
            if (call->Measures)
                call->Ending.Measure<V>(call->To, firstPicture + k, filters);
        }
    }

    // One picture's rows of tiles, some at a time, each row of positions from its windows to its halves in the first-level cache.
    private readonly void Narrow<V>(float* seen, nint row, int picture, int firstLine, int lines, float* windows, nint distance, float* halves, nint halfDistance)
        where V : unmanaged, ISimd<V>
    {
        (int height, int width, int filters) = Result;
        int channels = Source.Channels, columns = (width + 1) / 2, most = Math.Clamp(FewTiles / columns, 1, lines);
        nint panelDistance = (nint)channels * Packing.PanelWidth<V>();
        for (int i = 0, count; i < lines; i += count)
        {
            count = Math.Min(most, lines - i);
            for (int r = 0; r < WinogradTransform.Side; r++)
            {
                WinogradTransform.Windows<V>(seen + (2 * i * row), row, channels, count, columns, windows - (r * WinogradTransform.Side * distance), distance, r, r + 1);
                WinogradTile.Row(windows, distance, panels + (r * WinogradTransform.Side * panelDistance), panelDistance, halves + (2 * r * halfDistance), halfDistance, count * columns, channels);
            }
            int firstRow = 2 * (firstLine + i), seenRows = Math.Min(2 * count, height - firstRow);
            float* to = To + ((((nint)picture * height) + firstRow) * width * filters);
            WinogradTransform.ResultsOfHalves<V>(halves, halfDistance, count, columns, to, (nint)width * filters, seenRows, width, Bias, IsBackward && !Overwrites);
            Ending.Apply<V>(to, (nint)(to - To), (nint)seenRows * width * filters);
        }
    }

    // products (tiles, filters) = windows (tiles, channels) · filters (channels, filters) of one position.
    private static void Multiply<V>(float* windows, float* panel, float* products, int tiles, int channels, int filters)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), pieces = (tiles + GemmTile.Height<V>() - 1) / GemmTile.Height<V>();
        for (int first = 0; first < filters; first += width, panel += (nint)WinogradTransform.Positions * channels * width)
        {
            for (int n = 0; n < pieces; n++)
            {
                int at = (int)((long)tiles * n / pieces), rows = (int)((long)tiles * (n + 1) / pieces) - at;
                float* a = windows + ((nint)at * channels), c = products + ((nint)at * filters) + first;
                if (filters - first >= width)
                    GemmTile.Run<V, GemmTile.Wide>(rows, a, channels, 1, panel, width, c, filters, channels, null, 0, null, c);
                else
                    GemmTile.Run<V, GemmTile.Narrow>(rows, a, channels, 1, panel, width, c, filters, channels, null, 0, null, c);
            }
        }
    }
}
