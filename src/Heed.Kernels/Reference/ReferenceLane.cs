namespace Heed.Kernels;

/// <summary>One lane of double precision: the vector with which references and checkers run score modifiers and masks that users write.</summary>
/// <remarks>Members as <see cref="ISimd{TSelf}"/> says, in double; memory is float32. For references only: the elementary functions are those of the base library.</remarks>
public readonly unsafe struct ReferenceLane : ISimd<ReferenceLane>
{
    private static readonly double True = BitConverter.UInt64BitsToDouble(ulong.MaxValue);

    /// <summary>A lane.</summary>
    /// <param name="value">Its value.</param>
    public ReferenceLane(double value) => Value = value;

    /// <summary>The value.</summary>
    public double Value { get; }

    /// <summary>Whether a comparison's result is set.</summary>
    public bool IsSet => BitConverter.DoubleToUInt64Bits(Value) == ulong.MaxValue;

    /// <inheritdoc/>
    public static int Width => 1;

    /// <inheritdoc/>
    public static ReferenceLane Zero => new(0);

    /// <inheritdoc/>
    public static ReferenceLane Lanes => new(0);

    /// <inheritdoc/>
    public static ReferenceLane Create(float value) => new(value);

    /// <inheritdoc/>
    public static ReferenceLane Load(float* source) => new(*source);

    /// <inheritdoc/>
    public static ReferenceLane Load(float* source, int count) => count > 0 ? new(*source) : Zero;

    /// <inheritdoc/>
    public static void Store(ReferenceLane value, float* destination) => *destination = (float)value.Value;

    /// <inheritdoc/>
    public static void Store(ReferenceLane value, float* destination, int count)
    {
        if (count > 0)
            *destination = (float)value.Value;
    }

    /// <inheritdoc/>
    public static ReferenceLane FusedMultiplyAdd(ReferenceLane a, ReferenceLane b, ReferenceLane c) => new((a.Value * b.Value) + c.Value);

    /// <inheritdoc/>
    public static void Accumulate(ReferenceLane a, ReferenceLane b, ref ReferenceLane sum) => sum = FusedMultiplyAdd(a, b, sum);

    /// <inheritdoc/>
    public static ReferenceLane Min(ReferenceLane a, ReferenceLane b) => a.Value < b.Value ? a : b;

    /// <inheritdoc/>
    public static ReferenceLane Max(ReferenceLane a, ReferenceLane b) => a.Value > b.Value ? a : b;

    /// <inheritdoc/>
    public static ReferenceLane Abs(ReferenceLane x) => new(Math.Abs(x.Value));

    /// <inheritdoc/>
    public static ReferenceLane Sqrt(ReferenceLane x) => new(Math.Sqrt(x.Value));

    /// <inheritdoc/>
    public static ReferenceLane Round(ReferenceLane x) => new(Math.Round(x.Value, MidpointRounding.ToEven));

    /// <inheritdoc/>
    public static ReferenceLane ScaleByPowerOfTwo(ReferenceLane x, ReferenceLane n) => new(Math.ScaleB(x.Value, (int)n.Value));

    /// <inheritdoc/>
    public static ReferenceLane FromExponentBits(ReferenceLane x) => new(Math.Pow(2, x.Value - 12582912 - 127));

    /// <inheritdoc/>
    public static ReferenceLane Exponent(ReferenceLane x) => new(Math.ILogB(x.Value));

    /// <inheritdoc/>
    public static ReferenceLane CopySign(ReferenceLane magnitude, ReferenceLane sign) => new(Math.CopySign(magnitude.Value, sign.Value));

    /// <inheritdoc/>
    public static ReferenceLane LessThan(ReferenceLane a, ReferenceLane b) => new(a.Value < b.Value ? True : 0);

    /// <inheritdoc/>
    public static ReferenceLane AreEqual(ReferenceLane a, ReferenceLane b) => new(a.Value == b.Value ? True : 0);

    /// <inheritdoc/>
    public static ulong Bits(ReferenceLane mask) => mask.IsSet ? 1UL : 0;

    /// <inheritdoc/>
    public static ReferenceLane Select(ReferenceLane mask, ReferenceLane whenTrue, ReferenceLane whenFalse) => mask.IsSet ? whenTrue : whenFalse;

    /// <inheritdoc/>
    public static ReferenceLane Compress(ReferenceLane x, ReferenceLane mask) => Select(mask, x, Zero);

    /// <inheritdoc/>
    public static ReferenceLane Expand(ReferenceLane x, ReferenceLane mask) => Select(mask, x, Zero);

    /// <inheritdoc/>
    public static float Sum(ReferenceLane x) => (float)x.Value;

    /// <inheritdoc/>
    public static float MaxAcross(ReferenceLane x) => (float)x.Value;

    /// <inheritdoc/>
    public static ReferenceLane Uniform(ulong key, uint index)
    {
        float value;
        Simd128.Store(Simd128.Uniform(key, index), &value, 1);
        return new(value);
    }

    /// <inheritdoc/>
    public static ReferenceLane Exp(ReferenceLane x) => new(Math.Exp(x.Value));

    /// <inheritdoc/>
    public static ReferenceLane PowerOfTwo(ReferenceLane t) => new(Math.Pow(2, t.Value));

    /// <inheritdoc/>
    public static ReferenceLane Log(ReferenceLane x) => new(Math.Log(x.Value));

    /// <inheritdoc/>
    public static ReferenceLane Tanh(ReferenceLane x) => new(Math.Tanh(x.Value));

    /// <inheritdoc/>
    public static ReferenceLane Sigmoid(ReferenceLane x) => new(1 / (1 + Math.Exp(-x.Value)));

    /// <inheritdoc/>
    public static implicit operator ReferenceLane(float value) => new(value);

    /// <inheritdoc/>
    public static ReferenceLane operator +(ReferenceLane a, ReferenceLane b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    public static ReferenceLane operator -(ReferenceLane a, ReferenceLane b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    public static ReferenceLane operator *(ReferenceLane a, ReferenceLane b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    public static ReferenceLane operator /(ReferenceLane a, ReferenceLane b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    public static ReferenceLane operator -(ReferenceLane a) => new(-a.Value);
}
