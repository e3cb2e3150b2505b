namespace Heed.Kernels;

/// <summary>The taps of a depthwise convolution along one axis: result o reads the source at o·pace + shift of each tap.</summary>
/// <remarks>Forward, the pace is the stride. Backward, the results o of a phase are the pixels o·stride + phase of the picture, and its taps those that reach them, at a pace of 1.</remarks>
internal unsafe struct DepthwiseAxis
{
    public int* Taps, Shifts;
    public int Count, Pace, Size;      // Size: of the source

    /// <summary>Finds the taps; there is room for as many as the kernel has.</summary>
    public void Find(int kernel, int stride, int dilation, int padding, int size, bool isBackward, int phase)
    {
        (Count, Pace, Size) = (0, isBackward ? 1 : stride, size);
        for (int n = 0; n < kernel; n++)
        {
            int distance = isBackward ? phase + padding - (n * dilation) : (n * dilation) - padding;
            if (isBackward && distance % stride != 0)
                continue;
            Taps[Count] = n;
            Shifts[Count++] = isBackward ? distance / stride : distance;
        }
    }

    /// <summary>Whether a tap of a result lies in the source.</summary>
    public readonly bool Sees(int o, int n) => (uint)((o * Pace) + Shifts[n]) < (uint)Size;

    /// <summary>The results of 0 … count − 1 of which every tap lies in the source; empty as (count, count).</summary>
    public readonly (int First, int End) Inner(int count)
    {
        int low = 0, high = count;
        for (int n = 0; n < Count; n++)
        {
            low = Math.Max(low, Shifts[n] >= 0 ? 0 : (-Shifts[n] + Pace - 1) / Pace);
            high = Math.Min(high, Shifts[n] >= Size ? 0 : ((Size - 1 - Shifts[n]) / Pace) + 1);
        }
        return low < high ? (low, high) : (count, count);
    }
}
