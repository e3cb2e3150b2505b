using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Adds up memory, four vectors at a time: nothing but reading limits it.</summary>
internal unsafe struct StreamReader : ISimdKernel
{
    private static float sink;

    public float* Memory;
    public int Length;    // floats of one thread
    public int Rounds;
    public int Threads;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        fixed (StreamReader* self = &this)
        {
            if (Threads > 1)
                Workers.Run(&Task<V>, self, Threads);
            else
                Task<V>(self, 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        StreamReader* s = (StreamReader*)state;
        nint w = V.Width;
        V a = V.Zero, b = V.Zero, c = V.Zero, d = V.Zero;
        for (int round = 0; round < s->Rounds; round++)
        {
            float* p = s->Memory + ((nint)index * s->Length), end = p + s->Length;
            for (; p < end; p += 4 * w)
            {
                a += V.Load(p);
                b += V.Load(p + w);
                c += V.Load(p + (2 * w));
                d += V.Load(p + (3 * w));
            }
        }
        sink = V.Sum(a + b + c + d);
    }
}
