using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Softmax of rows with a sink: one more score that takes weight and has no value, so that a row may attend to nothing.</summary>
/// <remarks>
/// <para>Formula: y[i, j] = e^x[i, j] / (e^sink[i] + Σ over k of e^x[i, k]); a sink of 0 gives "softmax plus one".</para>
/// <para>Shapes: x, y, dx, dy (rows, columns); sinks, dsinks (rows). y may be x.</para>
/// <para>Edges: −∞ gives exactly 0; a sink of −∞ is no sink; a row of nothing but −∞ gives zeros.</para>
/// <para>Cost: that of <see cref="SoftmaxKernel"/>. Thread-safe.</para>
/// <para>Source: Miller, "Attention is off by one", 2023 (a sink of 0); Xiao et al., "Efficient streaming language models with attention sinks", 2023.</para>
/// </remarks>
public static unsafe class SinkSoftmaxKernel
{
    /// <summary>Fills y, row by row.</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="sinks">(rows).</param>
    /// <param name="y">(rows, columns); may be x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> sinks, Span<float> y)
    {
        const string Operation = "SinkSoftmaxKernel.Forward";
        int rows = Require.Rows(Operation, nameof(x), x.Length, columns);
        Require.Length(Operation, nameof(sinks), sinks.Length, rows);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        Require.SameOrApart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(sinks), sinks, y);
        fixed (float* px = x, ps = sinks, py = y)
            RowCall.Run(new ForwardStep { X = px, Sinks = ps, Y = py, Columns = columns }, rows, columns);
    }

    /// <summary>dx += y∘(dy − ⟨dy, y⟩); dsinks[i] += −(1 − Σ y[i, :])·⟨dy, y⟩.</summary>
    /// <param name="dy">(rows, columns).</param>
    /// <param name="y">(rows, columns): the forward pass's result.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="dx">(rows, columns).</param>
    /// <param name="dsinks">(rows), or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, int columns, Span<float> dx, Span<float> dsinks)
    {
        const string Operation = "SinkSoftmaxKernel.Backward";
        int rows = Require.Rows(Operation, nameof(dy), dy.Length, columns);
        Require.Length(Operation, nameof(y), y.Length, dy.Length);
        Require.Length(Operation, nameof(dx), dx.Length, dy.Length);
        if (!dsinks.IsEmpty)
            Require.Length(Operation, nameof(dsinks), dsinks.Length, rows);
        Require.SameOrApart(Operation, nameof(dy), dy, dx);
        Require.SameOrApart(Operation, nameof(y), y, dx);
        Require.Apart(Operation, nameof(dy), dy, dsinks);
        Require.Apart(Operation, nameof(y), y, dsinks);
        Require.Apart(Operation, nameof(dx), dx, dsinks);
        fixed (float* pdy = dy, py = y, pdx = dx, pds = dsinks)
            RowCall.Run(new BackwardStep { Gradient = pdy, Y = py, Result = pdx, Sinks = pds, Columns = columns }, rows, columns);
    }

    private struct ForwardStep : IRowStep
    {
        public float* X;
        public float* Sinks;
        public float* Y;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* x = X + (row * Columns), y = Y + (row * Columns);
            float sink = Sinks[row], anchor = Math.Max(SoftmaxRow.Anchor<V>(x, Columns), sink);
            float sum = SoftmaxRow.Exponentials<V>(x, anchor, y, Columns) + Lane.First(V.Exp(V.Create(sink - anchor)));
            SoftmaxRow.Normalize<V>(y, sum, Columns);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient;
        public float* Y;
        public float* Result;
        public float* Sinks;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint start = row * Columns;
            if (Sinks != null)
            {
                float dot = Fold.Sum<V, DotTerm>(new() { A = Gradient + start, B = Y + start }, 0, Columns), rest = 1 - Fold.Sum<V, SumTerm>(new() { A = Y + start }, 0, Columns);
                Sinks[row] -= rest * dot;
            }
            SoftmaxRow.Backward<V>(Gradient + start, Y + start, Result + start, Columns);
        }
    }
}
