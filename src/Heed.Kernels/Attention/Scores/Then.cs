using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = second(first(score)). Each keeps its own parameters, told apart by their offsets.</summary>
/// <param name="first">What is applied first.</param>
/// <param name="second">What is applied to its result.</param>
/// <typeparam name="TFirst">What is applied first.</typeparam>
/// <typeparam name="TSecond">What is applied to its result.</typeparam>
public readonly struct Then<TFirst, TSecond>(TFirst first, TSecond second) : IDifferentiableScoreModifier
    where TFirst : unmanaged, IDifferentiableScoreModifier
    where TSecond : unmanaged, IDifferentiableScoreModifier
{
    private readonly TFirst first = first;
    private readonly TSecond second = second;

    /// <inheritdoc/>
    public static bool NamesValues => TFirst.NamesValues || TSecond.NamesValues;

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
        first.Check(shape, options, parameterCount);
        second.Check(shape, options, parameterCount);
        if (TFirst.HasDistribution || TSecond.HasDistribution)
            throw new ArgumentException("Then: a distribution comes after all scores; put Distributed around Then.", nameof(options));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => second.Forward(first.Forward(score, at), at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V ValueIndex<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => TFirst.NamesValues ? first.ValueIndex(at) : second.ValueIndex(at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V> => first.Backward(second.Backward(gradient, first.Forward(score, at), at, parameters), score, at, parameters);
}
