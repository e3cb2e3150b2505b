using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>8 lanes in a <see cref="Vector256{T}"/>: AVX2 with FMA.</summary>
/// <remarks>Members as <see cref="ISimd{TSelf}"/> says.</remarks>
public readonly unsafe struct Simd256 : ISimd<Simd256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly Vector256<float> v;

    [MethodImpl(Inline)]
    private Simd256(Vector256<float> v) => this.v = v;

    /// <inheritdoc/>
    public static int Width
    {
        [MethodImpl(Inline)]
        get => 8;
    }

    /// <inheritdoc/>
    public static Simd256 Zero
    {
        [MethodImpl(Inline)]
        get => new(Vector256<float>.Zero);
    }

    /// <inheritdoc/>
    public static Simd256 Lanes
    {
        [MethodImpl(Inline)]
        get => new(Vector256<float>.Indices);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Create(float value) => new(Vector256.Create(value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Load(float* source) => new(Vector256.Load(source));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Load(float* source, int count) => new(Avx.MaskLoad(source, First(count)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Simd256 value, float* destination, int count) => Avx.MaskStore(destination, First(count), value.v);

    // All bits set in the lanes below count.
    [MethodImpl(Inline)]
    private static Vector256<float> First(int count) =>
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Simd256 value, float* destination) => value.v.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 FusedMultiplyAdd(Simd256 a, Simd256 b, Simd256 c) => new(Vector256.FusedMultiplyAdd(a.v, b.v, c.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Accumulate(Simd256 a, Simd256 b, ref Simd256 sum) => Unsafe.AsRef(in sum.v) = Vector256.FusedMultiplyAdd(a.v, b.v, sum.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Min(Simd256 a, Simd256 b) => new(Avx.Min(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Max(Simd256 a, Simd256 b) => new(Avx.Max(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Abs(Simd256 x) => new(Vector256.Abs(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Sqrt(Simd256 x) => new(Vector256.Sqrt(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Round(Simd256 x) => new(Vector256.Round(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 ScaleByPowerOfTwo(Simd256 x, Simd256 n)
    {
        // 2ⁿ as a product of two normal numbers, so that the result overflows and underflows as it should.
        Vector256<int> whole = Vector256.ConvertToInt32Native(n.v), half = whole >> 1;
        Vector256<float> a = ((half + Vector256.Create(127)) << 23).AsSingle();
        Vector256<float> b = ((whole - half + Vector256.Create(127)) << 23).AsSingle();
        return new(x.v * a * b);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 FromExponentBits(Simd256 x) => new((x.v.AsInt32() << 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Exponent(Simd256 x) =>
        new(Vector256.ConvertToSingle((x.v.AsInt32() >>> 23) - Vector256.Create(127)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 CopySign(Simd256 magnitude, Simd256 sign)
    {
        Vector256<int> bit = Vector256.Create(int.MinValue);
        return new((Vector256.AndNot(magnitude.v.AsInt32(), bit) | (sign.v.AsInt32() & bit)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 LessThan(Simd256 a, Simd256 b) => new(Vector256.LessThan(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 AreEqual(Simd256 a, Simd256 b) => new(Vector256.Equals(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ulong Bits(Simd256 mask) => mask.v.ExtractMostSignificantBits();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Select(Simd256 mask, Simd256 whenTrue, Simd256 whenFalse) =>
        new(Vector256.ConditionalSelect(mask.v, whenTrue.v, whenFalse.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Compress(Simd256 x, Simd256 mask) => new(Avx2.PermuteVar8x32(x.v, LaneOrder.Packed(Bits(mask))) & First(BitOperations.PopCount(Bits(mask))));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Expand(Simd256 x, Simd256 mask) => new(Avx2.PermuteVar8x32(x.v, LaneOrder.Spread(Bits(mask))) & mask.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Sum(Simd256 x) => SimdReduce.Sum(x.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float MaxAcross(Simd256 x) => SimdReduce.Max(x.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Uniform(ulong key, uint index)
    {
        Vector256<uint> z = (Vector256<uint>.Indices + Vector256.Create(index)) ^ Vector256.Create((uint)key);
        z = (z ^ (z >>> 16)) * Vector256.Create(0x7FEB352Du);
        z = (z ^ (z >>> 15)) * Vector256.Create(0x846CA68Bu);
        z = (z ^ (z >>> 16)) + Vector256.Create((uint)(key >> 32));
        z = (z ^ (z >>> 17)) * Vector256.Create(0xED5AD4BBu);
        z = (z ^ (z >>> 11)) * Vector256.Create(0xAC4C1B51u);
        z ^= z >>> 15;
        return new(Vector256.ConvertToSingle((z >>> 8).AsInt32()) * Vector256.Create(1f / (1 << 24)));
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Exp(Simd256 x) => SimdMath.Exp(x);

    /// <inheritdoc/>
    /// <remarks>The numbers of <see cref="SimdMath.PowerOfTwo"/> in 12 instructions instead of 17: a large number added to t leaves round t, with the bias of an exponent, in its last
    /// bits, and the polynomial is 2⁻⁶⁴ times as large, so that one factor, 2^(n + 64), is normal for every n from −160 on.</remarks>
    [MethodImpl(Inline)]
    public static Simd256 PowerOfTwo(Simd256 t) => new(PowerOfTwo(t.v));

    [MethodImpl(Inline)]
    internal static Vector256<float> PowerOfTwo(Vector256<float> t)
    {
        t = Avx.Max(Vector256.Create(Lowest), t);
        Vector256<float> n = t + Vector256.Create(Rounding), f = t - (n - Vector256.Create(Rounding));
        Vector256<float> p = Vector256.FusedMultiplyAdd(Vector256.Create(Power5), f, Vector256.Create(Power4));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(Power3));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(Power2));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(Power1));
        return Vector256.FusedMultiplyAdd(p, f, Vector256.Create(Power0)) * Scaling(n);
    }

    /// <summary>The same of four vectors, step by step: one after the other, the steps of a vector wait in the scheduler until it has no room for those of the next (a quarter longer).</summary>
    [MethodImpl(Inline)]
    internal static void PowersOfTwo(ref Vector256<float> t0, ref Vector256<float> t1, ref Vector256<float> t2, ref Vector256<float> t3)
    {
        Vector256<float> k = Vector256.Create(Lowest);
        Vector256<float> f0 = Avx.Max(k, t0), f1 = Avx.Max(k, t1), f2 = Avx.Max(k, t2), f3 = Avx.Max(k, t3);
        k = Vector256.Create(Rounding);
        Vector256<float> n0 = f0 + k, n1 = f1 + k, n2 = f2 + k, n3 = f3 + k;
        f0 -= n0 - k;
        f1 -= n1 - k;
        f2 -= n2 - k;
        f3 -= n3 - k;
        k = Vector256.Create(Power4);
        Vector256<float> first = Vector256.Create(Power5);
        Vector256<float> p0 = Vector256.FusedMultiplyAdd(first, f0, k), p1 = Vector256.FusedMultiplyAdd(first, f1, k);
        Vector256<float> p2 = Vector256.FusedMultiplyAdd(first, f2, k), p3 = Vector256.FusedMultiplyAdd(first, f3, k);
        k = Vector256.Create(Power3);
        p0 = Vector256.FusedMultiplyAdd(p0, f0, k);
        p1 = Vector256.FusedMultiplyAdd(p1, f1, k);
        p2 = Vector256.FusedMultiplyAdd(p2, f2, k);
        p3 = Vector256.FusedMultiplyAdd(p3, f3, k);
        k = Vector256.Create(Power2);
        p0 = Vector256.FusedMultiplyAdd(p0, f0, k);
        p1 = Vector256.FusedMultiplyAdd(p1, f1, k);
        p2 = Vector256.FusedMultiplyAdd(p2, f2, k);
        p3 = Vector256.FusedMultiplyAdd(p3, f3, k);
        k = Vector256.Create(Power1);
        p0 = Vector256.FusedMultiplyAdd(p0, f0, k);
        p1 = Vector256.FusedMultiplyAdd(p1, f1, k);
        p2 = Vector256.FusedMultiplyAdd(p2, f2, k);
        p3 = Vector256.FusedMultiplyAdd(p3, f3, k);
        k = Vector256.Create(Power0);
        t0 = Vector256.FusedMultiplyAdd(p0, f0, k) * Scaling(n0);
        t1 = Vector256.FusedMultiplyAdd(p1, f1, k) * Scaling(n1);
        t2 = Vector256.FusedMultiplyAdd(p2, f2, k) * Scaling(n2);
        t3 = Vector256.FusedMultiplyAdd(p3, f3, k) * Scaling(n3);
    }

    // Of powers of two: the smallest exponent that is told from −∞, 1.5·2²³ + 127 + 64, and the coefficients times 2⁻⁶⁴.
    private const float Lowest = -160f, Rounding = 12583103f, Power0 = 5.42101086e-20f, Power1 = 0.693147f * Power0, Power2 = 0.24022243f * Power0,
        Power3 = 0.055507336f * Power0, Power4 = 0.009671514f * Power0, Power5 = 0.0013264728f * Power0;

    // 2^(n + 64).
    [MethodImpl(Inline)]
    private static Vector256<float> Scaling(Vector256<float> n) => (n.AsInt32() << 23).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Log(Simd256 x) => SimdMath.Log(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Tanh(Simd256 x) => SimdMath.Tanh(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 Sigmoid(Simd256 x) => SimdMath.Sigmoid(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static implicit operator Simd256(float value) => Create(value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 operator +(Simd256 a, Simd256 b) => new(a.v + b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 operator -(Simd256 a, Simd256 b) => new(a.v - b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 operator *(Simd256 a, Simd256 b) => new(a.v * b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 operator /(Simd256 a, Simd256 b) => new(a.v / b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd256 operator -(Simd256 a) => new(-a.v);
}
