using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Applies an <see cref="Activation"/> to a row in place, with the bits of <see cref="Elementwise"/>.</summary>
internal static unsafe class ActivationRow
{
    public static void Apply<V>(Activation activation, float* row, int count)
        where V : unmanaged, ISimd<V>
    {
        switch (activation)
        {
            case Activation.Relu:
                Apply<V, MaxOperator>(default, row, count);
                break;
            case Activation.Tanh:
                Apply<V, TanhOperator>(default, row, count);
                break;
            case Activation.Sigmoid:
                Apply<V, SigmoidOperator>(default, row, count);
                break;
            case Activation.HardSwish:
                Apply<V, HardSwishOperator>(default, row, count);
                break;
            case Activation.Gelu:
                Apply<V, GeluOperator>(default, row, count);
                break;
            case Activation.GeluExact:
                Apply<V, GeluExactOperator>(default, row, count);
                break;
            case Activation.Silu:
                Apply<V, SiluOperator>(default, row, count);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<V, TOperator>(TOperator f, float* row, int count)
        where V : unmanaged, ISimd<V>
        where TOperator : unmanaged, IUnaryOperator =>
        Lane.Loop<V, Unary<TOperator>>(new() { A = row, Y = row, Operator = f }, 0, count);
}
