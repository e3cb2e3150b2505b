using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score − rate[head]·ln(1 + |distance|): weights fall with a power of the distance (the logarithmic kernel of Chi et al., KERPLE, 2022, with unit scale). Rates are parameters.</summary>
/// <param name="offset">The first rate among the parameters.</param>
public readonly struct DistanceDecay(int offset) : IDifferentiableScoreModifier
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount) => ScoreCheck.Parameters(nameof(DistanceDecay), offset, shape.HeadCount, parameterCount);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(-at.Parameter(offset + at.Head), V.Log(V.Abs(at.Distance) + V.Create(1f)), score);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        parameters.Add(offset + at.Head, -(gradient * V.Log(V.Abs(at.Distance) + V.Create(1f))));
        return gradient;
    }
}
