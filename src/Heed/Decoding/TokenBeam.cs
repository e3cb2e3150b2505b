namespace Heed;

/// <summary>The hypotheses of a language model's beam search.</summary>
/// <remarks>Hypotheses that have ended are compared by log P / ((5 + length)/6)^α, the end among the tokens (Wu et al. 2016). The search is over when as many have ended as are kept, or at the last token.</remarks>
internal sealed class TokenBeam
{
    private readonly GenerationOptions options;
    private readonly IReadOnlySet<int> ends;
    private readonly int longest;
    private readonly List<(Node? Last, double Score)> ended = [];   // the text's last token; none where the end came first
    private Node?[] beams;
    private int step;

    public TokenBeam(GenerationOptions options, IReadOnlySet<int> ends, int longest)
    {
        (this.options, this.ends, this.longest) = (options, ends, longest);
        beams = new Node?[options.BeamSize];
        Parents = new int[options.BeamSize];
    }

    public bool IsDone { get; private set; }

    /// <summary>Which hypothesis each one continues.</summary>
    public int[] Parents { get; }

    /// <summary>The last token of each; 0 where there is none.</summary>
    public int[] LastIds => Array.ConvertAll(beams, node => node?.Id ?? 0);

    /// <summary>The tokens of one, first one first.</summary>
    public IEnumerable<int> Ids(int beam) => Chain(beams[beam]);

    /// <summary>Takes a step.</summary>
    /// <param name="logs">log P of each token behind each hypothesis; at the first step they are one.</param>
    /// <param name="columns">Tokens.</param>
    public void Take(ReadOnlySpan<float> logs, int columns)
    {
        double[] before = step == 0 ? [0] : Array.ConvertAll(beams, node => node?.LogProbability ?? double.NaN);
        int width = beams.Length, kept = 0;
        List<(double Score, int Beam, int Id)> best = BestContinuations.Of(logs, columns, before, 2 * width);
        Node?[] next = new Node?[width];
        bool isLast = ++step >= longest;
        for (int rank = 0; rank < best.Count && kept < width; rank++)
        {
            (double score, int beam, int id) = best[rank];
            bool isEnd = ends.Contains(id);
            if (isEnd && rank >= width)
                continue;
            Node node = new(beams[beam], id, score);
            if (isEnd || isLast)
                ended.Add((isEnd ? beams[beam] : node, score / Math.Pow((5 + step) / 6.0, options.LengthPenalty)));
            if (isEnd)
                continue;
            (next[kept], Parents[kept]) = (node, beam);
            kept++;
        }
        beams = next;
        IsDone = isLast || ended.Count >= width || kept == 0;
    }

    /// <summary>The best text, without its end.</summary>
    public int[] Best() => [.. Chain(ended.MaxBy(e => e.Score).Last)];

    private static List<int> Chain(Node? last)
    {
        List<int> ids = [];
        for (Node? at = last; at is not null; at = at.Before)
            ids.Add(at.Id);
        ids.Reverse();
        return ids;
    }

    private sealed record Node(Node? Before, int Id, double LogProbability);
}
