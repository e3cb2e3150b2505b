using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>16 lanes in a <see cref="Vector512{T}"/>: AVX-512.</summary>
/// <remarks>Members as <see cref="ISimd{TSelf}"/> says.</remarks>
public readonly unsafe struct Simd512 : ISimd<Simd512>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly Vector512<float> v;

    [MethodImpl(Inline)]
    private Simd512(Vector512<float> v) => this.v = v;

    /// <inheritdoc/>
    public static int Width
    {
        [MethodImpl(Inline)]
        get => 16;
    }

    /// <inheritdoc/>
    public static Simd512 Zero
    {
        [MethodImpl(Inline)]
        get => new(Vector512<float>.Zero);
    }

    /// <inheritdoc/>
    public static Simd512 Lanes
    {
        [MethodImpl(Inline)]
        get => new(Vector512<float>.Indices);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Create(float value) => new(Vector512.Create(value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Load(float* source) => new(Vector512.Load(source));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Load(float* source, int count) => new(Avx512F.MaskLoad(source, First(count), Vector512<float>.Zero));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Simd512 value, float* destination, int count) => Avx512F.MaskStore(destination, First(count), value.v);

    // All bits set in the lanes below count.
    [MethodImpl(Inline)]
    private static Vector512<float> First(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Simd512 value, float* destination) => value.v.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 FusedMultiplyAdd(Simd512 a, Simd512 b, Simd512 c) => new(Vector512.FusedMultiplyAdd(a.v, b.v, c.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Accumulate(Simd512 a, Simd512 b, ref Simd512 sum) => Unsafe.AsRef(in sum.v) = Vector512.FusedMultiplyAdd(a.v, b.v, sum.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Min(Simd512 a, Simd512 b) => new(Avx512F.Min(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Max(Simd512 a, Simd512 b) => new(Avx512F.Max(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Abs(Simd512 x) => new(Vector512.Abs(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Sqrt(Simd512 x) => new(Vector512.Sqrt(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Round(Simd512 x) => new(Vector512.Round(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 ScaleByPowerOfTwo(Simd512 x, Simd512 n) => new(Avx512F.Scale(x.v, n.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 FromExponentBits(Simd512 x) => new((x.v.AsInt32() << 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Exponent(Simd512 x) =>
        new(Vector512.ConvertToSingle((x.v.AsInt32() >>> 23) - Vector512.Create(127)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 CopySign(Simd512 magnitude, Simd512 sign)
    {
        Vector512<int> bit = Vector512.Create(int.MinValue);
        return new((Vector512.AndNot(magnitude.v.AsInt32(), bit) | (sign.v.AsInt32() & bit)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 LessThan(Simd512 a, Simd512 b) => new(Vector512.LessThan(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 AreEqual(Simd512 a, Simd512 b) => new(Vector512.Equals(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ulong Bits(Simd512 mask) => mask.v.ExtractMostSignificantBits();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Select(Simd512 mask, Simd512 whenTrue, Simd512 whenFalse) =>
        new(Vector512.ConditionalSelect(mask.v, whenTrue.v, whenFalse.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Compress(Simd512 x, Simd512 mask) => new(Avx512F.Compress(Vector512<float>.Zero, mask.v, x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Expand(Simd512 x, Simd512 mask) => new(Avx512F.Expand(Vector512<float>.Zero, mask.v, x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Sum(Simd512 x) => SimdReduce.Sum(x.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float MaxAcross(Simd512 x) => SimdReduce.Max(x.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Uniform(ulong key, uint index)
    {
        Vector512<uint> z = (Vector512<uint>.Indices + Vector512.Create(index)) ^ Vector512.Create((uint)key);
        z = (z ^ (z >>> 16)) * Vector512.Create(0x7FEB352Du);
        z = (z ^ (z >>> 15)) * Vector512.Create(0x846CA68Bu);
        z = (z ^ (z >>> 16)) + Vector512.Create((uint)(key >> 32));
        z = (z ^ (z >>> 17)) * Vector512.Create(0xED5AD4BBu);
        z = (z ^ (z >>> 11)) * Vector512.Create(0xAC4C1B51u);
        z ^= z >>> 15;
        return new(Vector512.ConvertToSingle((z >>> 8).AsInt32()) * Vector512.Create(1f / (1 << 24)));
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Exp(Simd512 x) => SimdMath.Exp(x);

    /// <inheritdoc/>
    /// <remarks>t = ⌊t⌋ + f; 2ᶠ = 1 + f·p(f) with a minimax p of degree 4 over [0, 1] (largest relative error 8.7e-8 before rounding, 1.7e-7 with it). The
    /// machine takes f in one instruction, which is 0 for −∞, and scales by 2^⌊t⌋ itself, so nothing is clamped: a sixth faster than <see cref="SimdMath.PowerOfTwo"/>.</remarks>
    [MethodImpl(Inline)]
    public static Simd512 PowerOfTwo(Simd512 t) => new(PowerOfTwo(t.v));

    [MethodImpl(Inline)]
    internal static Vector512<float> PowerOfTwo(Vector512<float> t)
    {
        const byte Down = 0b1001;  // towards −∞, no exception flags
        Vector512<float> f = Avx512DQ.Reduce(t, Down);
        Vector512<float> p = Vector512.FusedMultiplyAdd(Vector512.Create(0.0018671306f), f, Vector512.Create(0.009017029f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.055799913f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.24016446f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.6931513f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(1f));
        return Avx512F.Scale(p, t);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Log(Simd512 x) => SimdMath.Log(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Tanh(Simd512 x) => SimdMath.Tanh(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 Sigmoid(Simd512 x) => SimdMath.Sigmoid(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static implicit operator Simd512(float value) => Create(value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 operator +(Simd512 a, Simd512 b) => new(a.v + b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 operator -(Simd512 a, Simd512 b) => new(a.v - b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 operator *(Simd512 a, Simd512 b) => new(a.v * b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 operator /(Simd512 a, Simd512 b) => new(a.v / b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd512 operator -(Simd512 a) => new(-a.v);
}
