using Heed.Kernels;

namespace Heed;

/// <summary>Asks a forward pass over whole sequences what each head does, as numbers: taken from the fused kernel's statistics and from tiles along diagonals, so that no matrix of weights is in memory.</summary>
/// <remarks>Memory: a few numbers for each query and key of one layer. For one forward pass.</remarks>
internal sealed class HeadSummaryCapture : IPassRequest
{
    // Side of the tiles along a diagonal.
    private const int Side = 64;

    private readonly Dictionary<Module, string> layers = [];
    private readonly (int Distance, int FirstRow)[] diagonals;
    private readonly List<HeadSummary> results = [];

    /// <summary>Makes a request of all layers and heads.</summary>
    /// <param name="model">The model that will run.</param>
    /// <param name="diagonals">How many tokens back a diagonal lies whose mean weight is wanted, and from which row on.</param>
    public HeadSummaryCapture(Module model, params (int Distance, int FirstRow)[] diagonals)
    {
        this.diagonals = diagonals;
        foreach ((string name, Module module) in IAttentionPlace.In(model))
            layers.TryAdd(module, name);
    }

    /// <summary>The answers so far, layer by layer.</summary>
    public IReadOnlyList<HeadSummary> Results => results;

    /// <summary>What a layer's kernel is asked for.</summary>
    public AttentionAsk AskOf(MultiHeadAttention layer) => layers.ContainsKey(layer) ? AttentionAsk.Entropy | AttentionAsk.ExpectedDistance | AttentionAsk.KeyMass : AttentionAsk.None;

    /// <summary>Takes a layer's answer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="found">What its kernel said.</param>
    /// <param name="queries">The real queries of each sequence.</param>
    /// <param name="keys">The real keys of each.</param>
    public void Take(MultiHeadAttention layer, AttentionOutputs found, SequenceRanges queries, SequenceRanges keys)
    {
        if (!layers.TryGetValue(layer, out string? name))
            return;
        for (int head = 0; head < layer.Config.Heads; head++)
        {
            float[] received = Received(found.KeyMass!, head, queries, keys);
            results.Add(new HeadSummary(name, head, Mean(found.Entropy!, head, queries), Mean(found.ExpectedDistance!, head, queries), First(found.KeyMass!, head, queries, keys), [.. diagonals.Select(diagonal => Diagonal(found, head, queries, keys, diagonal))], received));
        }
    }

    /// <summary>Whether a place shall tell its weights.</summary>
    public bool Wants(Module place) => layers.ContainsKey(place);

    /// <summary>Takes weights that are written out: of poolings, whose views are heads and whose one row is the answer's, and of alignments. Their rows have no place among the keys.</summary>
    /// <param name="place">The place.</param>
    /// <param name="headCount">Its heads, or views.</param>
    /// <param name="source">Its weights.</param>
    public void Take(Module place, int headCount, in CaptureSource source)
    {
        if (!layers.TryGetValue(place, out string? name))
            return;
        float[] row = new float[source.KeyCounts.DefaultIfEmpty().Max()];
        for (int head = 0; head < headCount; head++)
        {
            (double entropy, double first, int count) = (0, 0, 0);
            double[] received = new double[row.Length];
            for (int b = 0; b < source.Batch; b++)
            {
                int keys = source.KeyCounts[b], rows = keys == 0 ? 0 : source.Queries[b].Count;
                for (int i = 0; i < rows; i++)
                {
                    source.Write(new WeightTile(b, head, i, 1, 0, keys), row);
                    for (int key = 0; key < keys; key++)
                    {
                        entropy -= row[key] > 0 ? row[key] * Math.Log(row[key]) : 0;
                        received[key] += row[key];
                    }
                    first += row[0];
                }
                count += rows;
            }
            results.Add(new HeadSummary(name, head, count == 0 ? double.NaN : entropy / count, double.NaN, count == 0 ? double.NaN : first / count, [.. diagonals.Select(_ => double.NaN)],
                source.Batch == 1 && count > 0 ? Array.ConvertAll(received, sum => (float)(sum / count)) : []));
        }
    }

    // The mean over all rows of (batch, heads, queries).
    private static double Mean(Tensor rows, int head, SequenceRanges queries)
    {
        (double sum, int count) = (0, 0);
        for (int b = 0; b < queries.Count; b++)
        {
            int from = (((b * rows.Shape[1]) + head) * rows.Shape[2]) + queries.Starts.Span[b], length = queries.Lengths.Span[b];
            foreach (float value in rows.Values.Slice(from, length))
                sum += value;
            count += length;
        }
        return count == 0 ? double.NaN : sum / count;
    }

    // The mean weight of the first key.
    private static double First(Tensor mass, int head, SequenceRanges queries, SequenceRanges keys)
    {
        (double sum, int count) = (0, 0);
        for (int b = 0; b < keys.Count; b++)
        {
            if (keys.Lengths.Span[b] == 0)
                continue;
            sum += mass.Values[(((b * mass.Shape[1]) + head) * mass.Shape[2]) + keys.Starts.Span[b]];
            count += queries.Lengths.Span[b];
        }
        return count == 0 ? double.NaN : sum / count;
    }

    // The mean weight that each key gets: of the first sequence alone, as keys of several are not the same tokens.
    private static float[] Received(Tensor mass, int head, SequenceRanges queries, SequenceRanges keys)
    {
        if (keys.Count != 1 || queries.Lengths.Span[0] == 0)
            return [];
        float[] received = mass.Values.Slice((head * mass.Shape[2]) + keys.Starts.Span[0], keys.Lengths.Span[0]).ToArray();
        for (int key = 0; key < received.Length; key++)
            received[key] /= queries.Lengths.Span[0];
        return received;
    }

    // The mean of α_{i,i−distance} from a row on, by square tiles along the diagonal.
    private static double Diagonal(AttentionOutputs found, int head, SequenceRanges queries, SequenceRanges keys, (int Distance, int FirstRow) diagonal)
    {
        float[] tile = new float[Side * Side];
        (double sum, int count) = (0, 0);
        for (int b = 0; b < queries.Count; b++)
        {
            int end = Math.Min(queries.Lengths.Span[b], keys.Lengths.Span[b] + diagonal.Distance);
            for (int row = diagonal.FirstRow; row < end; row += Side)
            {
                int side = Math.Min(Side, end - row);
                found.WeightsInto(new WeightTile(b, head, row, side, row - diagonal.Distance, side), tile.AsMemory(0, side * side));
                for (int i = 0; i < side; i++)
                    sum += tile[(i * side) + i];
                count += side;
            }
        }
        return count == 0 ? double.NaN : sum / count;
    }
}

/// <summary>What one head does in a forward pass: means over all rows of all sequences.</summary>
/// <param name="Layer">The layer's full name.</param>
/// <param name="Head">The head.</param>
/// <param name="Entropy">−Σ_j α_ij·ln α_ij in nats.</param>
/// <param name="Distance">Σ_j α_ij·|i − j| in tokens; NaN of poolings.</param>
/// <param name="First">α_i0.</param>
/// <param name="Back">α_{i,i−d} for each diagonal that was asked for.</param>
/// <param name="Received">The mean weight that each key gets; empty of several sequences.</param>
internal sealed record HeadSummary(string Layer, int Head, double Entropy, double Distance, double First, double[] Back, float[] Received);
