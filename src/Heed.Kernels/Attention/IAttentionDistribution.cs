namespace Heed.Kernels;

/// <summary>How the scores of a row become weights, other than by softmax: weight = g(score − normalizer), where the row's normalizer makes the weights sum to 1.
/// A struct that the JIT compiles into the kernel; <see cref="Distributed{TModifier, TDistribution}"/> brings it there.</summary>
/// <remarks>
/// <para>g must be 0 up to the excess 0, then rise and be convex: sparsemax is g(t) = max(t, 0), α-entmax g(t) = max((α − 1)·t, 0)^(1/(α − 1)). The kernel first finds the normalizers
/// (Newton's method from below, which cannot overshoot), then weighs the values. Masked keys have the score −∞.</para>
/// <para>The struct must be unmanaged and its functions pure. Mark them for aggressive inlining.</para>
/// </remarks>
public interface IAttentionDistribution
{
    /// <summary>The excess at which a weight is 1: the normalizer lies at most this far below the largest score.</summary>
    float Reach { get; }

    /// <summary>n where g is a multiple of tⁿ: the normalizer is then found in fewer steps.</summary>
    /// <value>Default 1, which is right for every g.</value>
    float Degree => 1;

    /// <summary>g.</summary>
    /// <param name="excess">score − normalizer; −∞ for keys that are masked.</param>
    /// <typeparam name="V">The vector.</typeparam>
    V Weight<V>(V excess)
        where V : unmanaged, ISimd<V>;

    /// <summary>g′, by the weight; 0 where the weight is 0.</summary>
    /// <param name="weight">g of some excess.</param>
    /// <typeparam name="V">The vector.</typeparam>
    V Slope<V>(V weight)
        where V : unmanaged, ISimd<V>;
}
