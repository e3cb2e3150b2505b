using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>How keys and values are stored, as a type.</summary>
internal interface IStoredNumbers
{
    /// <summary>bfloat16, two in the place of a float32.</summary>
    static abstract bool IsShort { get; }
}

/// <summary>The two products of attention for one to four rows, as in decoding: keys and values are read as they lie, once, and turned or widened in registers.</summary>
/// <remarks>
/// <para>Every element is the chain of <see cref="GemmTile"/>: scores over the dimensions, contexts over the keys, from 0. So bits are those of the packed path. They do not depend on the width
/// of vectors either; 256 bits are enough where memory is what is waited for.</para>
/// <para>Keys: of eight keys four dimensions are turned at a time (their 128-bit halves share a register from the load on, so that shuffles stay within halves), and each is multiplied with its
/// number of the query. Of bfloat16 two neighbouring dimensions are turned as one number of 32 bits: the lower is shifted up, the upper is masked.</para>
/// </remarks>
internal static unsafe class FewRows
{
    /// <summary>Keys that <see cref="Scores{TStored}"/> takes at a time.</summary>
    public const int KeysAtOnce = 16;

    // Floats of a vector; how many keys ahead memory is fetched; values that several passes over the columns read.
    private const int W = 8, Ahead = 32, ValuesAtOnce = 32;

    /// <summary>Most rows. Four rows of float32 keep the panels of <see cref="ForwardTile{TModifier, TMask}"/> where vectors have 512 bits: the two were not compared there.</summary>
    /// <param name="panel">Two vectors.</param>
    public static int Most(int panel, bool isShort) => panel < KeysAtOnce || !Avx2.IsSupported || !Fma.IsSupported ? 0 : 4;

    /// <summary>Whether rows of so many numbers can be read so.</summary>
    public static bool Fits(int dim, int valueDim, bool isShort) => dim > 0 && dim % (isShort ? 8 : 4) == 0 && valueDim > 0 && valueDim % 16 == 0;

    /// <summary>scores[r, j] = Σ over the dimensions of q[r, d]·k[j, d].</summary>
    /// <param name="rows">1 … 4.</param>
    /// <param name="stride">Bytes between neighbouring keys.</param>
    /// <param name="keys">A multiple of <see cref="KeysAtOnce"/>.</param>
    /// <param name="next">What is read after these keys.</param>
    public static void Scores<TStored>(int rows, float* q, nint queryStride, byte* k, nint stride, float* scores, nint scoreStride, int dim, int keys, byte* next)
        where TStored : struct, IStoredNumbers
    {
        Path ahead = new(k, stride, dim * (TStored.IsShort ? sizeof(ushort) : sizeof(float)), keys, next);
        switch (rows)
        {
            case 1:
                int many = keys / (2 * KeysAtOnce) * (2 * KeysAtOnce);
                ScoresOne<TStored>(q, k, stride, scores, dim, many, ref ahead);
                if (many < keys)
                    ScoresFew<TStored, OneRow>(q, q, queryStride, k + (many * stride), stride, scores + many, scoreStride, dim, keys - many, ref ahead);
                break;
            case 2: ScoresFew<TStored, TwoRows>(q, q, queryStride, k, stride, scores, scoreStride, dim, keys, ref ahead); break;
            case 3: ScoresFew<TStored, ThreeRows>(q, q, queryStride, k, stride, scores, scoreStride, dim, keys, ref ahead); break;
            default: ScoresFew<TStored, FourRows>(q, q, queryStride, k, stride, scores, scoreStride, dim, keys, ref ahead); break;
        }
    }

    // One row against 32 keys at a time: four chains, or it would wait for its own additions.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ScoresOne<TStored>(float* q, byte* k, nint stride, float* scores, int dim, int keys, ref Path path)
        where TStored : struct, IStoredNumbers
    {
        int step = TStored.IsShort ? 8 : 4;
        Path ahead = path;
        for (int j = 0; j < keys; j += 4 * W, k += 4 * W * stride, scores += 4 * W)
        {
            Vector256<float> c0 = Vector256<float>.Zero, c1 = c0, c2 = c0, c3 = c0, none = c0;
            byte* from = k;
            for (int d = 0; d < dim; d += step, from += 16)
            {
                ahead.Fetch();
                ahead.Fetch();
                Turn<TStored, OneRow>(from, stride, q + d, 0, ref c0, ref none, ref none, ref none);
                Turn<TStored, OneRow>(from + (W * stride), stride, q + d, 0, ref c1, ref none, ref none, ref none);
                Turn<TStored, OneRow>(from + (2 * W * stride), stride, q + d, 0, ref c2, ref none, ref none, ref none);
                Turn<TStored, OneRow>(from + (3 * W * stride), stride, q + d, 0, ref c3, ref none, ref none, ref none);
            }
            c0.Store(scores);
            c1.Store(scores + W);
            c2.Store(scores + (2 * W));
            c3.Store(scores + (3 * W));
        }
        path = ahead;
    }

    // The queries come twice: seeing that they are the same, the compiler would keep each number of theirs for the second eight keys, in memory, and the sums with them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ScoresFew<TStored, TRows>(float* q, float* again, nint n, byte* k, nint stride, float* scores, nint m, int dim, int keys, ref Path path)
        where TStored : struct, IStoredNumbers
        where TRows : struct, ITileRows
    {
        int step = TStored.IsShort ? 8 : 4, rows = TRows.Count;
        Path ahead = path;
        for (int j = 0; j < keys; j += 2 * W, k += 2 * W * stride, scores += 2 * W)
        {
            Vector256<float> c00 = Vector256<float>.Zero, c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
            byte* from = k;
            for (int d = 0; d < dim; d += step, from += 16)
            {
                ahead.Fetch();
                Turn<TStored, TRows>(from, stride, q + d, n, ref c00, ref c10, ref c20, ref c30);
                Turn<TStored, TRows>(from + (W * stride), stride, again + d, n, ref c01, ref c11, ref c21, ref c31);
            }
            c00.Store(scores);
            c01.Store(scores + W);
            if (rows > 1)
            {
                c10.Store(scores + m);
                c11.Store(scores + m + W);
            }
            if (rows > 2)
            {
                c20.Store(scores + (2 * m));
                c21.Store(scores + (2 * m) + W);
            }
            if (rows > 3)
            {
                c30.Store(scores + (3 * m));
                c31.Store(scores + (3 * m) + W);
            }
        }
        path = ahead;
    }

    /// <summary>Memory in the order in which it will be read, a fixed distance ahead: only so does it come as fast as it can. Rows that do not lie side by side are left to the processor.</summary>
    private struct Path
    {
        // Bytes: what a step of the scores of sixteen keys reads.
        private const int Step = 256;
        private readonly nint step;
        private readonly byte* next;
        private byte* at, end;

        public Path(byte* first, nint stride, nint rowBytes, int rows, byte* next)
        {
            step = stride == rowBytes ? Step : 0;
            this.next = next;
            at = step == 0 ? first : first + (Math.Min(Ahead, rows) * stride);
            end = first + (rows * stride);
        }

        // Four lines.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Fetch()
        {
            if (at == end)
                at = next;
            Sse.Prefetch1(at);
            Sse.Prefetch1(at + 64);
            Sse.Prefetch1(at + 128);
            Sse.Prefetch1(at + 192);
            at += step;
        }
    }

    // Sixteen bytes of eight keys, turned, times the rows' numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn<TStored, TRows>(
        byte* k, nint n, float* q, nint m, ref Vector256<float> c0, ref Vector256<float> c1, ref Vector256<float> c2, ref Vector256<float> c3)
        where TStored : struct, IStoredNumbers
        where TRows : struct, ITileRows
    {
        Vector256<float> r0 = Two(k, k + (4 * n)), r1 = Two(k + n, k + (5 * n)), r2 = Two(k + (2 * n), k + (6 * n)), r3 = Two(k + (3 * n), k + (7 * n));
        Vector256<float> t0 = Avx.UnpackLow(r0, r1), t1 = Avx.UnpackHigh(r0, r1), t2 = Avx.UnpackLow(r2, r3), t3 = Avx.UnpackHigh(r2, r3);
        r0 = Avx.Shuffle(t0, t2, 0x44);
        r1 = Avx.Shuffle(t0, t2, 0xEE);
        r2 = Avx.Shuffle(t1, t3, 0x44);
        r3 = Avx.Shuffle(t1, t3, 0xEE);
        if (!TStored.IsShort)
        {
            Multiply<TRows>(q, m, r0, r1, r2, r3, ref c0, ref c1, ref c2, ref c3);
            return;
        }
        Multiply<TRows>(q, m, First(r0), Second(r0), First(r1), Second(r1), ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows>(q + 4, m, First(r2), Second(r2), First(r3), Second(r3), ref c0, ref c1, ref c2, ref c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows>(
        float* q, nint m, Vector256<float> k0, Vector256<float> k1, Vector256<float> k2, Vector256<float> k3, ref Vector256<float> c0, ref Vector256<float> c1, ref Vector256<float> c2, ref Vector256<float> c3)
        where TRows : struct, ITileRows
    {
        // Row after row for each dimension: one row's chain in one expression would have all its numbers read first, into registers that are not there.
        Multiply<TRows>(q, m, k0, ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows>(q + 1, m, k1, ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows>(q + 2, m, k2, ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows>(q + 3, m, k3, ref c0, ref c1, ref c2, ref c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows>(float* q, nint m, Vector256<float> k, ref Vector256<float> c0, ref Vector256<float> c1, ref Vector256<float> c2, ref Vector256<float> c3)
        where TRows : struct, ITileRows
    {
        int rows = TRows.Count;
        c0 = Vector256.FusedMultiplyAdd(Vector256.Create(*q), k, c0);
        if (rows > 1) c1 = Vector256.FusedMultiplyAdd(Vector256.Create(q[m]), k, c1);
        if (rows > 2) c2 = Vector256.FusedMultiplyAdd(Vector256.Create(q[2 * m]), k, c2);
        if (rows > 3) c3 = Vector256.FusedMultiplyAdd(Vector256.Create(q[3 * m]), k, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Two(byte* low, byte* high) => Vector256.Create(Vector128.Load((float*)low), Vector128.Load((float*)high));

    // Of pairs of bfloat16: the numbers that lie first, and those behind them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> First(Vector256<float> pairs) => (pairs.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Second(Vector256<float> pairs) => (pairs.AsUInt32() & Vector256.Create(0xFFFF0000)).AsSingle();

    /// <summary>context[r, c] = or += Σ over the keys of weights[r, j]·v[j, c].</summary>
    /// <param name="rows">1 … 4.</param>
    /// <param name="stride">Bytes between neighbouring values.</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="next">What is read after these values.</param>
    public static void Values<TStored>(int rows, float* weights, nint weightStride, byte* v, nint stride, float* context, nint contextStride, int columns, int keys, bool adds, byte* next)
        where TStored : struct, IStoredNumbers
    {
        int size = TStored.IsShort ? sizeof(ushort) : sizeof(float), wide = rows == 1 ? columns / 64 * 64 : 0;
        // So few keys at a time that they are in a near cache when the next columns are read.
        for (int j = 0; j < keys; j += ValuesAtOnce, weights += ValuesAtOnce, v += ValuesAtOnce * stride, adds = true)
        {
            int count = Math.Min(ValuesAtOnce, keys - j);
            byte* ahead = j + ValuesAtOnce < keys ? v + (ValuesAtOnce * stride) : next;
            for (int c = 0; c < wide; c += 64, ahead += 64 * size * count)
                ValuesOne<TStored>(weights, v + (c * size), stride, context + c, count, adds, ahead);
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

    // 64 columns of one row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ValuesOne<TStored>(float* weights, byte* v, nint stride, float* context, int keys, bool adds, byte* ahead)
        where TStored : struct, IStoredNumbers
    {
        Vector256<float> c0 = Vector256<float>.Zero, c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
        if (adds)
        {
            (c0, c1) = Open<TStored>(context);
            (c2, c3) = Open<TStored>(context + (2 * W));
            (c4, c5) = Open<TStored>(context + (4 * W));
            (c6, c7) = Open<TStored>(context + (6 * W));
        }
        nint pair = TStored.IsShort ? 32 : 64;
        for (nint j = 0; j < keys; j++, v += stride)
        {
            Sse.Prefetch1(ahead);
            Sse.Prefetch1(ahead + 64);
            if (!TStored.IsShort)
            {
                Sse.Prefetch1(ahead + 128);
                Sse.Prefetch1(ahead + 192);
            }
            ahead += 4 * pair;
            Vector256<float> w = Vector256.Create(weights[j]), x, y;
            (x, y) = Pair<TStored>(v);
            c0 = Vector256.FusedMultiplyAdd(w, x, c0);
            c1 = Vector256.FusedMultiplyAdd(w, y, c1);
            (x, y) = Pair<TStored>(v + pair);
            c2 = Vector256.FusedMultiplyAdd(w, x, c2);
            c3 = Vector256.FusedMultiplyAdd(w, y, c3);
            (x, y) = Pair<TStored>(v + (2 * pair));
            c4 = Vector256.FusedMultiplyAdd(w, x, c4);
            c5 = Vector256.FusedMultiplyAdd(w, y, c5);
            (x, y) = Pair<TStored>(v + (3 * pair));
            c6 = Vector256.FusedMultiplyAdd(w, x, c6);
            c7 = Vector256.FusedMultiplyAdd(w, y, c7);
        }
        Close<TStored>(c0, c1, context);
        Close<TStored>(c2, c3, context + (2 * W));
        Close<TStored>(c4, c5, context + (4 * W));
        Close<TStored>(c6, c7, context + (6 * W));
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
            (c00, c01) = Open<TStored>(context);
            if (rows > 1) (c10, c11) = Open<TStored>(context + m);
            if (rows > 2) (c20, c21) = Open<TStored>(context + (2 * m));
            if (rows > 3) (c30, c31) = Open<TStored>(context + (3 * m));
        }
        float* w = weights;
        for (nint j = 0; j < keys; j++, v += stride, w++)
        {
            Sse.Prefetch1(ahead);
            ahead += TStored.IsShort ? 32 : 64;
            (Vector256<float> x, Vector256<float> y) = Pair<TStored>(v);
            Vector256<float> f = Vector256.Create(*w);
            c00 = Vector256.FusedMultiplyAdd(f, x, c00);
            c01 = Vector256.FusedMultiplyAdd(f, y, c01);
            if (rows > 1)
            {
                f = Vector256.Create(w[n]);
                c10 = Vector256.FusedMultiplyAdd(f, x, c10);
                c11 = Vector256.FusedMultiplyAdd(f, y, c11);
            }
            if (rows > 2)
            {
                f = Vector256.Create(w[2 * n]);
                c20 = Vector256.FusedMultiplyAdd(f, x, c20);
                c21 = Vector256.FusedMultiplyAdd(f, y, c21);
            }
            if (rows > 3)
            {
                f = Vector256.Create(w[3 * n]);
                c30 = Vector256.FusedMultiplyAdd(f, x, c30);
                c31 = Vector256.FusedMultiplyAdd(f, y, c31);
            }
        }
        Close<TStored>(c00, c01, context);
        if (rows > 1) Close<TStored>(c10, c11, context + m);
        if (rows > 2) Close<TStored>(c20, c21, context + (2 * m));
        if (rows > 3) Close<TStored>(c30, c31, context + (3 * m));
    }

    // Sixteen numbers: in their order, or those of even columns and those of odd ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> X, Vector256<float> Y) Pair<TStored>(byte* v)
        where TStored : struct, IStoredNumbers
    {
        Vector256<float> x = Vector256.Load((float*)v);
        return TStored.IsShort ? (First(x), Second(x)) : (x, Vector256.Load((float*)v + W));
    }

    // A context in the order of Pair.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> X, Vector256<float> Y) Open<TStored>(float* context)
        where TStored : struct, IStoredNumbers
    {
        Vector256<float> x = Vector256.Load(context), y = Vector256.Load(context + W);
        if (!TStored.IsShort)
            return (x, y);
        Vector256<float> low = Avx.Permute2x128(x, y, 0x20), high = Avx.Permute2x128(x, y, 0x31);
        return (Avx.Shuffle(low, high, 0x88), Avx.Shuffle(low, high, 0xDD));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Close<TStored>(Vector256<float> x, Vector256<float> y, float* context)
        where TStored : struct, IStoredNumbers
    {
        if (TStored.IsShort)
        {
            Vector256<float> low = Avx.UnpackLow(x, y), high = Avx.UnpackHigh(x, y);
            (x, y) = (Avx.Permute2x128(low, high, 0x20), Avx.Permute2x128(low, high, 0x31));
        }
        x.Store(context);
        y.Store(context + W);
    }

    internal readonly struct Singles : IStoredNumbers
    {
        public static bool IsShort => false;
    }

    internal readonly struct Shorts : IStoredNumbers
    {
        public static bool IsShort => true;
    }

    private readonly struct OneRow : ITileRows { public static int Count => 1; }

    private readonly struct TwoRows : ITileRows { public static int Count => 2; }

    private readonly struct ThreeRows : ITileRows { public static int Count => 3; }

    private readonly struct FourRows : ITileRows { public static int Count => 4; }
}
