namespace Heed.Kernels.Tests.Vectors;

/// <summary>The elementary functions against double precision, over all exponents, at every width.</summary>
[Trait("Legs", "InstructionSets")]
public class SimdMathTests
{
    private const int Mantissas = 1500;

    // Largest errors in units in the last place of the exact result; SimdMath's documentation states these figures.
    [Fact]
    public void Exp_is_within_its_stated_error() => EveryWidth.Run(new Sweep(Function.Exp, 1.0));

    [Fact]
    public void Log_is_within_its_stated_error() => EveryWidth.Run(new Sweep(Function.Log, 0.8));

    [Fact]
    public void Tanh_is_within_its_stated_error() => EveryWidth.Run(new Sweep(Function.Tanh, 1.4));

    [Fact]
    public void Sigmoid_is_within_its_stated_error() => EveryWidth.Run(new Sweep(Function.Sigmoid, 2.5));

    [Fact]
    public void The_gates_functions_are_within_their_stated_errors()
    {
        EveryWidth.Run(new Sweep(Function.GateTanh, 2.6));
        EveryWidth.Run(new Sweep(Function.GateSigmoid, 2.0));
        foreach ((float x, float tanh, float sigmoid) in new[] { (0f, 0f, 0.5f), (float.NaN, float.NaN, float.NaN), (float.PositiveInfinity, 1f, 1f), (1e-30f, 1e-30f, 0.5f), (30f, 1f, 1f) })
        {
            EveryWidth.Run(new One(Function.GateTanh, x, tanh));
            EveryWidth.Run(new One(Function.GateSigmoid, x, sigmoid));
        }
        EveryWidth.Run(new One(Function.GateTanh, float.NegativeInfinity, -1f));
    }

    [Fact]
    public void Powers_of_two_are_within_their_stated_error_and_end_exactly()
    {
        // 1.7e-7 of the result: so many units where these are smallest, just below 1.
        EveryWidth.Run(new Sweep(Function.PowerOfTwo, 1.7e-7 * (1 << 24)));
        foreach ((float t, float power) in new[] { (0f, 1f), (-0f, 1f), (-1f, 0.5f), (-149f, float.Epsilon), (-151.5f, 0f), (-1e30f, 0f), (float.NegativeInfinity, 0f), (float.NaN, float.NaN), (0.5f, 1.4142135f) })
            EveryWidth.Run(new One(Function.PowerOfTwo, t, power));
    }

    [Fact]
    public void Special_values()
    {
        Special(0f, 1f, float.NegativeInfinity, 0f, 0.5f);
        Special(-0f, 1f, float.NegativeInfinity, -0f, 0.5f);
        Special(float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, 1f, 1f);
        Special(float.NegativeInfinity, 0f, float.NaN, -1f, 0f);
        Special(float.NaN, float.NaN, float.NaN, float.NaN, float.NaN);
        Special(-1f, 0.36787945f, float.NaN, -0.7615942f, 0.26894143f);
        Special(1f, 2.7182817f, 0f, 0.7615942f, 0.7310586f);
        Special(float.Epsilon, 1f, -103.27893f, float.Epsilon, 0.5f);
        Special(float.MaxValue, float.PositiveInfinity, 88.72284f, 1f, 1f);
        Special(float.MinValue, 0f, float.NaN, -1f, 0f);
    }

    private static void Special(float x, float exp, float log, float tanh, float sigmoid)
    {
        EveryWidth.Run(new One(Function.Exp, x, exp));
        EveryWidth.Run(new One(Function.Log, x, log));
        EveryWidth.Run(new One(Function.Tanh, x, tanh));
        EveryWidth.Run(new One(Function.Sigmoid, x, sigmoid));
    }

    internal enum Function
    {
        Exp,
        Log,
        Tanh,
        Sigmoid,
        PowerOfTwo,
        GateTanh,
        GateSigmoid,
    }

    private static V Apply<V>(Function function, V x)
        where V : unmanaged, ISimd<V> => function switch
        {
            Function.Exp => V.Exp(x),
            Function.Log => V.Log(x),
            Function.Tanh => V.Tanh(x),
            Function.PowerOfTwo => V.PowerOfTwo(x),
            Function.GateTanh => GateMath.Tanh(x),
            Function.GateSigmoid => GateMath.Sigmoid(x),
            _ => V.Sigmoid(x),
        };

    private static double Exact(Function function, double x) => function switch
    {
        Function.Exp => Math.Exp(x),
        Function.Log => Math.Log(x),
        Function.Tanh or Function.GateTanh => Math.Tanh(x),
        Function.PowerOfTwo => Math.Pow(2, x),
        // Written so that it keeps its relative accuracy on the left.
        _ => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x)),
    };

    private readonly struct Sweep(Function function, double limit) : ISimdKernel
    {
        public unsafe void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            float* x = stackalloc float[V.Width], y = stackalloc float[V.Width];
            (double worst, float where) = (0, 0);
            int lane = 0;
            for (uint exponent = 0; exponent < 255; exponent++)
            {
                for (uint i = 0; i < Mantissas; i++)
                {
                    // Spread over the mantissa with a step that is no power of two; both ends are in.
                    uint mantissa = i == Mantissas - 1 ? 0x7FFFFF : i * 5591 % 0x800000;
                    float size = BitConverter.UInt32BitsToSingle((exponent << 23) | mantissa);
                    x[lane++] = ((i & 1) == 0 || function == Function.Log) && function != Function.PowerOfTwo ? size : -size;
                    if (lane < V.Width)
                        continue;
                    lane = 0;
                    V.Store(Apply(function, V.Load(x)), y);
                    for (int k = 0; k < V.Width; k++)
                    {
                        double error = Ulps(y[k], Exact(function, x[k]));
                        if (error > worst)
                            (worst, where) = (error, x[k]);
                    }
                }
            }
            worst.ShouldBeLessThan(limit, FormattableString.Invariant($"{function} at {V.Width} lanes: {worst:F3} ulp at {where:R}"));
        }

        private double Ulps(float actual, double exact)
        {
            // Sigmoid ends at −88.7, where the exact value is below the normal floats.
            if (function == Function.Sigmoid && exact < 1.2e-38)
                return Math.Abs(actual) < 1.2e-38 ? 0 : double.PositiveInfinity;
            if (function == Function.GateSigmoid && exact < 1.65e-38)
                return actual is > 0 and < 1.66e-38f ? 0 : double.PositiveInfinity;
            // Beyond the largest float, infinity counts as the next step.
            double value = float.IsInfinity(actual) ? Math.CopySign(Math.ScaleB(1, 128), actual) : actual;
            double bounded = Math.Abs(exact) > Math.ScaleB(1, 128) ? Math.CopySign(Math.ScaleB(1, 128), exact) : exact;
            int exponent = Math.Max(Math.ILogB(bounded == 0 ? double.Epsilon : bounded), -126);
            double error = Math.Abs(value - bounded) / Math.ScaleB(1, Math.Min(exponent, 127) - 23);
            return double.IsNaN(error) ? double.PositiveInfinity : error;
        }
    }

    private readonly struct One(Function function, float x, float expected) : ISimdKernel
    {
        public unsafe void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            float* y = stackalloc float[V.Width];
            V.Store(Apply(function, V.Create(x)), y);
            for (int i = 0; i < V.Width; i++)
            {
                // A quiet difference of one unit is allowed where the value is no special one.
                bool close = float.IsFinite(expected) && expected != 0 && MathF.Abs(y[i] - expected) <= MathF.Abs(expected) * 2.4e-7f;
                (close || BitConverter.SingleToUInt32Bits(y[i]) == BitConverter.SingleToUInt32Bits(expected) || (float.IsNaN(expected) && float.IsNaN(y[i])))
                    .ShouldBeTrue(FormattableString.Invariant($"{function}({x}) = {y[i]:R}, expected {expected:R}, at {V.Width} lanes"));
            }
        }
    }
}
