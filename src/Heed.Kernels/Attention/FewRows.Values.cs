using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <content>Weights times values.</content>
internal static unsafe partial class FewRows
{
    // Values that several passes over the columns read.
    private const int ValuesAtOnce = 32;

    /// <summary>context[r, c] = or += Σ over the keys of weights[r, j]·v[j, c].</summary>
    /// <param name="rows">1 … 4.</param>
    /// <param name="stride">Bytes between neighbouring values.</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="next">What is read after these values.</param>
    public static void Values<V, TStored>(int rows, float* weights, nint weightStride, byte* v, nint stride, float* context, nint contextStride, int columns, int keys, bool adds, byte* next)
        where V : unmanaged, ISimd<V>
        where TStored : struct, IStoredNumbers
    {
        int size = TStored.IsShort ? sizeof(ushort) : sizeof(float), wide = typeof(V) == typeof(Simd512) || rows == 1 ? columns / 64 * 64 : 0;
        // So few keys at a time that they are in a near cache when the next columns are read.
        for (int j = 0; j < keys; j += ValuesAtOnce, weights += ValuesAtOnce, v += ValuesAtOnce * stride, adds = true)
        {
            int count = Math.Min(ValuesAtOnce, keys - j);
            byte* ahead = j + ValuesAtOnce < keys ? v + (ValuesAtOnce * stride) : next;
            for (int c = 0; c < wide; c += 64, ahead += 64 * size * count)
            {
                if (typeof(V) == typeof(Simd512))
                    ValuesWide<TStored>(rows, weights, weightStride, v + (c * size), stride, context + c, contextStride, count, adds, ahead);
                else
                    ValuesOne<TStored>(weights, v + (c * size), stride, context + c, count, adds, ahead);
            }
            for (int c = wide; c < columns; c += 16, ahead += 16 * size * count)
            {
                switch (rows)
                {
                    case 1: ValuesFew<TStored, OneRow>(weights, weightStride, v + (c * size), stride, context + c, contextStride, count, adds, ahead); break;
                    case 2: ValuesFew<TStored, TwoRows>(weights, weightStride, v + (c * size), stride, context + c, contextStride, count, adds, ahead); break;
                    case 3: ValuesFew<TStored, ThreeRows>(weights, weightStride, v + (c * size), stride, context + c, contextStride, count, adds, ahead); break;
                    default: ValuesFew<TStored, FourRows>(weights, weightStride, v + (c * size), stride, context + c, contextStride, count, adds, ahead); break;
                }
            }
        }
    }

    private static void ValuesWide<TStored>(int rows, float* weights, nint weightStride, byte* v, nint stride, float* context, nint contextStride, int keys, bool adds, byte* ahead)
        where TStored : struct, IStoredNumbers
    {
        switch (rows)
        {
            case 1: ValuesWide<TStored, OneRow>(weights, weightStride, v, stride, context, contextStride, keys, adds, ahead); break;
            case 2: ValuesWide<TStored, TwoRows>(weights, weightStride, v, stride, context, contextStride, keys, adds, ahead); break;
            case 3: ValuesWide<TStored, ThreeRows>(weights, weightStride, v, stride, context, contextStride, keys, adds, ahead); break;
            default: ValuesWide<TStored, FourRows>(weights, weightStride, v, stride, context, contextStride, keys, adds, ahead); break;
        }
    }

    // 64 columns of one to four rows, in registers of 512 bits.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ValuesWide<TStored, TRows>(float* weights, nint n, byte* v, nint stride, float* context, nint m, int keys, bool adds, byte* ahead)
        where TStored : struct, IStoredNumbers
        where TRows : struct, ITileRows
    {
        int rows = TRows.Count;
        nint pair = 2 * 16 * (TStored.IsShort ? sizeof(ushort) : sizeof(float));
        Vector512<float> c00 = default, c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00, c20 = c00, c21 = c00, c22 = c00, c23 = c00, c30 = c00, c31 = c00, c32 = c00, c33 = c00;
        if (adds)
        {
            OpenWide<TStored>(context, ref c00, ref c01, ref c02, ref c03);
            if (rows > 1) OpenWide<TStored>(context + m, ref c10, ref c11, ref c12, ref c13);
            if (rows > 2) OpenWide<TStored>(context + (2 * m), ref c20, ref c21, ref c22, ref c23);
            if (rows > 3) OpenWide<TStored>(context + (3 * m), ref c30, ref c31, ref c32, ref c33);
        }
        float* w = weights;
        for (nint j = 0; j < keys; j++, v += stride, w++)
        {
            FetchColumns<TStored>(ahead);
            ahead += 2 * pair;
            (Vector512<float> x0, Vector512<float> x1) = Pair<TStored, Register512, Vector512<float>>(v);
            (Vector512<float> x2, Vector512<float> x3) = Pair<TStored, Register512, Vector512<float>>(v + pair);
            AddWide(*w, x0, x1, x2, x3, ref c00, ref c01, ref c02, ref c03);
            if (rows > 1) AddWide(w[n], x0, x1, x2, x3, ref c10, ref c11, ref c12, ref c13);
            if (rows > 2) AddWide(w[2 * n], x0, x1, x2, x3, ref c20, ref c21, ref c22, ref c23);
            if (rows > 3) AddWide(w[3 * n], x0, x1, x2, x3, ref c30, ref c31, ref c32, ref c33);
        }
        CloseWide<TStored>(c00, c01, c02, c03, context);
        if (rows > 1) CloseWide<TStored>(c10, c11, c12, c13, context + m);
        if (rows > 2) CloseWide<TStored>(c20, c21, c22, c23, context + (2 * m));
        if (rows > 3) CloseWide<TStored>(c30, c31, c32, c33, context + (3 * m));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddWide(
        float weight, Vector512<float> x0, Vector512<float> x1, Vector512<float> x2, Vector512<float> x3, ref Vector512<float> c0, ref Vector512<float> c1, ref Vector512<float> c2, ref Vector512<float> c3)
    {
        Vector512<float> f = Vector512.Create(weight);
        c0 = Vector512.FusedMultiplyAdd(f, x0, c0);
        c1 = Vector512.FusedMultiplyAdd(f, x1, c1);
        c2 = Vector512.FusedMultiplyAdd(f, x2, c2);
        c3 = Vector512.FusedMultiplyAdd(f, x3, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OpenWide<TStored>(float* context, ref Vector512<float> c0, ref Vector512<float> c1, ref Vector512<float> c2, ref Vector512<float> c3)
        where TStored : struct, IStoredNumbers
    {
        (c0, c1) = Open<TStored, Register512, Vector512<float>>(context);
        (c2, c3) = Open<TStored, Register512, Vector512<float>>(context + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CloseWide<TStored>(Vector512<float> c0, Vector512<float> c1, Vector512<float> c2, Vector512<float> c3, float* context)
        where TStored : struct, IStoredNumbers
    {
        Close<TStored, Register512, Vector512<float>>(c0, c1, context);
        Close<TStored, Register512, Vector512<float>>(c2, c3, context + 32);
    }

    // What 64 columns of one key take.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchColumns<TStored>(byte* ahead)
        where TStored : struct, IStoredNumbers
    {
        Sse.Prefetch1(ahead);
        Sse.Prefetch1(ahead + 64);
        if (!TStored.IsShort)
        {
            Sse.Prefetch1(ahead + 128);
            Sse.Prefetch1(ahead + 192);
        }
    }

    // 64 columns of one row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ValuesOne<TStored>(float* weights, byte* v, nint stride, float* context, int keys, bool adds, byte* ahead)
        where TStored : struct, IStoredNumbers
    {
        Vector256<float> c0 = Vector256<float>.Zero, c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
        if (adds)
        {
            (c0, c1) = Open<TStored, Register256, Vector256<float>>(context);
            (c2, c3) = Open<TStored, Register256, Vector256<float>>(context + 16);
            (c4, c5) = Open<TStored, Register256, Vector256<float>>(context + 32);
            (c6, c7) = Open<TStored, Register256, Vector256<float>>(context + 48);
        }
        nint pair = 2 * 8 * (TStored.IsShort ? sizeof(ushort) : sizeof(float));
        for (nint j = 0; j < keys; j++, v += stride)
        {
            FetchColumns<TStored>(ahead);
            ahead += 4 * pair;
            Vector256<float> w = Vector256.Create(weights[j]), x, y;
            (x, y) = Pair<TStored, Register256, Vector256<float>>(v);
            c0 = Vector256.FusedMultiplyAdd(w, x, c0);
            c1 = Vector256.FusedMultiplyAdd(w, y, c1);
            (x, y) = Pair<TStored, Register256, Vector256<float>>(v + pair);
            c2 = Vector256.FusedMultiplyAdd(w, x, c2);
            c3 = Vector256.FusedMultiplyAdd(w, y, c3);
            (x, y) = Pair<TStored, Register256, Vector256<float>>(v + (2 * pair));
            c4 = Vector256.FusedMultiplyAdd(w, x, c4);
            c5 = Vector256.FusedMultiplyAdd(w, y, c5);
            (x, y) = Pair<TStored, Register256, Vector256<float>>(v + (3 * pair));
            c6 = Vector256.FusedMultiplyAdd(w, x, c6);
            c7 = Vector256.FusedMultiplyAdd(w, y, c7);
        }
        Close<TStored, Register256, Vector256<float>>(c0, c1, context);
        Close<TStored, Register256, Vector256<float>>(c2, c3, context + 16);
        Close<TStored, Register256, Vector256<float>>(c4, c5, context + 32);
        Close<TStored, Register256, Vector256<float>>(c6, c7, context + 48);
    }

    // 16 columns of one to four rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ValuesFew<TStored, TRows>(float* weights, nint n, byte* v, nint stride, float* context, nint m, int keys, bool adds, byte* ahead)
        where TStored : struct, IStoredNumbers
        where TRows : struct, ITileRows
    {
        int rows = TRows.Count;
        Vector256<float> c00 = Vector256<float>.Zero, c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
        if (adds)
        {
            (c00, c01) = Open<TStored, Register256, Vector256<float>>(context);
            if (rows > 1) (c10, c11) = Open<TStored, Register256, Vector256<float>>(context + m);
            if (rows > 2) (c20, c21) = Open<TStored, Register256, Vector256<float>>(context + (2 * m));
            if (rows > 3) (c30, c31) = Open<TStored, Register256, Vector256<float>>(context + (3 * m));
        }
        float* w = weights;
        for (nint j = 0; j < keys; j++, v += stride, w++)
        {
            Sse.Prefetch1(ahead);
            ahead += TStored.IsShort ? 32 : 64;
            (Vector256<float> x, Vector256<float> y) = Pair<TStored, Register256, Vector256<float>>(v);
            Add(*w, x, y, ref c00, ref c01);
            if (rows > 1) Add(w[n], x, y, ref c10, ref c11);
            if (rows > 2) Add(w[2 * n], x, y, ref c20, ref c21);
            if (rows > 3) Add(w[3 * n], x, y, ref c30, ref c31);
        }
        Close<TStored, Register256, Vector256<float>>(c00, c01, context);
        if (rows > 1) Close<TStored, Register256, Vector256<float>>(c10, c11, context + m);
        if (rows > 2) Close<TStored, Register256, Vector256<float>>(c20, c21, context + (2 * m));
        if (rows > 3) Close<TStored, Register256, Vector256<float>>(c30, c31, context + (3 * m));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float weight, Vector256<float> x, Vector256<float> y, ref Vector256<float> c0, ref Vector256<float> c1)
    {
        Vector256<float> f = Vector256.Create(weight);
        c0 = Vector256.FusedMultiplyAdd(f, x, c0);
        c1 = Vector256.FusedMultiplyAdd(f, y, c1);
    }

    // Two registers of numbers: in their order, or those of even columns and those of odd ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T X, T Y) Pair<TStored, R, T>(byte* v)
        where TStored : struct, IStoredNumbers
        where R : struct, IRegister<T>
        where T : struct
    {
        T x = R.Load((float*)v);
        return TStored.IsShort ? (R.WidenFirst(x), R.WidenSecond(x)) : (x, R.Load((float*)v + R.Width));
    }

    // A context in the order of Pair.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T X, T Y) Open<TStored, R, T>(float* context)
        where TStored : struct, IStoredNumbers
        where R : struct, IRegister<T>
        where T : struct
    {
        T x = R.Load(context), y = R.Load(context + R.Width);
        return TStored.IsShort ? R.Part(x, y) : (x, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Close<TStored, R, T>(T x, T y, float* context)
        where TStored : struct, IStoredNumbers
        where R : struct, IRegister<T>
        where T : struct
    {
        if (TStored.IsShort)
            (x, y) = R.Join(x, y);
        R.Store(x, context);
        R.Store(y, context + R.Width);
    }
}
