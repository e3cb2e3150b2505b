using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>Gradients of the functions, added to what the destination holds: dx += dy·f′.</content>
public static unsafe partial class Elementwise
{
    /// <summary>y += a·b, with one rounding where the machine has it: the gradient of a product (dy·b into da, dy·a into db).</summary>
    public static void MultiplyAdd(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) =>
        Accumulate(nameof(MultiplyAdd), a, b, y, default(AddProductOperator));

    /// <summary>da += dy/b: the gradient of a/b for a.</summary>
    public static void DivideBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> b, Span<float> da) =>
        Accumulate(nameof(DivideBackward), dy, b, da, default(AddQuotientOperator));

    /// <summary>db −= dy·y/b: the gradient of y = a/b for b.</summary>
    public static void DivideBackwardDenominator(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, ReadOnlySpan<float> b, Span<float> db)
    {
        Check(nameof(DivideBackwardDenominator), nameof(dy), dy, db);
        Check(nameof(DivideBackwardDenominator), nameof(y), y, db);
        Check(nameof(DivideBackwardDenominator), nameof(b), b, db);
        fixed (float* pdy = dy, py = y, pb = b, pdb = db)
            Lane.Run(new DenominatorStep { Gradient = pdy, Y = py, B = pb, Result = pdb }, db.Length);
    }

    /// <summary>dx += dy·(1 − y²) with y = tanh x.</summary>
    public static void TanhBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, Span<float> dx) =>
        Accumulate(nameof(TanhBackward), dy, y, dx, default(TanhBackwardOperator));

    /// <summary>dx += dy·y·(1 − y) with y = σ(x).</summary>
    public static void SigmoidBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, Span<float> dx) =>
        Accumulate(nameof(SigmoidBackward), dy, y, dx, default(SigmoidBackwardOperator));

    /// <summary>dx += dy where y &gt; 0, with y = max(x, 0) (or x itself).</summary>
    public static void ReluBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, Span<float> dx) =>
        Accumulate(nameof(ReluBackward), dy, y, dx, new AboveOperator(0));

    /// <summary>dx += dy·y with y = eˣ.</summary>
    public static void ExpBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, Span<float> dx) =>
        Accumulate(nameof(ExpBackward), dy, y, dx, default(AddProductOperator));

    /// <summary>dx += dy/x.</summary>
    public static void LogBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx) =>
        Accumulate(nameof(LogBackward), dy, x, dx, default(AddQuotientOperator));

    /// <summary>dx += dy/(2y) with y = √x.</summary>
    public static void SqrtBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, Span<float> dx) =>
        Accumulate(nameof(SqrtBackward), dy, y, dx, default(SqrtBackwardOperator));

    /// <summary>dx += dy·sign(x); 0 at 0.</summary>
    public static void AbsBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx) =>
        Accumulate(nameof(AbsBackward), dy, x, dx, default(AbsBackwardOperator));

    /// <summary>dx += dy·f′(x) of <see cref="Gelu"/>.</summary>
    public static void GeluBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx) =>
        Accumulate(nameof(GeluBackward), dy, x, dx, default(GeluBackwardOperator));

    /// <summary>dx += dy·f′(x) of <see cref="GeluExact"/>.</summary>
    public static void GeluExactBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx) =>
        Accumulate(nameof(GeluExactBackward), dy, x, dx, default(GeluExactBackwardOperator));

    /// <summary>dx += dy·f′(x) of <see cref="Silu"/>.</summary>
    public static void SiluBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx) =>
        Accumulate(nameof(SiluBackward), dy, x, dx, default(SiluBackwardOperator));

    /// <summary>dx += dy·f′(x) of <see cref="HardSwish"/>; at −3 and 3 as PyTorch has it, 0 and 1.</summary>
    public static void HardSwishBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx) =>
        Accumulate(nameof(HardSwishBackward), dy, x, dx, default(HardSwishBackwardOperator));

    /// <summary>dx += dy where x &gt; limit.</summary>
    public static void MaxBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, float limit, Span<float> dx) =>
        Accumulate(nameof(MaxBackward), dy, x, dx, new AboveOperator(limit));

    /// <summary>dx += dy where x &lt; limit.</summary>
    public static void MinBackward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, float limit, Span<float> dx) =>
        Accumulate(nameof(MinBackward), dy, x, dx, new BelowOperator(limit));

    private static void Accumulate<TOperator>(string operation, ReadOnlySpan<float> first, ReadOnlySpan<float> second, Span<float> result, TOperator f)
        where TOperator : unmanaged, ITernaryOperator
    {
        Check(operation, "the first source", first, result);
        Check(operation, "the second source", second, result);
        fixed (float* p1 = first, p2 = second, presult = result)
            Lane.Run(new Ternary<TOperator> { A = presult, B = p1, C = p2, Y = presult, Operator = f }, result.Length);
    }

    private struct DenominatorStep : ILaneStep
    {
        public float* Gradient;
        public float* Y;
        public float* B;
        public float* Result;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V slope = Lane.Load<V>(Y + i, count) / Lane.Load<V>(B + i, count);
            Lane.Store(V.FusedMultiplyAdd(-Lane.Load<V>(Gradient + i, count), slope, Lane.Load<V>(Result + i, count)), Result + i, count);
        }
    }
}
