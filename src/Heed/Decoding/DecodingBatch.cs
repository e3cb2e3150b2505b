namespace Heed;

/// <summary>The sources of one batch on their way to answers.</summary>
internal sealed class DecodingBatch
{
    private readonly EncoderDecoder network;
    private readonly DecodingOptions options;
    private readonly IReadOnlyList<int[]> sources;
    private readonly IReadOnlyList<int[]>? copies;
    private readonly int width;   // hypotheses a source
    private DecodingSource[] active;
    private AttentionMemory memory;
    private DecoderState state;

    public DecodingBatch(EncoderDecoder network, IReadOnlyList<int[]> sources, int[] rows, DecodingOptions options, IReadOnlyList<int[]>? copies)
    {
        (this.network, this.options, this.sources, this.copies) = (network, options, sources, copies);
        width = options.Sample ? options.BestCount : options.BeamSize;
        PairBatch batch = PairBatch.Create(sources, sources, rows);
        (memory, state) = Step.Evaluate(pass =>
        {
            (AttentionMemory made, DecoderState first) = network.Encode(batch.SourceIds, new SequenceRanges(batch.SourceLengths), pass);
            // All hypotheses of a source begin in one state.
            int[] parents = [.. Enumerable.Range(0, rows.Length * width).Select(r => r / width)];
            return (made.Keep(), new DecoderState(Rows(first.Hidden, parents), RowsOf(first.Cell, parents), RowsOf(first.Fed, parents), null));
        });
        state = state with { Look = network.StartOf(memory) };
        active = [.. rows.Select(row => new DecodingSource(row, sources[row].Length, width, options, copies?[row], network.TargetCount))];
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
            // Moving costs a copy of the keys; a few that are done may stay a while.
            bool leaves = left.Length <= active.Length * 3 / 4;
            Move(parents, leaves ? left : [.. Enumerable.Range(0, active.Length)]);
            if (left.Length == 0)
                return;
        }
    }

    // One step of all hypotheses; gives the row that each new one continues, and leaves the new states in place.
    private int[] Advance()
    {
        int[] ids = [.. active.SelectMany(source => source.LastIds(width, network.TargetCount))], parents = new int[ids.Length];
        state = Step.Evaluate(pass =>
        {
            (Tensor logits, Tensor? gate, Tensor weights, DecoderState next) = network.Next(ids, memory, state, pass);
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
            AttentionState look = next.Look!;
            look.Previous?.Keep();
            look.Cumulated?.Keep();
            return new DecoderState(next.Hidden.Keep(), next.Cell?.Keep(), next.Fed?.Keep(), look);
        }, Capture.Weights);
        return parents;
    }

    // New hypotheses take the states of those that they continue; sources that are done leave.
    private void Move(int[] parents, int[] left)
    {
        int[] rows = [.. left.SelectMany(i => Enumerable.Range(i * width, width).Select(r => parents[r]))];
        AttentionState look = state.Look!;
        if (left.Length < active.Length)
        {
            memory = memory.Select(left);
            active = [.. left.Select(i => active[i])];
        }
        look = look.With(memory.Ranges, Looks(look.Previous, rows), Looks(look.Cumulated, rows));
        state = new DecoderState(Rows(state.Hidden, rows), RowsOf(state.Cell, rows), RowsOf(state.Fed, rows), look);
    }

    private static Tensor? RowsOf(Tensor? x, int[] rows) => x is null ? null : Rows(x, rows);

    private static Tensor Rows(Tensor x, int[] rows)
    {
        int size = x.Shape[^1];
        float[] values = new float[rows.Length * size];
        for (int i = 0; i < rows.Length; i++)
            x.Values.Slice(rows[i] * size, size).CopyTo(values.AsSpan(i * size));
        return new Tensor(values, new Shape(rows.Length, size));
    }

    // (batch, heads, hypotheses, keys): rows are hypotheses of all sources.
    private Tensor? Looks(Tensor? x, int[] rows)
    {
        if (x is null)
            return null;
        (int heads, int keys) = (x.Shape[1], x.Shape[3]);
        float[] values = new float[rows.Length * heads * keys];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int h = 0; h < heads; h++)
            {
                int from = ((((rows[i] / width) * heads) + h) * width) + (rows[i] % width), to = ((((i / width) * heads) + h) * width) + (i % width);
                x.Values.Slice(from * keys, keys).CopyTo(values.AsSpan(to * keys));
            }
        }
        return new Tensor(values, new Shape(rows.Length / width, heads, width, keys));
    }
}
