using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What an elementwise kernel does with elements i … i + count − 1: reads, computes, writes.</summary>
/// <remarks>Count is the width for every vector but the last one of a span; both go through this one function, so bits never depend on where
/// an element lies.</remarks>
internal interface ILaneStep
{
    void Step<V>(nint i, int count)
        where V : unmanaged, ISimd<V>;
}

/// <summary>The one loop of all elementwise kernels: whole vectors, then one partial vector through the same function.</summary>
internal static unsafe class Lane
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Runs the step over elements 0 … length − 1, shared by the workers when there are many.</summary>
    public static void Run<TStep>(TStep step, nint length)
        where TStep : unmanaged, ILaneStep
    {
        if (length == 0)
            return;
        LaneCall<TStep> call = new() { Step = step, Length = length };
        Simd.Run(ref call);
    }

    /// <summary>Runs the step over elements start … end − 1 on this thread.</summary>
    [MethodImpl(Inline)]
    public static void Loop<V, TStep>(TStep step, nint start, nint end)
        where V : unmanaged, ISimd<V>
        where TStep : unmanaged, ILaneStep
    {
        nint i = start;
        for (; i <= end - V.Width; i += V.Width)
            step.Step<V>(i, V.Width);
        if (i < end)
            step.Step<V>(i, (int)(end - i));
    }

    /// <summary>Reads count lanes; the others are 0.</summary>
    [MethodImpl(Inline)]
    public static V Load<V>(float* source, int count)
        where V : unmanaged, ISimd<V> => count == V.Width ? V.Load(source) : V.Load(source, count);

    /// <summary>Writes count lanes.</summary>
    [MethodImpl(Inline)]
    public static void Store<V>(V value, float* destination, int count)
        where V : unmanaged, ISimd<V>
    {
        if (count == V.Width)
            V.Store(value, destination);
        else
            V.Store(value, destination, count);
    }

    /// <summary>The first count lanes of x; the others are <paramref name="rest"/>.</summary>
    [MethodImpl(Inline)]
    public static V Keep<V>(V x, int count, V rest)
        where V : unmanaged, ISimd<V> => count == V.Width ? x : V.Select(V.LessThan(V.Lanes, V.Create(count)), x, rest);

    /// <summary>Lane 0.</summary>
    [MethodImpl(Inline)]
    public static float First<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        float first;
        V.Store(x, &first, 1);
        return first;
    }
}

/// <summary>A span cut into chunks for the workers. A lane depends on nothing beside it, so the cuts change no bit.</summary>
internal unsafe struct LaneCall<TStep> : ISimdKernel
    where TStep : unmanaged, ILaneStep
{
    private const int Chunk = 1 << 14;

    public TStep Step;
    public nint Length;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int chunks = (int)((Length + Chunk - 1) / Chunk);
        fixed (LaneCall<TStep>* self = &this)
        {
            if (chunks == 1)
                Task<V>(self, 0);
            else
                Workers.Run(&Task<V>, self, chunks);
        }
    }

    // A root of its own for the JIT, and optimised at once: inlined into its callers, the vector operations would run out of the inliner's budget
    // and become calls (measured: 25 ns an element instead of 0.8), and unoptimised they always are.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        LaneCall<TStep>* call = (LaneCall<TStep>*)state;
        nint start = (nint)index * Chunk;
        Lane.Loop<V, TStep>(call->Step, start, Math.Min(start + Chunk, call->Length));
    }
}
