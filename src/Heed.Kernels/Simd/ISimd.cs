namespace Heed.Kernels;

/// <summary>A vector of float32 lanes: the one alphabet in which every kernel is written, implemented by
/// <see cref="Simd512"/>, <see cref="Simd256"/> and <see cref="Simd128"/>.</summary>
/// <remarks>
/// <para>Kernels are generic over the implementing struct, so the JIT makes one specialised body for each width; the wrapper costs nothing.
/// Arithmetic is lane by lane, so a lane's result never depends on its neighbours or on how many lanes are in use: spans are processed
/// in whole vectors and one partial vector, and bits do not depend on a span's length.</para>
/// <para>A comparison gives a mask of all-one or all-zero bits a lane, for <see cref="Select"/>.</para>
/// </remarks>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
public unsafe interface ISimd<TSelf>
    where TSelf : unmanaged, ISimd<TSelf>
{
    /// <summary>Number of lanes: 16, 8 or 4.</summary>
    static abstract int Width { get; }

    /// <summary>All lanes 0.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>The lane numbers 0, 1, 2, ….</summary>
    static abstract TSelf Lanes { get; }

    /// <summary>All lanes equal to <paramref name="value"/>.</summary>
    /// <param name="value">The value.</param>
    static abstract TSelf Create(float value);

    /// <summary>Reads <see cref="Width"/> lanes; any alignment.</summary>
    /// <param name="source">At least <see cref="Width"/> readable floats.</param>
    static abstract TSelf Load(float* source);

    /// <summary>Reads the first lanes and sets the others to 0; nothing beyond is touched.</summary>
    /// <param name="source">At least <paramref name="count"/> readable floats.</param>
    /// <param name="count">0 … <see cref="Width"/>.</param>
    static abstract TSelf Load(float* source, int count);

    /// <summary>Writes all lanes; any alignment.</summary>
    /// <param name="value">The lanes.</param>
    /// <param name="destination">At least <see cref="Width"/> writable floats.</param>
    static abstract void Store(TSelf value, float* destination);

    /// <summary>Writes the first lanes; nothing beyond is touched.</summary>
    /// <param name="value">The lanes.</param>
    /// <param name="destination">At least <paramref name="count"/> writable floats.</param>
    /// <param name="count">0 … <see cref="Width"/>.</param>
    static abstract void Store(TSelf value, float* destination, int count);

    /// <summary>a·b + c with one rounding where the machine has it.</summary>
    /// <param name="a">Factor.</param>
    /// <param name="b">Factor.</param>
    /// <param name="c">Addend.</param>
    static abstract TSelf FusedMultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>sum ← a·b + sum, as <see cref="FusedMultiplyAdd"/>.</summary>
    /// <param name="a">Factor.</param>
    /// <param name="b">Factor.</param>
    /// <param name="sum">The sum.</param>
    static abstract void Accumulate(TSelf a, TSelf b, ref TSelf sum);

    /// <summary>The smaller lane; if either is NaN, <paramref name="b"/>.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The larger lane; if either is NaN, <paramref name="b"/>.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>|x|.</summary>
    /// <param name="x">The lanes.</param>
    static abstract TSelf Abs(TSelf x);

    /// <summary>√x, correctly rounded.</summary>
    /// <param name="x">The lanes.</param>
    static abstract TSelf Sqrt(TSelf x);

    /// <summary>The nearest integer, ties to even.</summary>
    /// <param name="x">The lanes.</param>
    static abstract TSelf Round(TSelf x);

    /// <summary>x·2ⁿ, with overflow to infinity and underflow to 0 or a subnormal.</summary>
    /// <param name="x">The lanes.</param>
    /// <param name="n">Integral lanes in −252 … 254.</param>
    static abstract TSelf ScaleByPowerOfTwo(TSelf x, TSelf n);

    /// <summary>2ⁿ out of 1.5·2²³ + 127 + n: the float whose exponent is the last bits of <paramref name="x"/>.</summary>
    /// <param name="x">1.5·2²³ + 127 + n with an integral n in −127 … 127; −127 gives 0. NaN gives any number.</param>
    static abstract TSelf FromExponentBits(TSelf x);

    /// <summary>⌊log₂ x⌋ of normal positive lanes.</summary>
    /// <param name="x">Normal positive lanes.</param>
    static abstract TSelf Exponent(TSelf x);

    /// <summary>|<paramref name="magnitude"/>| with the sign of <paramref name="sign"/>.</summary>
    /// <param name="magnitude">The size.</param>
    /// <param name="sign">The sign.</param>
    static abstract TSelf CopySign(TSelf magnitude, TSelf sign);

    /// <summary>Mask of a &lt; b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf LessThan(TSelf a, TSelf b);

    /// <summary>Mask of a = b; NaN equals nothing.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf AreEqual(TSelf a, TSelf b);

    /// <summary>Lanes of <paramref name="whenTrue"/> where the mask is set, else of <paramref name="whenFalse"/>.</summary>
    /// <param name="mask">A comparison's result.</param>
    /// <param name="whenTrue">Where set.</param>
    /// <param name="whenFalse">Elsewhere.</param>
    static abstract TSelf Select(TSelf mask, TSelf whenTrue, TSelf whenFalse);

    /// <summary>A mask as bits: bit i for lane i.</summary>
    /// <param name="mask">A comparison's result.</param>
    static abstract ulong Bits(TSelf mask);

    /// <summary>The lanes that a mask chooses, side by side from the first on; 0 behind them.</summary>
    /// <param name="x">The lanes.</param>
    /// <param name="mask">A comparison's result.</param>
    static abstract TSelf Compress(TSelf x, TSelf mask);

    /// <summary>The way back of <see cref="Compress"/>: the first lanes of <paramref name="x"/> at the places that a mask chooses, in order; 0 elsewhere.</summary>
    /// <param name="x">The lanes.</param>
    /// <param name="mask">A comparison's result.</param>
    static abstract TSelf Expand(TSelf x, TSelf mask);

    /// <summary>Sum of all lanes, halves added to halves: a fixed order.</summary>
    /// <param name="x">The lanes.</param>
    static abstract float Sum(TSelf x);

    /// <summary>Largest lane; lanes must not be NaN.</summary>
    /// <param name="x">The lanes.</param>
    static abstract float MaxAcross(TSelf x);

    /// <summary>Uniform numbers in [0, 1) with 24 bits: lane i is a pure function of key and <paramref name="index"/> + i.</summary>
    /// <remarks>A 32-bit mixing function (two multiply–xorshift rounds with both key halves): fit for dropout, not for statistics.
    /// The same numbers come out at every width.</remarks>
    /// <param name="key">The stream.</param>
    /// <param name="index">Position of lane 0, modulo 2³².</param>
    static abstract TSelf Uniform(ulong key, uint index);

    /// <summary>eˣ; see <see cref="SimdMath.Exp"/>.</summary>
    /// <param name="x">The lanes.</param>
    static abstract TSelf Exp(TSelf x);

    /// <summary>2ᵗ for t ≤ 0 (and a little above): exactly 1 at 0, exactly 0 below −151; NaN stays NaN. Largest relative error 1.7e-7; see <see cref="SimdMath.PowerOfTwo"/>.</summary>
    /// <param name="t">The lanes.</param>
    static abstract TSelf PowerOfTwo(TSelf t);

    /// <summary>ln x; see <see cref="SimdMath.Log"/>.</summary>
    /// <param name="x">The lanes.</param>
    static abstract TSelf Log(TSelf x);

    /// <summary>tanh x; see <see cref="SimdMath.Tanh"/>.</summary>
    /// <param name="x">The lanes.</param>
    static abstract TSelf Tanh(TSelf x);

    /// <summary>1/(1 + e⁻ˣ); see <see cref="SimdMath.Sigmoid"/>.</summary>
    /// <param name="x">The lanes.</param>
    static abstract TSelf Sigmoid(TSelf x);

    /// <summary>All lanes equal to <paramref name="value"/>.</summary>
    /// <param name="value">The value.</param>
    static abstract implicit operator TSelf(float value);

    /// <summary>a + b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf operator +(TSelf a, TSelf b);

    /// <summary>a − b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf operator -(TSelf a, TSelf b);

    /// <summary>a·b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf operator *(TSelf a, TSelf b);

    /// <summary>a / b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right.</param>
    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>−a.</summary>
    /// <param name="a">The lanes.</param>
    static abstract TSelf operator -(TSelf a);
}
