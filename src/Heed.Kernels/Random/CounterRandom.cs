namespace Heed.Kernels;

/// <summary>Philox4x32-10: a counter-based generator. The block at (key, counter) is a pure function, so any position of a stream
/// can be produced alone, in any order and on any thread.</summary>
/// <remarks>Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011; constants of its section 4.
/// Cost: about 40 integer operations for 128 bits. Thread-safe: no state.</remarks>
public static class CounterRandom
{
    /// <summary>The 128 bits at <paramref name="counter"/> of the stream <paramref name="key"/>.</summary>
    /// <param name="key">The stream; two keys give independent streams.</param>
    /// <param name="counter">The position, counted in blocks of 128 bits.</param>
    public static (ulong Low, ulong High) Block(ulong key, ulong counter)
    {
        uint c0 = (uint)counter, c1 = (uint)(counter >> 32), c2 = 0, c3 = 0;
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53ul * c0, p1 = 0xCD9E8D57ul * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (c0 | ((ulong)c1 << 32), c2 | ((ulong)c3 << 32));
    }

    /// <summary>Mixes 64 bits into 64 bits (the finalizer of SplitMix64); used to derive keys.</summary>
    /// <param name="value">Any value.</param>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
