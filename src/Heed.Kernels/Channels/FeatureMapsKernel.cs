using System.Numerics;
using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Mean and maximum over the features of each row, side by side: the two maps from which spatial attention weighs places.</summary>
/// <remarks>
/// <para>Formula: maps[i] = (Σ_j x[i, j]/features, max_j x[i, j]), or the other way round. Shapes: x (rows, features); maps (rows, 2); largest (rows). The first maximum wins; a NaN is one.</para>
/// <para>Order of the sums: within a row as in <see cref="SoftmaxKernel"/>. Same bits for any number of threads. Cost: one read of x forward, one write of dx backward. Rows are shared by the workers. Thread-safe.</para>
/// <para>Source: Woo, Park, Lee and Kweon, "CBAM: convolutional block attention module", 2018.</para>
/// </remarks>
public static unsafe class FeatureMapsKernel
{
    /// <summary>Both maps, and where the maxima stand.</summary>
    /// <param name="x">(rows, features).</param>
    /// <param name="features">Values a row, at least 1.</param>
    /// <param name="maps">(rows, 2).</param>
    /// <param name="largest">(rows): the feature of each maximum.</param>
    /// <param name="maximumFirst">Whether the maximum comes before the mean.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, int features, Span<float> maps, Span<int> largest, bool maximumFirst = false)
    {
        const string Operation = "FeatureMapsKernel.Forward";
        int rows = Require.Rows(Operation, nameof(x), x.Length, features);
        Require.Length(Operation, nameof(maps), maps.Length, 2L * rows);
        Require.Length(Operation, nameof(largest), largest.Length, rows);
        Require.Apart(Operation, nameof(x), x, maps);
        fixed (float* px = x, pm = maps)
        fixed (int* pl = largest)
            RowCall.Run(new ForwardStep { X = px, Maps = pm, Largest = pl, Features = features, Mean = maximumFirst ? 1 : 0 }, rows, features);
    }

    /// <summary>dx += the gradient of x: a share of the mean's for each feature, and the maximum's for the one that won.</summary>
    /// <param name="dmaps">(rows, 2).</param>
    /// <param name="largest">Of the forward pass.</param>
    /// <param name="features">As in the forward pass.</param>
    /// <param name="dx">(rows, features).</param>
    /// <param name="maximumFirst">As in the forward pass.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, spans overlap, or a feature is out of range.</exception>
    public static void Backward(ReadOnlySpan<float> dmaps, ReadOnlySpan<int> largest, int features, Span<float> dx, bool maximumFirst = false)
    {
        const string Operation = "FeatureMapsKernel.Backward";
        int rows = Require.Rows(Operation, nameof(dx), dx.Length, features);
        Require.Length(Operation, nameof(dmaps), dmaps.Length, 2L * rows);
        Require.Length(Operation, nameof(largest), largest.Length, rows);
        Require.Apart(Operation, nameof(dmaps), dmaps, dx);
        foreach (int feature in largest)
        {
            if ((uint)feature >= (uint)features)
                throw new ArgumentException(FormattableString.Invariant($"{Operation}: {nameof(largest)} must lie in 0 … {features - 1}, got {feature}."), nameof(largest));
        }
        fixed (float* pm = dmaps, px = dx)
        fixed (int* pl = largest)
            RowCall.Run(new BackwardStep { DMaps = pm, Largest = pl, DX = px, Features = features, Mean = maximumFirst ? 1 : 0 }, rows, features);
    }

    private struct ForwardStep : IRowStep
    {
        public float* X, Maps;
        public int* Largest;
        public int Features, Mean;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* x = X + (row * Features);
            float sum = Fold.Sum<V, SumTerm>(new() { A = x }, 0, Features);
            V most = V.Create(float.NegativeInfinity);
            for (int j = 0; j < Features; j += V.Width)
                most = V.Max(most, Lane.Keep(Lane.Load<V>(x + j, Math.Min(V.Width, Features - j)), Math.Min(V.Width, Features - j), V.Create(float.NegativeInfinity)));
            float largest = V.MaxAcross(most);
            // Sums of numbers that are all finite, or infinite of one sign, are no NaN.
            int at = float.IsNaN(sum) ? Slowly(x) : First<V>(x, largest);
            Maps[(2 * row) + Mean] = sum / Features;
            Maps[(2 * row) + 1 - Mean] = x[at];
            Largest[row] = at;
        }

        private readonly int Slowly(float* x)
        {
            int at = 0;
            for (int j = 1; j < Features && !float.IsNaN(x[at]); j++)
                at = x[j] > x[at] || float.IsNaN(x[j]) ? j : at;
            return at;
        }

        private readonly int First<V>(float* x, float value)
            where V : unmanaged, ISimd<V>
        {
            for (int j = 0; j < Features; j += V.Width)
            {
                int count = Math.Min(V.Width, Features - j);
                ulong equal = V.Bits(V.AreEqual(Lane.Load<V>(x + j, count), V.Create(value))) & ((1ul << count) - 1);
                if (equal != 0)
                    return j + BitOperations.TrailingZeroCount(equal);
            }
            return 0;
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* DMaps, DX;
        public int* Largest;
        public int Features, Mean;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* dx = DX + (row * Features);
            V share = V.Create(DMaps[(2 * row) + Mean] / Features);
            for (int j = 0; j < Features; j += V.Width)
            {
                int count = Math.Min(V.Width, Features - j);
                Lane.Store(Lane.Load<V>(dx + j, count) + share, dx + j, count);
            }
            dx[Largest[row]] += DMaps[(2 * row) + 1 - Mean];
        }
    }
}
