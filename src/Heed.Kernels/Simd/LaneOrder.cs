using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heed.Kernels;

/// <summary>Which lane goes where when chosen lanes move together, for widths that have no instruction for it.</summary>
internal static class LaneOrder
{
    // For each of the 256 choices among 8 lanes 8 numbers of lanes, a byte each, the first lane's lowest.
    private static readonly ulong[] packed = Table(isSpread: false), spread = Table(isSpread: true);

    /// <summary>Lane i of the result is the i-th chosen one; behind them 0.</summary>
    /// <param name="chosen">Bits of the lanes, below 256.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Packed(ulong chosen) => Lanes(packed[(byte)chosen]);

    /// <summary>A chosen lane of the result is the one as many places behind the first as there are chosen ones before it; others are 0.</summary>
    /// <param name="chosen">Bits of the lanes, below 256.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Spread(ulong chosen) => Lanes(spread[(byte)chosen]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Lanes(ulong bytes)
    {
        (Vector128<ushort> words, _) = Vector128.Widen(Vector128.CreateScalar(bytes).AsByte());
        (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(words);
        return Vector256.Create(lower, upper).AsInt32();
    }

    private static ulong[] Table(bool isSpread)
    {
        ulong[] table = new ulong[256];
        for (uint chosen = 0; chosen < table.Length; chosen++)
        {
            int rank = 0;
            for (uint left = chosen; left != 0; left &= left - 1, rank++)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                table[chosen] |= isSpread ? (ulong)rank << (8 * lane) : (ulong)lane << (8 * rank);
            }
        }
        return table;
    }
}
