namespace Heed.Kernels;

/// <summary>Applies an <see cref="Activation"/> to a row in place.</summary>
internal static unsafe class ActivationRow
{
    public static void Apply<V>(Activation activation, float* row, int count)
        where V : unmanaged, ISimd<V>
    {
        int i = 0;
        for (; i + V.Width <= count; i += V.Width)
            V.Store(Of(activation, V.Load(row + i)), row + i);
        if (i < count)
            V.Store(Of(activation, V.Load(row + i, count - i)), row + i, count - i);
    }

    private static V Of<V>(Activation activation, V x)
        where V : unmanaged, ISimd<V> => activation switch
        {
            Activation.Relu => V.Max(V.Zero, x),
            Activation.Tanh => V.Tanh(x),
            Activation.Sigmoid => V.Sigmoid(x),
            Activation.HardSwish => default(HardSwishOperator).Invoke(x),
            _ => x,
        };
}
