namespace Heed;

/// <summary>An answer of a decoder.</summary>
/// <param name="Ids">The tokens without the end; ids beyond the target's vocabulary are copied from the source.</param>
/// <param name="LogProbability">log P of the tokens and the end.</param>
/// <param name="Score">What answers are compared by.</param>
/// <param name="Alignment">α: for each token, the end's behind them, the weights over the source's tokens.</param>
/// <param name="HasEnded">Whether the end was written; otherwise the maximum length cut it off.</param>
public sealed record Hypothesis(IReadOnlyList<int> Ids, double LogProbability, double Score, IReadOnlyList<float[]> Alignment, bool HasEnded);

/// <summary>A hypothesis as a chain, so that those which share a beginning share its memory.</summary>
internal sealed class HypothesisNode(HypothesisNode? parent, int id, double logProbability, float[] weights, double[]? covered)
{
    public HypothesisNode? Parent => parent;

    public int Id => id;

    public double LogProbability => logProbability;

    public int Length { get; } = (parent?.Length ?? 0) + 1;

    // Σ_t α_tj, for the coverage penalty alone.
    public double[]? Covered => covered;

    public Hypothesis ToHypothesis(double score)
    {
        List<int> ids = [];
        List<float[]> alignment = [];
        for (HypothesisNode? at = this; at is not null; at = at.Parent)
        {
            ids.Add(at.Id);
            alignment.Add(at.Weights);
        }
        ids.Reverse();
        alignment.Reverse();
        bool hasEnded = ids[^1] == SequenceToSequence.Edge;
        return new Hypothesis(hasEnded ? ids[..^1] : ids, LogProbability, score, alignment, hasEnded);
    }

    /// <summary>Whether a next token would make the last n tokens ones that were there before.</summary>
    public bool Repeats(int next, int n)
    {
        if (Length < n)
            return false;
        int[] ids = new int[Length];
        HypothesisNode? at = this;
        for (int i = ids.Length - 1; i >= 0; i--, at = at.Parent)
            ids[i] = at!.Id;
        ReadOnlySpan<int> last = [.. ids[(ids.Length - n + 1)..], next];
        return ids.AsSpan().IndexOf(last) >= 0;
    }

    private float[] Weights => weights;
}
