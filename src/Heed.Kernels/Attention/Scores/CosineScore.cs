using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = temperature[head]·score·queryTerm·keyTerm: cosine attention where the terms are 1/‖q‖ and 1/‖k‖ and the scale is 1. Temperatures are parameters, one for each head.</summary>
/// <remarks><see cref="CosineTerms"/> makes the terms and carries their gradients on into queries and keys.</remarks>
/// <param name="offset">The first temperature among the parameters.</param>
public readonly struct CosineScore(int offset) : IDifferentiableScoreModifier
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
        ScoreCheck.Parameters(nameof(CosineScore), offset, shape.HeadCount, parameterCount);
        if (options.QueryTerms.IsEmpty && options.KeyTerms.IsEmpty && shape.HeadCount > 0 && shape.Queries > 0 && shape.Keys > 0)
            throw AttentionCheck.Wrong(nameof(options), "CosineScore: QueryTerms and KeyTerms are required; CosineTerms.Forward makes them.");
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => score * (at.Parameter(offset + at.Head) * at.QueryTerm * at.KeyTerm);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        // Terms of rows that hold NaN are NaN, and 0·NaN is: where a pair has no gradient, as behind a mask, they count for nothing.
        V none = V.AreEqual(gradient, V.Zero), query = V.Select(none, V.Zero, at.QueryTerm), key = V.Select(none, V.Zero, at.KeyTerm);
        V temperature = at.Parameter(offset + at.Head), product = gradient * score;
        parameters.Add(offset + at.Head, product * query * key);
        parameters.AddQueryTerm(product * temperature * key);
        parameters.AddKeyTerm(product * temperature * query);
        return gradient * temperature * query * key;
    }
}
