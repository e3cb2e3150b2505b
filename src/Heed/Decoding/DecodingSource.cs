using System.Numerics.Tensors;

namespace Heed;

/// <summary>One source's hypotheses.</summary>
internal sealed class DecodingSource
{
    private readonly DecodingOptions options;
    private readonly int[]? copies;
    private readonly int count, total, longest;   // targets' ids; with those that can only be copied; steps at most
    private readonly HypothesisNode?[] beams;
    private readonly bool[] isAlive;
    private readonly List<(HypothesisNode Node, double Score)> ended = [];
    private readonly RandomStream[] random;
    private int step;

    public DecodingSource(int row, int length, int width, DecodingOptions options, int[]? copies, SequenceToSequence network)
    {
        (Row, Length, this.options, this.copies, count) = (row, length, options, copies, network.TargetCount);
        total = Math.Max(count, copies is { Length: > 0 } ? copies.Max() + 1 : 0);
        longest = Math.Min(options.LongestFor(length), network.Config.LongestSequence);
        beams = new HypothesisNode?[width];
        isAlive = new bool[width];
        // At the first step all hypotheses are one, unless each is drawn for itself.
        isAlive.AsSpan(0, options.Sample ? width : 1).Fill(true);
        RandomStream stream = new RandomStream(options.Seed, "decoding").Fork((ulong)row);
        random = options.Sample ? [.. Enumerable.Range(0, width).Select(k => stream.Fork((ulong)k))] : [];
    }

    public int Row { get; }

    public int Length { get; }

    public bool IsDone { get; private set; }

    public IEnumerable<int> LastIds(int width, int known) => Enumerable.Range(0, width).Select(k => beams[k] is { } node ? (node.Id < known ? node.Id : Vocabulary.Unknown) : SequenceToSequence.Edge);

    /// <summary>Takes a step.</summary>
    /// <param name="rows">For each hypothesis the logarithms of probabilities (or logits, to draw from), side by side.</param>
    /// <param name="weights">For each hypothesis where it looked.</param>
    /// <returns>Which hypothesis each new one continues.</returns>
    public int[] Take(ReadOnlySpan<float> rows, float[][] weights) => options.Sample ? Draw(rows, count, weights) : Search(rows, count, weights);

    /// <summary>The same from logits and gates of a network that copies.</summary>
    public int[] TakeMixed(ReadOnlySpan<float> logits, ReadOnlySpan<float> gates, float[][] weights)
    {
        float[] mixed = new float[beams.Length * total];
        for (int k = 0; k < beams.Length; k++)
        {
            Span<float> row = mixed.AsSpan(k * total, total);
            TensorPrimitives.SoftMax(logits.Slice(k * count, count), row[..count]);
            TensorPrimitives.Multiply(row[..count], gates[k], row[..count]);
            for (int j = 0; j < Length; j++)
                row[copies![j]] += (1 - gates[k]) * weights[k][j];
            for (int i = 0; i < total; i++)
                row[i] = MathF.Log(row[i] + 1e-9f);
        }
        return options.Sample ? Draw(mixed, total, weights) : Search(mixed, total, weights);
    }

    public IReadOnlyList<Hypothesis> Answers() =>
        [.. ended.OrderByDescending(e => e.Score).Take(options.BestCount).Select(e => e.Node.ToHypothesis(e.Score))];

    private int[] Search(ReadOnlySpan<float> logs, int columns, float[][] weights)
    {
        int width = beams.Length;
        List<(double Score, int Beam, int Id)> best = BestContinuations.Of(logs, columns, [.. beams.Select((node, k) => isAlive[k] ? node?.LogProbability ?? 0 : double.NaN)], 2 * width, IsBlocked);
        HypothesisNode?[] next = new HypothesisNode?[width];
        bool[] alive = new bool[width];
        int[] parents = new int[width];
        int kept = 0;
        bool isLast = ++step >= longest;
        for (int rank = 0; rank < best.Count && kept < width; rank++)
        {
            (double score, int beam, int id) = best[rank];
            if (id == SequenceToSequence.Edge && rank >= width)
                continue;
            HypothesisNode node = Node(beams[beam], id, score, weights[beam]);
            if (id == SequenceToSequence.Edge || isLast)
            {
                ended.Add((node, ScoreOf(node)));
                if (isLast)
                    kept++;
                continue;
            }
            (next[kept], alive[kept], parents[kept]) = (node, true, beam);
            kept++;
        }
        next.CopyTo(beams, 0);
        alive.CopyTo(isAlive, 0);
        IsDone = isLast || ended.Count >= width || kept == 0;
        return parents;
    }

    private bool IsBlocked(int beam, int id) => options.BlockNgrams > 0 && id != SequenceToSequence.Edge && beams[beam] is { } node && node.Repeats(id, options.BlockNgrams);

    private int[] Draw(ReadOnlySpan<float> logits, int columns, float[][] weights)
    {
        int[] parents = [.. Enumerable.Range(0, beams.Length)];
        bool isLast = ++step >= longest;
        float[] logs = new float[columns];
        for (int k = 0; k < beams.Length; k++)
        {
            if (!isAlive[k])
                continue;
            ReadOnlySpan<float> row = logits.Slice(k * columns, columns);
            int id = Drawn(row, random[k], beams[k]);
            TensorPrimitives.SoftMax(row, logs);
            HypothesisNode node = Node(beams[k], id, (beams[k]?.LogProbability ?? 0) + Math.Log(Math.Max(logs[id], 1e-30f)), weights[k]);
            beams[k] = node;
            if (id != SequenceToSequence.Edge && !isLast)
                continue;
            isAlive[k] = false;
            ended.Add((node, ScoreOf(node)));
        }
        IsDone = !isAlive.Contains(true);
        return parents;
    }

    private int Drawn(ReadOnlySpan<float> logits, RandomStream stream, HypothesisNode? before)
    {
        if (options.BlockNgrams == 0 || before is null)
            return TokenDraw.From(logits, options.Temperature, options.TopK, options.TopP, 0, stream);
        float[] allowed = logits.ToArray();
        for (int id = 0; id < allowed.Length; id++)
        {
            if (id != SequenceToSequence.Edge && before.Repeats(id, options.BlockNgrams))
                allowed[id] = float.NegativeInfinity;
        }
        return TokenDraw.From(allowed, options.Temperature, options.TopK, options.TopP, 0, stream);
    }

    private HypothesisNode Node(HypothesisNode? before, int id, double logProbability, float[] weights)
    {
        double[]? covered = null;
        if (options.CoveragePenalty > 0)
        {
            covered = new double[Length];
            for (int j = 0; j < covered.Length; j++)
                covered[j] = (before?.Covered![j] ?? 0) + weights[j];
        }
        return new HypothesisNode(before, id, logProbability, weights, covered);
    }

    private double ScoreOf(HypothesisNode node)
    {
        double score = node.LogProbability / Math.Pow((5 + node.Length) / 6.0, options.LengthPenalty);
        // A token that was never looked at would cost infinitely much.
        return node.Covered is null ? score : score + (options.CoveragePenalty * node.Covered.Sum(c => Math.Log(Math.Clamp(c, 1e-9, 1))));
    }
}
