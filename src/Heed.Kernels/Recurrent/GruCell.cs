using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The GRU's row: slots r, z, the hidden share W_hn·h₋₁ + b_hn, and n.</summary>
internal readonly unsafe struct GruCell : IRecurrentCell
{
    private static readonly GateRun[] Runs = [new(0, 0, 2), new(2, 3, 1)];

    public static string Name => "Gru";

    public static int Gates => 3;

    public static bool HasCell => false;

    public static bool HasDirectPath => true;

    public static ReadOnlySpan<GateRun> InputRuns => Runs;

    // n = tanh(a_n + r∘share), h = n + z∘(h₋₁ − n)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward<V>(ForwardRow row, int size, int j, int count)
        where V : unmanaged, ISimd<V>
    {
        float* slots = row.Slots + j;
        V r = GateMath.Sigmoid(RecurrentRow.Load<V>(slots, count));
        V z = GateMath.Sigmoid(RecurrentRow.Load<V>(slots + size, count));
        V share = RecurrentRow.Load<V>(slots + (2 * size), count);
        V n = GateMath.Tanh(V.FusedMultiplyAdd(r, share, RecurrentRow.Load<V>(slots + (3 * size), count)));
        V h = V.FusedMultiplyAdd(z, RecurrentRow.Load<V>(row.HiddenBefore + j, count) - n, n);
        RecurrentRow.Store(h, row.Y + j, count);
        RecurrentRow.Store(h, row.Next + j, count);
        if (row.Gates == null)
            return;
        float* gates = row.Gates + j;
        RecurrentRow.Store(r, gates, count);
        RecurrentRow.Store(z, gates + size, count);
        RecurrentRow.Store(share, gates + (2 * size), count);
        RecurrentRow.Store(n, gates + (3 * size), count);
    }

    // dz = dh∘(h₋₁ − n), dn = dh∘(1 − z), dh₋₁ = dh∘z + …; da_n = dn∘(1 − n²), dr = da_n∘share, dshare = da_n∘r.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward<V>(BackwardRow row, int size, int j, int count)
        where V : unmanaged, ISimd<V>
    {
        float* slots = row.Slots + j, gates = row.Gates + j;
        V one = V.Create(1f);
        V r = RecurrentRow.Load<V>(gates, count), z = RecurrentRow.Load<V>(gates + size, count);
        V share = RecurrentRow.Load<V>(gates + (2 * size), count), n = RecurrentRow.Load<V>(gates + (3 * size), count);
        V dh = RecurrentRow.Load<V>(row.Y + j, count) + RecurrentRow.Load<V>(row.HiddenGradient + j, count);
        V dhZ = dh * z, dn = dh - dhZ;
        V da = V.FusedMultiplyAdd(-(dn * n), n, dn), daR = da * r;
        RecurrentRow.Store(dhZ, row.HiddenGradient + j, count);
        RecurrentRow.Store(daR * share * (one - r), slots, count);
        RecurrentRow.Store(dhZ * (RecurrentRow.Load<V>(row.HiddenBefore + j, count) - n) * (one - z), slots + size, count);
        RecurrentRow.Store(daR, slots + (2 * size), count);
        RecurrentRow.Store(da, slots + (3 * size), count);
    }
}
