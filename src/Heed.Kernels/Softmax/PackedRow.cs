using System.Numerics;
using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The few weights of a sparse row side by side, so that what a weight costs is paid for those alone, not for every vector in which one stands.</summary>
/// <remarks>At 1,024 keys whose energies deviate by 2, entmax of 1.3 keeps some 60: they fill 5 vectors of 16, and stand in 40.</remarks>
internal static unsafe class PackedRow
{
    // A part in four and less: packing more costs more than it saves.
    private const int Density = 4;

    /// <summary>Whether so many of n are few.</summary>
    public static bool IsFew(nint count, nint n) => count * Density <= n;

    /// <summary>Writes 0 to a row, and packed values where its scores are at least <paramref name="least"/> or NaN: the places from which they were gathered, in their order.</summary>
    /// <param name="x">n scores.</param>
    /// <param name="n">How many.</param>
    /// <param name="least">The least score that has a value.</param>
    /// <param name="values">The values.</param>
    /// <param name="y">n results; may be x.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Scatter<V>(float* x, nint n, float least, float* values, float* y)
        where V : unmanaged, ISimd<V>
    {
        V border = V.Create(least);
        for (nint i = 0; i < n; i += V.Width)
        {
            int lanes = (int)Math.Min(V.Width, n - i);
            V chosen = V.AreEqual(V.LessThan(Lane.Load<V>(x + i, lanes), border), V.Zero);
            Lane.Store(V.Expand(V.Load(values), chosen), y + i, lanes);
            values += BitOperations.PopCount(V.Bits(chosen));
        }
    }

    /// <summary>Gathers weights that are not 0, with their gradients and what these are added to; 0 up to a whole vector.</summary>
    /// <param name="y">n weights.</param>
    /// <param name="dy">n gradients of the weights.</param>
    /// <param name="dx">n sums, to which the scores' gradients are added.</param>
    /// <param name="n">How many.</param>
    /// <param name="packed">Weights, gradients and sums, each n/4 + 16 floats.</param>
    /// <param name="places">Where they stand: n/4 + 16.</param>
    /// <returns>How many; −1 if they are not few.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static nint Gather<V>(float* y, float* dy, float* dx, nint n, float* packed, int* places)
        where V : unmanaged, ISimd<V>
    {
        nint most = n / Density, part = Part(n), count = 0;
        for (nint i = 0; i < n; i += V.Width)
        {
            int lanes = (int)Math.Min(V.Width, n - i);
            ulong bits = ~V.Bits(V.AreEqual(Lane.Load<V>(y + i, lanes), V.Zero)) & Lanes(lanes);
            if (count + BitOperations.PopCount(bits) > most)
                return -1;
            for (; bits != 0; bits &= bits - 1, count++)
            {
                nint at = i + BitOperations.TrailingZeroCount(bits);
                (packed[count], packed[part + count], packed[(2 * part) + count], places[count]) = (y[at], dy[at], dx[at], (int)at);
            }
        }
        for (nint i = count; i < count + V.Width; i++)
            (packed[i], packed[part + i], packed[(2 * part) + i]) = (0, 0, 0);
        return count;
    }

    /// <summary>Floats of one part of the gathered: n/4 and a vector.</summary>
    public static nint Part(nint n) => (n / Density) + 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Lanes(int count) => count == 64 ? ulong.MaxValue : (1ul << count) - 1;
}
