using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score + bias, broadcast over any axis: parameter offset + batch·batchStep + head·headStep + query·queryStep + key·keyStep. A bias of −∞ masks.</summary>
public readonly struct AdditiveBias : IDifferentiableScoreModifier
{
    private readonly Broadcast places;

    /// <summary>A bias with steps in parameters; 0 broadcasts.</summary>
    /// <param name="batchStep">From sequence to sequence.</param>
    /// <param name="headStep">From query head to query head.</param>
    /// <param name="queryStep">From query to query.</param>
    /// <param name="keyStep">From key to key: 0 or 1.</param>
    /// <param name="offset">The first parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">A step is negative, or the last one is not 0 or 1.</exception>
    public AdditiveBias(long batchStep, long headStep, long queryStep, int keyStep = 1, long offset = 0) =>
        places = new(nameof(AdditiveBias), batchStep, headStep, queryStep, keyStep, offset);

    private AdditiveBias(Broadcast places) => this.places = places;

    /// <summary>Contiguous (batch or 1, heads or 1, queries or 1, keys or 1).</summary>
    /// <param name="shape">The attention.</param>
    /// <param name="perBatch">Whether sequences differ.</param>
    /// <param name="perHead">Whether heads differ.</param>
    /// <param name="perQuery">Whether queries differ.</param>
    /// <param name="perKey">Whether keys differ.</param>
    public static AdditiveBias For(in AttentionShape shape, bool perBatch, bool perHead, bool perQuery = true, bool perKey = true) =>
        new(Broadcast.For(nameof(AdditiveBias), shape, perBatch, perHead, perQuery, perKey));

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount) =>
        ScoreCheck.Parameters(nameof(AdditiveBias), places.Offset, places.Count(shape), parameterCount);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        // −∞ also where the score is NaN or infinite: what is masked never shows.
        V bias = places.KeyStep == 0 ? at.Parameter(places.At(at)) : at.Parameters(places.At(at)), none = V.Create(float.NegativeInfinity);
        return V.Select(V.AreEqual(bias, none), none, score + bias);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        if (places.KeyStep == 0)
            parameters.Add(places.At(at), gradient);
        else
            parameters.AddLanes(places.At(at), gradient);
        return gradient;
    }
}
