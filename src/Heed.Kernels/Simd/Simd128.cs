using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heed.Kernels;

/// <summary>4 lanes in a <see cref="Vector128{T}"/>: SSE4, Arm AdvSimd, or plain loops where there is neither. Multiplies and adds are fused where the machine can.</summary>
/// <remarks>Members as <see cref="ISimd{TSelf}"/> says.</remarks>
public readonly unsafe struct Simd128 : ISimd<Simd128>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly Vector128<float> v;

    [MethodImpl(Inline)]
    private Simd128(Vector128<float> v) => this.v = v;

    /// <inheritdoc/>
    public static int Width
    {
        [MethodImpl(Inline)]
        get => 4;
    }

    /// <inheritdoc/>
    public static Simd128 Zero
    {
        [MethodImpl(Inline)]
        get => new(Vector128<float>.Zero);
    }

    /// <inheritdoc/>
    public static Simd128 Lanes
    {
        [MethodImpl(Inline)]
        get => new(Vector128<float>.Indices);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Create(float value) => new(Vector128.Create(value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Load(float* source) => new(Vector128.Load(source));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Load(float* source, int count) => count switch
    {
        <= 0 => Zero,
        1 => new(Vector128.CreateScalar(*source)),
        2 => new(Vector128.Create(source[0], source[1], 0, 0)),
        3 => new(Vector128.Create(source[0], source[1], source[2], 0)),
        _ => Load(source),
    };

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Simd128 value, float* destination, int count)
    {
        for (int i = 0; i < count; i++)
            destination[i] = value.v.GetElement(i);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Simd128 value, float* destination) => value.v.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 FusedMultiplyAdd(Simd128 a, Simd128 b, Simd128 c) => new(Vector128.MultiplyAddEstimate(a.v, b.v, c.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Accumulate(Simd128 a, Simd128 b, ref Simd128 sum) => Unsafe.AsRef(in sum.v) = Vector128.MultiplyAddEstimate(a.v, b.v, sum.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Min(Simd128 a, Simd128 b) => new(Vector128.ConditionalSelect(Vector128.LessThan(a.v, b.v), a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Max(Simd128 a, Simd128 b) => new(Vector128.ConditionalSelect(Vector128.GreaterThan(a.v, b.v), a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Abs(Simd128 x) => new(Vector128.Abs(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Sqrt(Simd128 x) => new(Vector128.Sqrt(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Round(Simd128 x) => new(Vector128.Round(x.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 ScaleByPowerOfTwo(Simd128 x, Simd128 n)
    {
        // 2ⁿ as a product of two normal numbers, so that the result overflows and underflows as it should.
        Vector128<int> whole = Vector128.ConvertToInt32Native(n.v), half = whole >> 1;
        Vector128<float> a = ((half + Vector128.Create(127)) << 23).AsSingle();
        Vector128<float> b = ((whole - half + Vector128.Create(127)) << 23).AsSingle();
        return new(x.v * a * b);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 FromExponentBits(Simd128 x) => new((x.v.AsInt32() << 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Exponent(Simd128 x) =>
        new(Vector128.ConvertToSingle((x.v.AsInt32() >>> 23) - Vector128.Create(127)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 CopySign(Simd128 magnitude, Simd128 sign)
    {
        Vector128<int> bit = Vector128.Create(int.MinValue);
        return new((Vector128.AndNot(magnitude.v.AsInt32(), bit) | (sign.v.AsInt32() & bit)).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 LessThan(Simd128 a, Simd128 b) => new(Vector128.LessThan(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 AreEqual(Simd128 a, Simd128 b) => new(Vector128.Equals(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ulong Bits(Simd128 mask) => mask.v.ExtractMostSignificantBits();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Select(Simd128 mask, Simd128 whenTrue, Simd128 whenFalse) =>
        new(Vector128.ConditionalSelect(mask.v, whenTrue.v, whenFalse.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Compress(Simd128 x, Simd128 mask) => new(Vector128.Shuffle(x.v, LaneOrder.Packed(Bits(mask)).GetLower()) & Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(BitOperations.PopCount(Bits(mask)))).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Expand(Simd128 x, Simd128 mask) => new(Vector128.Shuffle(x.v, LaneOrder.Spread(Bits(mask)).GetLower()) & mask.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Sum(Simd128 x) => SimdReduce.Sum(x.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float MaxAcross(Simd128 x) => SimdReduce.Max(x.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Uniform(ulong key, uint index)
    {
        Vector128<uint> z = (Vector128<uint>.Indices + Vector128.Create(index)) ^ Vector128.Create((uint)key);
        z = (z ^ (z >>> 16)) * Vector128.Create(0x7FEB352Du);
        z = (z ^ (z >>> 15)) * Vector128.Create(0x846CA68Bu);
        z = (z ^ (z >>> 16)) + Vector128.Create((uint)(key >> 32));
        z = (z ^ (z >>> 17)) * Vector128.Create(0xED5AD4BBu);
        z = (z ^ (z >>> 11)) * Vector128.Create(0xAC4C1B51u);
        z ^= z >>> 15;
        return new(Vector128.ConvertToSingle((z >>> 8).AsInt32()) * Vector128.Create(1f / (1 << 24)));
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Exp(Simd128 x) => SimdMath.Exp(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 PowerOfTwo(Simd128 t) => SimdMath.PowerOfTwo(t);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Log(Simd128 x) => SimdMath.Log(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Tanh(Simd128 x) => SimdMath.Tanh(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 Sigmoid(Simd128 x) => SimdMath.Sigmoid(x);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static implicit operator Simd128(float value) => Create(value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 operator +(Simd128 a, Simd128 b) => new(a.v + b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 operator -(Simd128 a, Simd128 b) => new(a.v - b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 operator *(Simd128 a, Simd128 b) => new(a.v * b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 operator /(Simd128 a, Simd128 b) => new(a.v / b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Simd128 operator -(Simd128 a) => new(-a.v);
}
