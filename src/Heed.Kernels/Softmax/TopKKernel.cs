using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Softmax over the k largest values of each row; all others weigh exactly 0.</summary>
/// <remarks>
/// <para>Shapes: x, y (rows, columns). Of equal values the first ones are taken. The backward pass is that of <see cref="SoftmaxKernel"/>: what weighs 0 passes no gradient.</para>
/// <para>Edges: −∞ is never taken; a row of nothing but −∞ gives zeros; NaN or +∞ makes its whole row NaN.</para>
/// <para>Cost: a selection (expected 3·columns comparisons) and a softmax. Rows are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe class TopKKernel
{
    /// <summary>y = the distribution of x, row by row.</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="k">How many weights may differ from 0; at least 1.</param>
    /// <param name="y">(rows, columns); apart from x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, int columns, int k, Span<float> y)
    {
        const string Operation = "TopKKernel.Forward";
        int rows = Require.Rows(Operation, nameof(x), x.Length, columns);
        Require.Range(Operation, nameof(k), k, k >= 1, "at least 1");
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        Require.Apart(Operation, nameof(x), x, y);
        fixed (float* px = x, py = y)
            RowCall.Run(new ForwardStep { X = px, Y = py, Columns = columns, K = k }, rows, 8L * columns);
    }

    private struct ForwardStep : IRowStep
    {
        public float* X;
        public float* Y;
        public nint Columns;
        public int K;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            int n = (int)Columns;
            float* x = X + (row * Columns), y = Y + (row * Columns);
            if (K < n)
                Keep(x, y, n, K);
            else
                new ReadOnlySpan<float>(x, n).CopyTo(new Span<float>(y, n));
            SoftmaxRow.Forward<V>(y, y, Columns);
        }
    }

    // y = x where x is among the k largest, else −∞. NaN stays, so that the row becomes NaN.
    private static void Keep(float* x, float* y, int n, int k)
    {
        new ReadOnlySpan<float>(x, n).CopyTo(new Span<float>(y, n));
        float least = Select(y, n, k);
        int equal = k;
        for (int j = 0; j < n; j++)
            equal -= x[j] > least ? 1 : 0;
        for (int j = 0; j < n; j++)
            y[j] = x[j] > least || float.IsNaN(x[j]) || (x[j] == least && equal-- > 0) ? x[j] : float.NegativeInfinity;
    }

    // The k-th largest value, by Hoare's selection; the order of y is lost. NaN is left out by treating it as −∞.
    private static float Select(float* y, int n, int k)
    {
        for (int j = 0; j < n; j++)
            y[j] = float.IsNaN(y[j]) ? float.NegativeInfinity : y[j];
        (int low, int high) = (0, n - 1);
        while (low < high)
        {
            float pivot = y[low + ((high - low) / 2)];
            (int i, int j) = (low, high);
            while (i <= j)
            {
                while (y[i] > pivot)
                    i++;
                while (y[j] < pivot)
                    j--;
                if (i > j)
                    break;
                (y[i], y[j]) = (y[j], y[i]);
                i++;
                j--;
            }
            if (k - 1 <= j)
                high = j;
            else if (k - 1 >= i)
                low = i;
            else
                return pivot;
        }
        return y[k - 1];
    }
}
