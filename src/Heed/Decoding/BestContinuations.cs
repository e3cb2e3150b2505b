using System.Numerics;

namespace Heed;

/// <summary>The step of beam search: which tokens behind which hypotheses go on.</summary>
internal static class BestContinuations
{
    /// <summary>The best continuations of all hypotheses, best first; of equal ones those of the first hypothesis and the first id.</summary>
    /// <param name="logs">log P of each token behind each hypothesis, side by side.</param>
    /// <param name="columns">Tokens.</param>
    /// <param name="before">log P of each hypothesis; NaN where there is none.</param>
    /// <param name="most">How many are wanted.</param>
    /// <param name="isBlocked">Whether a token may not follow a hypothesis.</param>
    public static List<(double Score, int Beam, int Id)> Of(ReadOnlySpan<float> logs, int columns, double[] before, int most, Func<int, int, bool>? isBlocked = null)
    {
        PriorityQueue<(double Score, int Beam, int Id), (double Score, int Later)> heap = new(most + 1);
        for (int k = 0; k < before.Length; k++)
        {
            if (double.IsNaN(before[k]))
                continue;
            ReadOnlySpan<float> row = logs.Slice(k * columns, columns);
            float least = float.NegativeInfinity;
            if (heap.Count == most)
                least = Below(heap, before[k]);
            for (int id = 0; id < row.Length; id++)
            {
                // Nearly all tokens are too improbable: vectors of them are passed over.
                while (id + Vector<float>.Count <= row.Length && !Vector.GreaterThanAny(new Vector<float>(row[id..]), new Vector<float>(least)))
                    id += Vector<float>.Count;
                if (id == row.Length)
                    break;
                if (!(row[id] > least) || isBlocked?.Invoke(k, id) == true)
                    continue;
                double score = before[k] + row[id];
                if (heap.Count < most)
                    heap.Enqueue((score, k, id), (score, -((k * columns) + id)));
                else if (heap.Peek().Score < score)
                    heap.EnqueueDequeue((score, k, id), (score, -((k * columns) + id)));
                if (heap.Count == most)
                    least = Below(heap, before[k]);
            }
        }
        List<(double Score, int Beam, int Id)> best = new(heap.Count);
        while (heap.TryDequeue(out (double Score, int Beam, int Id) one, out _))
            best.Add(one);
        best.Reverse();
        return best;
    }

    // What a logarithm must exceed to come in, rounded down so that none is missed.
    private static float Below(PriorityQueue<(double Score, int Beam, int Id), (double Score, int Later)> heap, double before) => MathF.BitDecrement((float)(heap.Peek().Score - before));
}
