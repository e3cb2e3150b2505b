namespace Heed;

/// <summary>The sources of one batch on their way to answers.</summary>
internal sealed class DecodingBatch
{
    private readonly SequenceToSequence network;
    private readonly DecodingOptions options;
    private readonly int width;   // hypotheses a source
    private readonly DecodingState state;
    private DecodingSource[] active;

    public DecodingBatch(SequenceToSequence network, IReadOnlyList<int[]> sources, int[] rows, DecodingOptions options, IReadOnlyList<int[]>? copies)
    {
        (this.network, this.options) = (network, options);
        width = options.Sample ? options.BestCount : options.BeamSize;
        PairBatch batch = PairBatch.Create(sources, sources, rows);
        state = network.Begin(batch.SourceIds, new SequenceRanges(batch.SourceLengths), width);
        active = [.. rows.Select(row => new DecodingSource(row, sources[row].Length, width, options, copies?[row], network))];
    }

    public void Run(IReadOnlyList<Hypothesis>[] answers)
    {
        while (active.Length > 0)
        {
            int[] parents = Advance();
            foreach (DecodingSource source in active)
            {
                if (source.IsDone)
                    answers[source.Row] ??= source.Answers();
            }
            int[] left = [.. Enumerable.Range(0, active.Length).Where(i => !active[i].IsDone)];
            if (left.Length == 0)
                return;
            // Moving costs a copy of the keys; a few that are done may stay a while.
            if (left.Length > active.Length * 3 / 4)
                left = [.. Enumerable.Range(0, active.Length)];
            state.Move(left, [.. left.SelectMany(i => parents.AsSpan(i * width, width).ToArray())]);
            active = [.. left.Select(i => active[i])];
        }
    }

    // One step of all hypotheses; gives the row that each new one continues.
    private int[] Advance()
    {
        int[] ids = [.. active.SelectMany(source => source.LastIds(width, network.TargetCount))], parents = new int[ids.Length];
        return Step.Evaluate(pass =>
        {
            (Tensor logits, Tensor? gate, Tensor weights) = state.Next(ids, pass);
            Tensor logs = options.Sample || gate is not null ? logits : logits.LogSoftmax();
            (int heads, int keys) = (weights.Shape[1], weights.Shape[3]);
            for (int i = 0; i < active.Length; i++)
            {
                if (active[i].IsDone)
                {
                    for (int k = 0; k < width; k++)
                        parents[(i * width) + k] = (i * width) + k;
                    continue;
                }
                float[][] looks = new float[width][];
                for (int k = 0; k < width; k++)
                    looks[k] = weights.Values.Slice(((i * heads * width) + k) * keys, active[i].Length).ToArray();
                ReadOnlySpan<float> rows = logs.Values.Slice(i * width * network.TargetCount, width * network.TargetCount);
                int[] chosen = gate is null ? active[i].Take(rows, looks) : active[i].TakeMixed(rows, gate.Values.Slice(i * width, width), looks);
                for (int k = 0; k < width; k++)
                    parents[(i * width) + k] = (i * width) + chosen[k];
            }
            return parents;
        }, Capture.Weights);
    }
}
