namespace Heed.Kernels;

/// <summary>Which queries may see which keys: a struct that the JIT compiles into the kernel.</summary>
/// <remarks>
/// <para>The kernel asks about a tile first, and about single scores only where the answer is <see cref="TileCoverage.Partly"/>. Answers must agree: what
/// <see cref="Cover"/> calls none or all is never looked at again, and where tiles lie is the kernel's affair.</para>
/// <para>The struct must be unmanaged and its answers a pure function of its fields and the context. Mark <see cref="Allows"/> for aggressive inlining.</para>
/// </remarks>
public interface IAttentionMask
{
    /// <summary>Queries at whose multiples the answers change as a whole, as those of <see cref="BlockSparseMask"/> do; 0, the default: there is no such number.</summary>
    /// <remarks>The kernel then lets no group of queries reach across such a line, where it would look at the keys of both sides. A matter of time alone.</remarks>
    int QueryBlock => 0;

    /// <summary>Checks that the data that the mask reads is there; called once before memory is touched. Throws <see cref="ArgumentException"/>.</summary>
    /// <param name="shape">The attention.</param>
    /// <param name="options">Its options: numbers and flags of masks among them.</param>
    void Check(in AttentionShape shape, in AttentionOptions options)
    {
    }

    /// <summary>The answer for all pairs of a tile.</summary>
    /// <param name="tile">Queries and keys.</param>
    TileCoverage Cover(in MaskTile tile);

    /// <summary>A comparison mask: set in the lanes whose key the query may see.</summary>
    /// <param name="at">One query and <see cref="ISimd{TSelf}.Width"/> neighbouring keys.</param>
    /// <typeparam name="V">The vector.</typeparam>
    V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>;
}
