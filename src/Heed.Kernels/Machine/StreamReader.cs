using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Adds up memory: nothing but reading limits it.</summary>
/// <remarks>Four streams at once, two cache lines of each: the processor fetches ahead within a page of 4 KiB only, and one stream waits at each
/// border (measured: 21 against 26 GB/s).</remarks>
internal unsafe struct StreamReader : ISimdKernel
{
    private static float sink;

    public float* Memory;
    public int Length;    // floats of one thread
    public int Rounds;
    public int Threads;
    public int Regions;   // how many such lengths the memory has; more threads than these share them

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
            nint part = s->Length / 4;
            float* p = s->Memory + ((nint)(index % s->Regions) * s->Length), end = p + part;
            for (; p < end; p += 2 * w)
            {
                a += V.Load(p);
                b += V.Load(p + part);
                c += V.Load(p + (2 * part));
                d += V.Load(p + (3 * part));
                a += V.Load(p + w);
                b += V.Load(p + part + w);
                c += V.Load(p + (2 * part) + w);
                d += V.Load(p + (3 * part) + w);
            }
        }
        sink = V.Sum(a + b + c + d);
    }
}
