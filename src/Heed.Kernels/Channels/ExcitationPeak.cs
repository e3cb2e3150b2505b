using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Where each channel of a picture is largest behind its norm, whose factor may be negative: argmax over p of f·x[p].</summary>
/// <remarks>Four chains of every fourth place each, so that comparisons need not wait for each other; of equal values the first counts, NaN is above all. Places are carried as float32, exact up to 2²⁴.</remarks>
internal unsafe struct ExcitationPeak : ILaneStep
{
    public float* X, Factor, Places;
    public nint Pixels, Channels;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Step<V>(nint i, int count)
        where V : unmanaged, ISimd<V>
    {
        V factor = Lane.Load<V>(Factor + i, count), start = factor * Lane.Load<V>(X + i, count);
        (V a, V b, V c, V d) = (start, start, start, start);
        (V atA, V atB, V atC, V atD) = (V.Zero, V.Zero, V.Zero, V.Zero);
        nint p = 0;
        float* x = X + i;
        for (; p <= Pixels - 4; p += 4, x += 4 * Channels)
        {
            Look(factor * Lane.Load<V>(x, count), V.Create((float)p), ref a, ref atA);
            Look(factor * Lane.Load<V>(x + Channels, count), V.Create((float)(p + 1)), ref b, ref atB);
            Look(factor * Lane.Load<V>(x + (2 * Channels), count), V.Create((float)(p + 2)), ref c, ref atC);
            Look(factor * Lane.Load<V>(x + (3 * Channels), count), V.Create((float)(p + 3)), ref d, ref atD);
        }
        for (; p < Pixels; p++, x += Channels)
            Look(factor * Lane.Load<V>(x, count), V.Create((float)p), ref a, ref atA);
        Look(b, atB, ref a, ref atA);
        Look(d, atD, ref c, ref atC);
        Look(c, atC, ref a, ref atA);
        Lane.Store(atA, Places + i, count);
    }

    // Stays where the new value is less, or equal and further behind, or the largest so far is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Look<V>(V value, V place, ref V largest, ref V at)
        where V : unmanaged, ISimd<V>
    {
        V less = V.LessThan(value, largest), behind = V.Select(V.LessThan(place, at), V.Zero, V.AreEqual(value, largest)), stays = V.Select(less, less, behind);
        stays = V.Select(V.AreEqual(largest, largest), stays, V.AreEqual(V.Zero, V.Zero));
        largest = V.Select(stays, largest, value);
        at = V.Select(stays, at, place);
    }
}
