using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A score modifier whose scores become weights by a distribution of its own instead of softmax; stands outermost.</summary>
/// <remarks><see cref="AttentionStatistics.LogSumExp"/> then is the row's normalizer. Other statistics of single rows, sinks, and losses on the log-sum-exp or entropy are softmax's alone.</remarks>
/// <param name="modifier">Function of the score.</param>
/// <param name="distribution">From scores to weights.</param>
/// <typeparam name="TModifier">Function of the score.</typeparam>
/// <typeparam name="TDistribution">From scores to weights.</typeparam>
public readonly struct Distributed<TModifier, TDistribution>(TModifier modifier, TDistribution distribution) : IDifferentiableScoreModifier
    where TModifier : unmanaged, IDifferentiableScoreModifier
    where TDistribution : unmanaged, IAttentionDistribution
{
    private readonly TModifier modifier = modifier;
    private readonly TDistribution distribution = distribution;

    /// <inheritdoc/>
    public static bool NamesValues => TModifier.NamesValues;

    static bool IScoreModifier.HasDistribution => true;

    float IScoreModifier.Reach => distribution.Reach;

    float IScoreModifier.Degree => distribution.Degree;

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
        modifier.Check(shape, options, parameterCount);
        if (TModifier.HasDistribution)
            throw new ArgumentException("Distributed: one distribution is enough; take the inner one off.", nameof(options));
        if (!options.Sinks.IsEmpty)
            throw new ArgumentException("Distributed: sinks belong to softmax; leave AttentionOptions.Sinks out.", nameof(options));
        Require.Range(nameof(Distributed<,>), nameof(distribution.Reach), distribution.Reach, distribution.Reach > 0 && float.IsFinite(distribution.Reach), "positive and finite");
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => modifier.Forward(score, at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V ValueIndex<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => modifier.ValueIndex(at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V> => modifier.Backward(gradient, score, at, parameters);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    V IScoreModifier.Weight<V>(V excess) => distribution.Weight(excess);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    V IScoreModifier.Slope<V>(V weight) => distribution.Slope(weight);
}
