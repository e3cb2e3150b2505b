namespace Heed.Kernels;

/// <summary>A function of the scaled score, applied inside the kernel: a struct that the JIT compiles into it.</summary>
/// <remarks>The struct must be unmanaged, and the function pure: of its fields, the score and the context. It is asked for whole vectors, whose last
/// lanes may stand for no key and are dropped. Mark it for aggressive inlining. A result of −∞ counts as masked.</remarks>
public interface IScoreModifier
{
    /// <summary>Whether <see cref="Forward"/> returns the score as it is, so that the kernel need not call it.</summary>
    static virtual bool IsIdentity => false;

    /// <summary>Whether <see cref="ValueIndex"/> names a row of <see cref="AttentionOptions.ValueTable"/> for each pair: a vector that depends on how query and key stand to each
    /// other and is added to the key's value.</summary>
    static virtual bool NamesValues => false;

    /// <summary>Checks that what the struct reads is there; called once before memory is touched. Throws <see cref="ArgumentException"/>.</summary>
    /// <param name="shape">The attention.</param>
    /// <param name="options">Its options: terms and tables among them.</param>
    /// <param name="parameterCount">Number of parameters given.</param>
    void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
    }

    /// <summary>The new scores.</summary>
    /// <param name="score">scale·q·k for one query and neighbouring keys.</param>
    /// <param name="at">Which query and keys, and the parameters.</param>
    /// <typeparam name="V">The vector.</typeparam>
    V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>;

    /// <summary>The rows of the value table that are added to the keys' values; asked only where <see cref="NamesValues"/> is true and a table is given.</summary>
    /// <param name="at">Which query and keys.</param>
    /// <typeparam name="V">The vector.</typeparam>
    /// <returns>Integral lanes, 0 … rows − 1 wherever the query may see the key.</returns>
    V ValueIndex<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.Zero;

    /// <summary>Whether <see cref="Weight"/> makes the weights, instead of softmax; only <see cref="Distributed{TModifier, TDistribution}"/> says so.</summary>
    internal static virtual bool HasDistribution => false;

    /// <summary><see cref="IAttentionDistribution.Reach"/>.</summary>
    internal float Reach => 0;

    /// <summary><see cref="IAttentionDistribution.Degree"/>.</summary>
    internal float Degree => 1;

    /// <summary><see cref="IAttentionDistribution.Weight"/>.</summary>
    internal V Weight<V>(V excess)
        where V : unmanaged, ISimd<V> => excess;

    /// <summary><see cref="IAttentionDistribution.Slope"/>.</summary>
    internal V Slope<V>(V weight)
        where V : unmanaged, ISimd<V> => weight;
}

/// <summary>A score modifier that can be trained through.</summary>
public interface IDifferentiableScoreModifier : IScoreModifier
{
    /// <summary>The gradient of the scaled score; gradients of parameters go to <paramref name="parameters"/>.</summary>
    /// <param name="gradient">Gradient of the result of <see cref="IScoreModifier.Forward"/>; 0 in lanes that are masked or stand for no key.</param>
    /// <param name="score">The score that Forward got; 0 in masked lanes.</param>
    /// <param name="at">As in Forward.</param>
    /// <param name="parameters">Sums that the kernel owns, in a fixed order.</param>
    /// <typeparam name="V">The vector.</typeparam>
    V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>;
}
