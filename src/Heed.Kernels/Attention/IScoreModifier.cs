namespace Heed.Kernels;

/// <summary>A function of the scaled score, applied inside the kernel: a struct that the JIT compiles into it.</summary>
/// <remarks>The struct must be unmanaged, and the function pure: of its fields, the score and the context. It is asked for whole vectors, whose last
/// lanes may stand for no key and are dropped. Mark it for aggressive inlining. A result of −∞ counts as masked.</remarks>
public interface IScoreModifier
{
    /// <summary>Whether <see cref="Forward"/> returns the score as it is, so that the kernel need not call it.</summary>
    static virtual bool IsIdentity => false;

    /// <summary>Checks that what the struct reads is there; called once before memory is touched. Throws <see cref="ArgumentException"/>.</summary>
    /// <param name="shape">The attention.</param>
    /// <param name="parameterCount">Number of parameters given.</param>
    void Check(in AttentionShape shape, long parameterCount)
    {
    }

    /// <summary>The new scores.</summary>
    /// <param name="score">scale·q·k for one query and neighbouring keys.</param>
    /// <param name="at">Which query and keys, and the parameters.</param>
    /// <typeparam name="V">The vector.</typeparam>
    V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>;
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
