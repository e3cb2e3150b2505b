using System.Numerics;
using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The normalizer τ of one row: Σ g(x_i − τ) = 1.</summary>
/// <remarks>
/// <para>Whatever τ is, a score further than <see cref="IAttentionDistribution.Reach"/> below the largest weighs 0. One pass gathers those that may weigh something, in their order, and Newton's method runs over them
/// alone. It steps on h(τ) = (Σ g)^(1/n) − 1, n the distribution's <see cref="IAttentionDistribution.Degree"/>: for g = tⁿ that is a norm, convex and nearly straight (straight where all gathered scores are equal), so
/// it comes from below, cannot overshoot, and takes about 4 steps where Newton on Σ g takes 10.</para>
/// <para>The result depends on the scores that may weigh something and on nothing else: not on masked scores before, between or behind them.</para>
/// <para>Source: Newton's method for projections onto the simplex: Condat, "Fast projection onto the simplex and the l1 ball", 2016; sparse candidates: Peters, Niculae and Martins 2019.</para>
/// </remarks>
internal static unsafe class NormalizerRow
{
    // Powers are long: more than one copy in a method, and the JIT stops inlining what they are made of.
    private const MethodImplOptions OneCopy = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    private const int MostSteps = 64;

    // A sum of weights within this of 1 is 1: weights are divided by the sum that comes out.
    private const float Close = 1e-6f;

    // Below this excess of the sum the two kinds of step agree, and the difference of powers would lose digits.
    private const float Straight = 0.01f;

    /// <summary>Floats of scratch for a row of n scores.</summary>
    public static nint Candidates(nint n) => n + 16;

    /// <summary>τ relative to the largest score, Σ g there, and how many candidates there are: scores that may weigh something, less the largest, are left in <paramref name="candidates"/>.</summary>
    /// <param name="x">n scores; −∞ is masked.</param>
    /// <param name="n">How many.</param>
    /// <param name="largest">The largest; finite.</param>
    /// <param name="distribution">From scores to weights.</param>
    /// <param name="candidates"><see cref="Candidates"/> floats.</param>
    [MethodImpl(OneCopy)]
    public static (float Normalizer, float Sum, nint Count) Find<V, TDistribution>(float* x, nint n, float largest, TDistribution distribution, float* candidates)
        where V : unmanaged, ISimd<V>
        where TDistribution : unmanaged, IAttentionDistribution
    {
        nint count = Gather<V>(x, n, largest, distribution.Reach, candidates);
        float normalizer = -distribution.Reach, degree = distribution.Degree;
        for (int i = 0; ; i++)
        {
            (float sum, float slope) = Sums<V, TDistribution>(candidates, count, normalizer, distribution);
            float excess = sum - 1, next = normalizer + ((degree > 1 && excess > Straight ? degree * (sum - Power<V>(sum, 1 - (1 / degree))) : excess) / slope);
            if (i == MostSteps || !(excess > Close) || !(next > normalizer))
                return (normalizer, sum, count);
            normalizer = next;
        }
    }

    // The scores that are not too far below the largest, NaN among them, less the largest; −∞ up to a whole vector.
    [MethodImpl(OneCopy)]
    private static nint Gather<V>(float* x, nint n, float largest, float reach, float* candidates)
        where V : unmanaged, ISimd<V>
    {
        V least = V.Create(largest - reach), top = V.Create(largest);
        nint count = 0;
        for (nint i = 0; i < n; i += V.Width)
        {
            int lanes = (int)Math.Min(V.Width, n - i);
            V scores = Lane.Keep(Lane.Load<V>(x + i, lanes), lanes, V.Create(float.NegativeInfinity));
            V chosen = V.AreEqual(V.LessThan(scores, least), V.Zero);
            V.Store(V.Compress(scores - top, chosen), candidates + count);
            count += BitOperations.PopCount(V.Bits(chosen));
        }
        for (nint i = count; i < count + V.Width; i++)
            candidates[i] = float.NegativeInfinity;
        return count;
    }

    // Σ g and Σ g′; where g is a multiple of tⁿ, g′ = n·g/t spares a power.
    [MethodImpl(OneCopy)]
    private static (float Sum, float Slope) Sums<V, TDistribution>(float* x, nint n, float normalizer, TDistribution distribution)
        where V : unmanaged, ISimd<V>
        where TDistribution : unmanaged, IAttentionDistribution
    {
        V sum = V.Zero, slope = V.Zero, shift = V.Create(normalizer), degree = V.Create(distribution.Degree);
        for (nint i = 0; i < n; i += V.Width)
        {
            V score = V.Load(x + i), excess = score - shift, g = distribution.Weight(excess);
            slope += distribution.Degree > 1 ? V.Select(V.LessThan(V.Zero, g), degree * g / excess, V.Zero) : distribution.Slope(g);
            // A score that is NaN has no weight, and would be forgotten.
            sum += V.Select(V.AreEqual(score, score), g, score);
        }
        return (V.Sum(sum), V.Sum(slope));
    }

    [MethodImpl(OneCopy)]
    private static float Power<V>(float x, float n)
        where V : unmanaged, ISimd<V> => Lane.First(SimdMath.PowerOfNormal(V.Create(x), n));
}
