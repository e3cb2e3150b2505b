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
/// <para>Every element is the chain of <see cref="GemmTile"/>: scores over the dimensions, contexts over the keys, from 0. So bits are those of the packed path, and do not depend on the width
/// of vectors either.</para>
/// <para>Keys: of as many keys as a register has floats, four dimensions are turned at a time (16 bytes of every fourth key share a register from the load on, so that shuffles stay within 128 bits), and each
/// is multiplied with its number of the query. Of bfloat16 two neighbouring dimensions are turned as one number of 32 bits: the lower is shifted up, the upper is masked.</para>
/// </remarks>
internal static unsafe partial class FewRows
{
    // Floats of a register of 256 bits; how many keys ahead memory is fetched.
    private const int W = 8, Ahead = 32;

    /// <summary>Most rows.</summary>
    /// <param name="panel">Two vectors.</param>
    public static int Most(int panel) => panel < 2 * W || !Avx2.IsSupported || !Fma.IsSupported ? 0 : 4;

    /// <summary>Whether rows of so many numbers can be read so.</summary>
    public static bool Fits(int dim, int valueDim, bool isShort) => dim > 0 && dim % (isShort ? 8 : 4) == 0 && valueDim > 0 && valueDim % 16 == 0;

    /// <summary>scores[r, j] = Σ over the dimensions of q[r, d]·k[j, d].</summary>
    /// <param name="rows">1 … 4.</param>
    /// <param name="stride">Bytes between neighbouring keys.</param>
    /// <param name="keys">A multiple of two vectors of <typeparamref name="V"/>.</param>
    /// <param name="next">What is read after these keys.</param>
    public static void Scores<V, TStored>(int rows, float* q, nint queryStride, byte* k, nint stride, float* scores, nint scoreStride, int dim, int keys, byte* next)
        where V : unmanaged, ISimd<V>
        where TStored : struct, IStoredNumbers
    {
        if (typeof(V) == typeof(Simd512))
            Scores<TStored, Register512, Vector512<float>>(rows, q, queryStride, k, stride, scores, scoreStride, dim, keys, next);
        else
            Scores<TStored, Register256, Vector256<float>>(rows, q, queryStride, k, stride, scores, scoreStride, dim, keys, next);
    }

    private static void Scores<TStored, R, T>(int rows, float* q, nint queryStride, byte* k, nint stride, float* scores, nint scoreStride, int dim, int keys, byte* next)
        where TStored : struct, IStoredNumbers
        where R : struct, IRegister<T>
        where T : struct
    {
        Path ahead = new(k, stride, dim * (TStored.IsShort ? sizeof(ushort) : sizeof(float)), keys, next);
        switch (rows)
        {
            case 1:
                // With wide registers two chains cost no more than the loads.
                int many = R.AreMany ? 0 : keys / (4 * W) * (4 * W);
                if (many > 0)
                    ScoresOne<TStored>(q, k, stride, scores, dim, many, ref ahead);
                if (many < keys)
                    ScoresFew<TStored, OneRow, R, T>(q, q, queryStride, k + (many * stride), stride, scores + many, scoreStride, dim, keys - many, ref ahead);
                break;
            case 2: ScoresFew<TStored, TwoRows, R, T>(q, q, queryStride, k, stride, scores, scoreStride, dim, keys, ref ahead); break;
            case 3: ScoresFew<TStored, ThreeRows, R, T>(q, q, queryStride, k, stride, scores, scoreStride, dim, keys, ref ahead); break;
            default: ScoresFew<TStored, FourRows, R, T>(q, q, queryStride, k, stride, scores, scoreStride, dim, keys, ref ahead); break;
        }
    }

    // One row against four registers of keys at a time: four chains, or it would wait for its own additions.
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
                ahead.Fetch(4 * W);
                Turn<TStored, OneRow, Register256, Vector256<float>>(from, stride, q + d, 0, ref c0, ref none, ref none, ref none);
                Turn<TStored, OneRow, Register256, Vector256<float>>(from + (W * stride), stride, q + d, 0, ref c1, ref none, ref none, ref none);
                Turn<TStored, OneRow, Register256, Vector256<float>>(from + (2 * W * stride), stride, q + d, 0, ref c2, ref none, ref none, ref none);
                Turn<TStored, OneRow, Register256, Vector256<float>>(from + (3 * W * stride), stride, q + d, 0, ref c3, ref none, ref none, ref none);
            }
            c0.Store(scores);
            c1.Store(scores + W);
            c2.Store(scores + (2 * W));
            c3.Store(scores + (3 * W));
        }
        path = ahead;
    }

    // The queries come twice: seeing that they are the same, the compiler would keep each number of theirs for the second register of keys, where registers are few in memory, and the sums with them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ScoresFew<TStored, TRows, R, T>(float* q, float* again, nint n, byte* k, nint stride, float* scores, nint m, int dim, int keys, ref Path path)
        where TStored : struct, IStoredNumbers
        where TRows : struct, ITileRows
        where R : struct, IRegister<T>
        where T : struct
    {
        int step = TStored.IsShort ? 8 : 4, rows = TRows.Count, w = R.Width;
        Path ahead = path;
        for (int j = 0; j < keys; j += 2 * w, k += 2 * w * stride, scores += 2 * w)
        {
            T c00 = default, c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
            byte* from = k;
            for (int d = 0; d < dim; d += step, from += 16)
            {
                ahead.Fetch(2 * w);
                Turn<TStored, TRows, R, T>(from, stride, q + d, n, ref c00, ref c10, ref c20, ref c30);
                Turn<TStored, TRows, R, T>(from + (w * stride), stride, again + d, n, ref c01, ref c11, ref c21, ref c31);
            }
            R.Store(c00, scores);
            R.Store(c01, scores + w);
            if (rows > 1)
            {
                R.Store(c10, scores + m);
                R.Store(c11, scores + m + w);
            }
            if (rows > 2)
            {
                R.Store(c20, scores + (2 * m));
                R.Store(c21, scores + (2 * m) + w);
            }
            if (rows > 3)
            {
                R.Store(c30, scores + (3 * m));
                R.Store(c31, scores + (3 * m) + w);
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

        // Four lines for sixteen keys.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Fetch(int keys)
        {
            Fetch();
            if (keys > 16)
                Fetch();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Fetch()
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

    // Sixteen bytes of as many keys as a register has floats, turned, times the rows' numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn<TStored, TRows, R, T>(byte* k, nint n, float* q, nint m, ref T c0, ref T c1, ref T c2, ref T c3)
        where TStored : struct, IStoredNumbers
        where TRows : struct, ITileRows
        where R : struct, IRegister<T>
        where T : struct
    {
        T r0 = R.EveryFourth(k, n), r1 = R.EveryFourth(k + n, n), r2 = R.EveryFourth(k + (2 * n), n), r3 = R.EveryFourth(k + (3 * n), n);
        T t0 = R.UnpackLow(r0, r1), t1 = R.UnpackHigh(r0, r1), t2 = R.UnpackLow(r2, r3), t3 = R.UnpackHigh(r2, r3);
        r0 = R.Firsts(t0, t2);
        r1 = R.Lasts(t0, t2);
        r2 = R.Firsts(t1, t3);
        r3 = R.Lasts(t1, t3);
        if (!TStored.IsShort)
        {
            Multiply<TRows, R, T>(q, m, r0, r1, r2, r3, ref c0, ref c1, ref c2, ref c3);
            return;
        }
        Multiply<TRows, R, T>(q, m, R.WidenFirst(r0), R.WidenSecond(r0), R.WidenFirst(r1), R.WidenSecond(r1), ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows, R, T>(q + 4, m, R.WidenFirst(r2), R.WidenSecond(r2), R.WidenFirst(r3), R.WidenSecond(r3), ref c0, ref c1, ref c2, ref c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows, R, T>(float* q, nint m, T k0, T k1, T k2, T k3, ref T c0, ref T c1, ref T c2, ref T c3)
        where TRows : struct, ITileRows
        where R : struct, IRegister<T>
        where T : struct
    {
        // Row after row for each dimension: one row's chain in one expression would have all its numbers read first, into registers that are not there.
        Multiply<TRows, R, T>(q, m, k0, ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows, R, T>(q + 1, m, k1, ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows, R, T>(q + 2, m, k2, ref c0, ref c1, ref c2, ref c3);
        Multiply<TRows, R, T>(q + 3, m, k3, ref c0, ref c1, ref c2, ref c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows, R, T>(float* q, nint m, T k, ref T c0, ref T c1, ref T c2, ref T c3)
        where TRows : struct, ITileRows
        where R : struct, IRegister<T>
        where T : struct
    {
        int rows = TRows.Count;
        c0 = R.MultiplyAdd(R.Create(*q), k, c0);
        if (rows > 1) c1 = R.MultiplyAdd(R.Create(q[m]), k, c1);
        if (rows > 2) c2 = R.MultiplyAdd(R.Create(q[2 * m]), k, c2);
        if (rows > 3) c3 = R.MultiplyAdd(R.Create(q[3 * m]), k, c3);
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
