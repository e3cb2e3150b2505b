using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The LSTM's row: slots i, f, g, o.</summary>
internal readonly unsafe struct LstmCell : IRecurrentCell
{
    private static readonly GateRun[] Runs = [new(0, 0, 4)];

    public static string Name => "Lstm";

    public static int Gates => 4;

    public static bool HasCell => true;

    public static bool HasDirectPath => false;

    public static ReadOnlySpan<GateRun> InputRuns => Runs;

    // c = f∘c₋₁ + i∘g, h = o∘tanh c
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward<V>(ForwardRow row, int size, int j, int count)
        where V : unmanaged, ISimd<V>
    {
        float* slots = row.Slots + j;
        V i = GateMath.Sigmoid(RecurrentRow.Load<V>(slots, count));
        V f = GateMath.Sigmoid(RecurrentRow.Load<V>(slots + size, count));
        V g = GateMath.Tanh(RecurrentRow.Load<V>(slots + (2 * size), count));
        V o = GateMath.Sigmoid(RecurrentRow.Load<V>(slots + (3 * size), count));
        V c = V.FusedMultiplyAdd(f, RecurrentRow.Load<V>(row.CellBefore + j, count), i * g);
        V h = o * GateMath.Tanh(c);
        RecurrentRow.Store(c, row.Cell + j, count);
        RecurrentRow.Store(h, row.Y + j, count);
        RecurrentRow.Store(h, row.Next + j, count);
        if (row.Gates == null)
            return;
        float* gates = row.Gates + j;
        RecurrentRow.Store(i, gates, count);
        RecurrentRow.Store(f, gates + size, count);
        RecurrentRow.Store(g, gates + (2 * size), count);
        RecurrentRow.Store(o, gates + (3 * size), count);
    }

    // do = dh∘tanh c, dc += dh∘o∘(1 − tanh² c), di = dc∘g, df = dc∘c₋₁, dg = dc∘i, dc₋₁ = dc∘f; then through the activations.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward<V>(BackwardRow row, int size, int j, int count)
        where V : unmanaged, ISimd<V>
    {
        float* slots = row.Slots + j, gates = row.Gates + j;
        V one = V.Create(1f);
        V i = RecurrentRow.Load<V>(gates, count), f = RecurrentRow.Load<V>(gates + size, count);
        V g = RecurrentRow.Load<V>(gates + (2 * size), count), o = RecurrentRow.Load<V>(gates + (3 * size), count);
        V before = RecurrentRow.Load<V>(row.CellBefore + j, count);
        V t = GateMath.Tanh(RecurrentRow.Load<V>(row.Cell + j, count));
        V dh = RecurrentRow.Load<V>(row.Y + j, count) + RecurrentRow.Load<V>(row.HiddenGradient + j, count);
        V dhO = dh * o;
        V dc = RecurrentRow.Load<V>(row.CellGradient + j, count) + V.FusedMultiplyAdd(-(dhO * t), t, dhO);
        V dcI = dc * i, dcF = dc * f;
        RecurrentRow.Store(dcF, row.CellGradient + j, count);
        RecurrentRow.Store(dcI * g * (one - i), slots, count);
        RecurrentRow.Store(dcF * before * (one - f), slots + size, count);
        RecurrentRow.Store(V.FusedMultiplyAdd(-(dcI * g), g, dcI), slots + (2 * size), count);
        RecurrentRow.Store(dhO * t * (one - o), slots + (3 * size), count);
    }
}
