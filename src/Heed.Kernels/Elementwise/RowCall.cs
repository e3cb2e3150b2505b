using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What a row kernel does with one row. Nothing of it may depend on other rows.</summary>
/// <remarks>Implementations are not inlined and compiled optimised at once, as <see cref="LaneCall{TStep}"/> is, for the same reason.</remarks>
internal interface IRowStep
{
    void Row<V>(nint row)
        where V : unmanaged, ISimd<V>;
}

/// <summary>Independent rows, shared by the workers in blocks of rows.</summary>
internal unsafe struct RowCall<TStep> : ISimdKernel
    where TStep : unmanaged, IRowStep
{
    public TStep Step;
    public nint Rows;
    public nint RowsPerTask;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        nint tasks = (Rows + RowsPerTask - 1) / RowsPerTask;
        fixed (RowCall<TStep>* self = &this)
        {
            if (tasks == 1)
                Task<V>(self, 0);
            else
                Workers.Run(&Task<V>, self, (int)tasks);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        RowCall<TStep>* call = (RowCall<TStep>*)state;
        TStep step = call->Step;
        nint first = index * call->RowsPerTask, end = Math.Min(first + call->RowsPerTask, call->Rows);
        for (nint row = first; row < end; row++)
            step.Row<V>(row);
    }
}

/// <summary>Starts row kernels.</summary>
internal static class RowCall
{
    private const int WorkPerTask = 1 << 15;

    /// <summary>Runs the step for rows 0 … rows − 1.</summary>
    /// <param name="step">The work of a row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="elementsPerRow">About how many elements a row touches: decides how many rows make a task.</param>
    /// <typeparam name="TStep">The work of a row.</typeparam>
    public static void Run<TStep>(TStep step, nint rows, long elementsPerRow)
        where TStep : unmanaged, IRowStep
    {
        if (rows == 0)
            return;
        nint perTask = (nint)Math.Max(1, WorkPerTask / Math.Max(1, elementsPerRow));
        RowCall<TStep> call = new() { Step = step, Rows = rows, RowsPerTask = perTask };
        Simd.Run(ref call);
    }
}
