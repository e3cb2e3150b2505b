using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One vector for each sequence of a padded batch: maximum, mean, last states, gated mean, weighted sums.</summary>
/// <remarks>
/// <para>Shapes: steps x (batch, time, features), results (batch, features) or, for weighted sums, (batch, views, features). Results lie apart from
/// the sources. Gradients are added to what their span holds.</para>
/// <para>Padding, on either side, is never read, and its gradient is never touched: NaN in it does not leak. An empty sequence gives zeros and passes
/// no gradient.</para>
/// <para>Order of the sums: each feature's sum runs over the real steps in order. So a sequence has the same bits alone, in a batch, and with
/// more padding. Cost: one pass over the real steps. Sequences are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe partial class SequencePoolingKernel
{
    private static void Steps(string operation, string argument, ReadOnlySpan<float> steps, int features, Sequences sequences, ReadOnlySpan<float> result)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(features);
        Require.Length(operation, argument, steps.Length, (long)sequences.Batch * sequences.Time * features);
        Require.Apart(operation, argument, steps, result);
    }

    private static void Pooled(string operation, string argument, ReadOnlySpan<float> pooled, long features, Sequences sequences) =>
        Require.Length(operation, argument, pooled.Length, sequences.Batch * features);

    private static void Run<TStep>(TStep step, int features, Sequences sequences, int views = 1)
        where TStep : unmanaged, ISequenceStep
    {
        fixed (int* starts = sequences.Starts, lengths = sequences.Lengths)
        {
            SequenceRow<TStep> row = new() { Step = step, Bounds = new() { Starts = starts, Lengths = lengths, Time = sequences.Time }, Features = features };
            RowCall.Run(row, sequences.Batch, (long)sequences.Time * features * views);
        }
    }

    // Sequence b has its first real step at element `first` of (batch, time, features), and `length` of them.
    private interface ISequenceStep
    {
        void Run<V>(nint b, nint first, nint length, in SequenceBounds bounds, nint features)
            where V : unmanaged, ISimd<V>;
    }

    private struct SequenceRow<TStep> : IRowStep
        where TStep : unmanaged, ISequenceStep
    {
        public TStep Step;
        public SequenceBounds Bounds;
        public nint Features;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            Step.Run<V>(row, ((row * Bounds.Time) + Bounds.Start(row)) * Features, Bounds.Length(row), Bounds, Features);
    }
}
