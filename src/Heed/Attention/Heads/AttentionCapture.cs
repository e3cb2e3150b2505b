using Heed.Kernels;

namespace Heed;

/// <summary>Asks a forward pass for the attention of chosen layers, heads and query rows.</summary>
/// <remarks>
/// <para>Give it to <see cref="Step.Evaluate{T}"/>; every <see cref="MultiHeadAttention"/> of the model that runs in it answers, over whole sequences and from a cache, and every <see cref="Attention"/> over whole sequences, that of a
/// recurrent decoder among them when it has gone through its target. The pass stays on the fused path and its result keeps
/// its bits: weights are rebuilt from the log-sum-exp, row by row. Memory is that of the answer: layers · batch · heads · rows · keys floats.</para>
/// <para>For one forward pass at a time.</para>
/// <example><code>
/// AttentionCapture last = new(model.Network) { Layers = [3], Rows = [-1] };
/// Step.Evaluate(pass => model.Network.Forward(ids, ranges, pass), request: last);
/// ReadOnlySpan&lt;float&gt; weights = last.Results[0].Row(sequence: 0, head: 2, row: 0);
/// </code></example>
/// </remarks>
public sealed class AttentionCapture : IPassRequest
{
    private readonly Dictionary<Module, int> layers = [];
    private readonly List<CapturedAttention> results = [];

    /// <summary>Makes a request of all layers, heads and rows.</summary>
    /// <param name="model">The model that will run, or a part of it.</param>
    public AttentionCapture(Module model)
        : this(model, hasPoolings: false)
    {
    }

    /// <summary>Makes a request of all layers, heads and rows; with poolings also of those that learned queries lead, whose views are heads and whose one row is the answer's.</summary>
    internal AttentionCapture(Module model, bool hasPoolings)
    {
        ArgumentNullException.ThrowIfNull(model);
        List<string> names = [];
        foreach ((string name, Module module) in IAttentionPlace.In(model, hasPoolings))
        {
            if (layers.TryAdd(module, names.Count))
                names.Add(name);
        }
        Names = names;
    }

    /// <summary>The full names of the model's attention layers, in the order of its modules. In an encoder or a language model that is the order of its layers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Which of <see cref="Names"/> shall answer.</summary>
    /// <value>Default null: all.</value>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Which query heads.</summary>
    /// <value>Default null: all.</value>
    public IReadOnlyList<int>? Heads { get; init; }

    /// <summary>Which queries, as positions in their sequence, counted from its first real token; negative ones from its last, which is −1. Where tokens come one by one from a cache, rows answer when their token comes.</summary>
    /// <value>Default null: all of the call.</value>
    public IReadOnlyList<int>? Rows { get; init; }

    /// <summary>Whether <see cref="CapturedAttention.ValueNorms"/> of <see cref="MultiHeadAttention"/> are computed: keys · head size · model size operations a head. Gates, and vectors that relative positions add to values, are left out.</summary>
    /// <value>Default false.</value>
    public bool HasValueNorms { get; init; }

    /// <summary>Takes each answer as it comes, in place of <see cref="Results"/>: with it one layer is in memory at a time.</summary>
    /// <value>Default null.</value>
    public Action<CapturedAttention>? Receiver { get; init; }

    /// <summary>Weights that one answer holds at most; a layer with more comes to the <see cref="Receiver"/> in several answers, its rows in order, each of at least one row.</summary>
    /// <value>Default 0: a layer is one answer.</value>
    public int PartSize { get; init; }

    /// <summary>The answers so far, in the order in which layers ran.</summary>
    public IReadOnlyList<CapturedAttention> Results => results;

    internal bool Wants(Module layer) => layers.TryGetValue(layer, out int index) && Layers?.Contains(index) != false;

    /// <summary>Takes what a place has at hand.</summary>
    /// <param name="layer">The place.</param>
    /// <param name="headCount">Its heads, or hops.</param>
    /// <param name="source">Its weights.</param>
    internal void Answer(Module layer, int headCount, in CaptureSource source)
    {
        if (!Wants(layer))
            return;
        int[] heads = Chosen(layer, headCount);
        int[] positions = Positions(source);
        if (positions.Length == 0 && Rows is not null)
            return;
        int keys = source.KeyCounts.DefaultIfEmpty().Max(), rows = source.Batch == 0 ? 0 : positions.Length / source.Batch;
        float[] norms = HasValueNorms && layer is MultiHeadAttention several ? several.ValueNorms(source, heads, keys) : [];
        int step = PartSize > 0 && Receiver is not null ? (int)Math.Clamp(PartSize / Math.Max(1, (long)source.Batch * heads.Length * keys), 1, Math.Max(1, rows)) : Math.Max(1, rows);
        for (int first = 0; first == 0 || first < rows; first += step)
        {
            int count = Math.Min(step, rows - first);
            int[] part = count == rows ? positions : [.. Enumerable.Range(0, source.Batch * count).Select(i => positions[((i / count) * rows) + first + (i % count)])];
            CapturedAttention answer = new(layers[layer], Names[layers[layer]], source.Batch, heads, part, keys, norms) { FirstRow = first, AllRowCount = rows };
            for (int b = 0; b < source.Batch; b++)
            {
                for (int h = 0; h < heads.Length; h++)
                    Fill(answer, source, b, h);
            }
            Give(answer);
        }
    }

    private int[] Chosen(Module layer, int count)
    {
        int[] heads = Heads is null ? [.. Enumerable.Range(0, count)] : [.. Heads];
        foreach (int head in heads)
        {
            if (head < 0 || head >= count)
                throw new ArgumentException(FormattableString.Invariant($"AttentionCapture: '{Names[layers[layer]]}' has heads 0 to {count - 1}, not {head}."));
        }
        return heads;
    }

    private void Give(CapturedAttention answer)
    {
        if (Receiver is { } receive)
            receive(answer);
        else
            results.Add(answer);
    }

    // Rows that stand behind each other are one tile.
    private static void Fill(CapturedAttention answer, in CaptureSource source, int b, int h)
    {
        int keys = source.KeyCounts[b];
        for (int row = 0, end; row < answer.RowCount; row = end)
        {
            int position = answer.Position(b, row);
            end = row + 1;
            if (position < 0)
                continue;
            while (end < answer.RowCount && keys == answer.KeyCount && answer.Position(b, end) == position + end - row)
                end++;
            source.Write(new WeightTile(b, answer.Heads[h], position - source.Queries[b].Position, end - row, 0, keys), answer.Rows(b, h, row, (end - row) * keys));
        }
    }

    // (batch, rows): −1 where a sequence lacks a row. Rows that no sequence has are left out.
    private int[] Positions(in CaptureSource source)
    {
        (int Position, int Count)[] queries = source.Queries;
        int[] rows = Rows is null ? [.. Enumerable.Range(0, queries.Select(q => q.Count).DefaultIfEmpty().Max())]
            : [.. Rows.Where(row => queries.Any(q => Place(row, q) >= 0))];
        bool isAll = Rows is null;
        return [.. queries.SelectMany(q => rows.Select(row => isAll ? (row < q.Count ? q.Position + row : -1) : Place(row, q)))];
    }

    private static int Place(int row, (int Position, int Count) queries)
    {
        int position = row < 0 ? queries.Position + queries.Count + row : row;
        return position >= queries.Position && position < queries.Position + queries.Count ? position : -1;
    }
}

/// <summary>What a layer has at hand to answer with.</summary>
internal readonly struct CaptureSource
{
    /// <summary>Position of the first real query of each sequence, and how many there are.</summary>
    public required (int Position, int Count)[] Queries { get; init; }

    /// <summary>Real keys of each sequence.</summary>
    public required int[] KeyCounts { get; init; }

    /// <summary>Writes a tile of weights.</summary>
    public required Action<WeightTile, Memory<float>> Write { get; init; }

    /// <summary>The value of a sequence, key/value head and real key; of <see cref="MultiHeadAttention"/> alone.</summary>
    public Func<int, int, int, ReadOnlyMemory<float>> Value { get; init; }

    public int Batch => Queries.Length;
}
