using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score − slope[head]·|distance|: attention with linear biases (Press et al., ALiBi, 2022). Slopes are parameters, one for each query head.</summary>
/// <param name="offset">The first slope among the parameters.</param>
public readonly struct Alibi(int offset) : IDifferentiableScoreModifier
{
    /// <summary>The paper's slopes: 2^(−8·(head + 1)/heads).</summary>
    /// <remarks>As section 3 has them for any number of heads. The code published with the paper takes others where the heads are no power of two: those of the next lower one, then every other one of the next higher.</remarks>
    /// <param name="slopes">One for each head.</param>
    public static void Slopes(Span<float> slopes)
    {
        for (int head = 0; head < slopes.Length; head++)
            slopes[head] = Lane.First(SimdMath.Exp(Simd128.Create(-8f * (head + 1) / slopes.Length * AttentionMath.LogTwo)));
    }

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount) => ScoreCheck.Parameters(nameof(Alibi), offset, shape.HeadCount, parameterCount);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(-at.Parameter(offset + at.Head), V.Abs(at.Distance), score);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        parameters.Add(offset + at.Head, -(gradient * V.Abs(at.Distance)));
        return gradient;
    }
}
