namespace Heed.Kernels;

/// <summary>The transformed filters of a <see cref="WinogradCall"/>: (panel, 16 positions, channel, panel width), filters that are not there are 0; backward turned round.</summary>
internal unsafe struct WinogradPanels : ISimdKernel
{
    // Channels of a task.
    private const int Slice = 16;

    public ConvolutionShape Shape;
    public float* Weight, To;
    public bool IsBackward;

    private readonly int Inner => IsBackward ? Shape.Filters : Shape.Channels;

    private readonly int Outer => IsBackward ? Shape.Channels : Shape.Filters;

    public static long Length(in ConvolutionShape s, bool isBackward, int width)
    {
        (int inner, int outer) = isBackward ? (s.Filters, s.Channels) : (s.Channels, s.Filters);
        return (long)WinogradTransform.Positions * inner * ((outer + width - 1) / width * width);
    }

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        RowCall.Run(new SliceStep { Of = this }, (Outer + width - 1) / width * (Inner / Slice), 25L * Slice * width);
    }

    private struct SliceStep : IRowStep
    {
        public WinogradPanels Of;

        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            int width = Packing.PanelWidth<V>(), inner = Of.Inner, slices = inner / Slice, panel = (int)row / slices, first = (int)row % slices * Slice, columns = Math.Min(width, Of.Outer - (panel * width)), fan = Of.Shape.Depth;
            const int Taps = 9;
            using Scratch scratch = new(Taps * Slice * width);
            for (int tap = 0; tap < Taps; tap++)
            {
                float* to = scratch.Pointer + (tap * Slice * width);
                if (Of.IsBackward)
                    Packing.Panel<V>(Of.Weight + ((nint)first * fan) + ((nint)panel * width * Taps) + (Taps - 1 - tap), fan, Taps, to, Slice, columns);
                else
                    Packing.Panel<V>(Of.Weight + ((nint)panel * width * fan) + ((nint)first * Taps) + tap, Taps, fan, to, Slice, columns);
            }
            WinogradTransform.Filters<V>(scratch.Pointer, Slice * width, Slice * width, Of.To + ((((nint)panel * WinogradTransform.Positions * inner) + first) * width), (nint)inner * width);
        }
    }
}

/// <summary>The same from the panels of a direct convolution, (panel, tap, channel, panel width).</summary>
internal unsafe struct WinogradTransformed : ISimdKernel
{
    public float* Panels, To;
    public nint PanelLength;       // of one tap or position
    public int Count;

    public readonly void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        for (int n = 0; n < Count; n++)
            WinogradTransform.Filters<V>(Panels + (9 * n * PanelLength), PanelLength, PanelLength, To + (WinogradTransform.Positions * n * PanelLength), PanelLength);
    }
}
