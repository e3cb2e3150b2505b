using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Independent chains of fused multiply–adds in registers: nothing but the arithmetic units limits them.</summary>
internal unsafe struct MultiplyAddChains : ISimdKernel
{
    // 12 chains hide a latency of 4 cycles on two units, and fit 16 registers with their two constants.
    private const int Chains = 12, Steps = 20_000, TasksPerThread = 4;
    private static float sink;

    public int Threads;

    /// <summary>Floating-point operations of one run.</summary>
    public static double Operations(int threads) => 2.0 * Chains * Simd.Width * Steps * TasksPerThread * threads;

    public readonly void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        if (Threads > 1)
        {
            Workers.Run(&Task<V>, null, Threads * TasksPerThread);
            return;
        }
        for (int i = 0; i < TasksPerThread; i++)
            Task<V>(null, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        V x = V.Create(0.999f), y = V.Create(1e-6f);
        V a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int step = 0; step < Steps; step++)
        {
            a = V.FusedMultiplyAdd(a, x, y); b = V.FusedMultiplyAdd(b, x, y); c = V.FusedMultiplyAdd(c, x, y);
            d = V.FusedMultiplyAdd(d, x, y); e = V.FusedMultiplyAdd(e, x, y); f = V.FusedMultiplyAdd(f, x, y);
            g = V.FusedMultiplyAdd(g, x, y); h = V.FusedMultiplyAdd(h, x, y); i = V.FusedMultiplyAdd(i, x, y);
            j = V.FusedMultiplyAdd(j, x, y); k = V.FusedMultiplyAdd(k, x, y); l = V.FusedMultiplyAdd(l, x, y);
        }
        // A result that nobody uses would be removed with its loop.
        sink = V.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
