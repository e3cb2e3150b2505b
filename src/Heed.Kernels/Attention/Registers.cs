using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>A bare register of floats, for loops that move numbers within it: parts of 16 bytes, each as if alone.</summary>
/// <typeparam name="T">The register.</typeparam>
internal unsafe interface IRegister<T>
    where T : struct
{
    /// <summary>Floats.</summary>
    static abstract int Width { get; }

    /// <summary>Whether there are 32 registers, not 16.</summary>
    static abstract bool AreMany { get; }

    static abstract T Load(float* source);

    static abstract void Store(T value, float* destination);

    static abstract T Create(float value);

    /// <summary>16 bytes from each of the rows 0, 4, 8, … behind <paramref name="first"/>.</summary>
    static abstract T EveryFourth(byte* first, nint stride);

    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>a0 b0 a1 b1 of each part.</summary>
    static abstract T UnpackLow(T a, T b);

    /// <summary>a2 b2 a3 b3 of each part.</summary>
    static abstract T UnpackHigh(T a, T b);

    /// <summary>a0 a1 b0 b1 of each part.</summary>
    static abstract T Firsts(T a, T b);

    /// <summary>a2 a3 b2 b3 of each part.</summary>
    static abstract T Lasts(T a, T b);

    /// <summary>Of pairs of bfloat16 those that lie first, widened.</summary>
    static abstract T WidenFirst(T pairs);

    /// <summary>Of pairs of bfloat16 those that lie behind, widened.</summary>
    static abstract T WidenSecond(T pairs);

    /// <summary>The numbers at even and at odd places of two registers that follow each other.</summary>
    static abstract (T Even, T Odd) Part(T x, T y);

    /// <summary>The opposite of <see cref="Part"/>.</summary>
    static abstract (T X, T Y) Join(T even, T odd);
}

/// <summary>256 bits: AVX2 and FMA.</summary>
internal readonly unsafe struct Register256 : IRegister<Vector256<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Width => 8;

    public static bool AreMany => false;

    [MethodImpl(Inline)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(Inline)]
    public static void Store(Vector256<float> value, float* destination) => value.Store(destination);

    [MethodImpl(Inline)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    [MethodImpl(Inline)]
    public static Vector256<float> EveryFourth(byte* first, nint stride) => Vector256.Create(Vector128.Load((float*)first), Vector128.Load((float*)(first + (4 * stride))));

    [MethodImpl(Inline)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(Inline)]
    public static Vector256<float> UnpackLow(Vector256<float> a, Vector256<float> b) => Avx.UnpackLow(a, b);

    [MethodImpl(Inline)]
    public static Vector256<float> UnpackHigh(Vector256<float> a, Vector256<float> b) => Avx.UnpackHigh(a, b);

    [MethodImpl(Inline)]
    public static Vector256<float> Firsts(Vector256<float> a, Vector256<float> b) => Avx.Shuffle(a, b, 0x44);

    [MethodImpl(Inline)]
    public static Vector256<float> Lasts(Vector256<float> a, Vector256<float> b) => Avx.Shuffle(a, b, 0xEE);

    [MethodImpl(Inline)]
    public static Vector256<float> WidenFirst(Vector256<float> pairs) => (pairs.AsUInt32() << 16).AsSingle();

    [MethodImpl(Inline)]
    public static Vector256<float> WidenSecond(Vector256<float> pairs) => (pairs.AsUInt32() & Vector256.Create(0xFFFF0000)).AsSingle();

    [MethodImpl(Inline)]
    public static (Vector256<float> Even, Vector256<float> Odd) Part(Vector256<float> x, Vector256<float> y)
    {
        Vector256<float> low = Avx.Permute2x128(x, y, 0x20), high = Avx.Permute2x128(x, y, 0x31);
        return (Avx.Shuffle(low, high, 0x88), Avx.Shuffle(low, high, 0xDD));
    }

    [MethodImpl(Inline)]
    public static (Vector256<float> X, Vector256<float> Y) Join(Vector256<float> even, Vector256<float> odd)
    {
        Vector256<float> low = Avx.UnpackLow(even, odd), high = Avx.UnpackHigh(even, odd);
        return (Avx.Permute2x128(low, high, 0x20), Avx.Permute2x128(low, high, 0x31));
    }
}

/// <summary>512 bits: AVX-512.</summary>
internal readonly unsafe struct Register512 : IRegister<Vector512<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Width => 16;

    public static bool AreMany => true;

    [MethodImpl(Inline)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(Inline)]
    public static void Store(Vector512<float> value, float* destination) => value.Store(destination);

    [MethodImpl(Inline)]
    public static Vector512<float> Create(float value) => Vector512.Create(value);

    [MethodImpl(Inline)]
    public static Vector512<float> EveryFourth(byte* first, nint stride)
    {
        // Part by part into what lies there: put together of two halves it would go through memory.
        Vector512<float> x = Vector128.Load((float*)first).ToVector256Unsafe().ToVector512Unsafe();
        x = Avx512F.InsertVector128(x, Vector128.Load((float*)(first + (4 * stride))), 1);
        first += 8 * stride;
        x = Avx512F.InsertVector128(x, Vector128.Load((float*)first), 2);
        return Avx512F.InsertVector128(x, Vector128.Load((float*)(first + (4 * stride))), 3);
    }

    [MethodImpl(Inline)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(Inline)]
    public static Vector512<float> UnpackLow(Vector512<float> a, Vector512<float> b) => Avx512F.UnpackLow(a, b);

    [MethodImpl(Inline)]
    public static Vector512<float> UnpackHigh(Vector512<float> a, Vector512<float> b) => Avx512F.UnpackHigh(a, b);

    [MethodImpl(Inline)]
    public static Vector512<float> Firsts(Vector512<float> a, Vector512<float> b) => Avx512F.Shuffle(a, b, 0x44);

    [MethodImpl(Inline)]
    public static Vector512<float> Lasts(Vector512<float> a, Vector512<float> b) => Avx512F.Shuffle(a, b, 0xEE);

    [MethodImpl(Inline)]
    public static Vector512<float> WidenFirst(Vector512<float> pairs) => (pairs.AsUInt32() << 16).AsSingle();

    [MethodImpl(Inline)]
    public static Vector512<float> WidenSecond(Vector512<float> pairs) => (pairs.AsUInt32() & Vector512.Create(0xFFFF0000)).AsSingle();

    [MethodImpl(Inline)]
    public static (Vector512<float> Even, Vector512<float> Odd) Part(Vector512<float> x, Vector512<float> y)
    {
        Vector512<int> even = Vector512<int>.Indices << 1;
        return (Avx512F.PermuteVar16x32x2(x, even, y), Avx512F.PermuteVar16x32x2(x, even | Vector512<int>.One, y));
    }

    [MethodImpl(Inline)]
    public static (Vector512<float> X, Vector512<float> Y) Join(Vector512<float> even, Vector512<float> odd)
    {
        // The numbers of the second register have the index 16 and on.
        Vector512<int> first = Vector512.ShiftRightLogical(Vector512<int>.Indices, 1) + ((Vector512<int>.Indices & Vector512<int>.One) << 4);
        return (Avx512F.PermuteVar16x32x2(even, first, odd), Avx512F.PermuteVar16x32x2(even, first + Vector512.Create(8), odd));
    }
}
