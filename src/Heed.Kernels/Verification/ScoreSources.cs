using System.Runtime.InteropServices;

namespace Heed.Kernels;

/// <summary>What a modifier reads, in double, and the gradients of it.</summary>
internal sealed unsafe class ScoreSources
{
    private const int MostRows = 12, MostProbes = 24;
    private readonly double[][] sums;

    public ScoreSources(ReadOnlySpan<float> parameters, in AttentionOptions o)
    {
        double[][] values = [KernelChecker.Widen(parameters), KernelChecker.Widen(o.QueryTerms), KernelChecker.Widen(o.KeyTerms), KernelChecker.Widen(o.QueryTable)];
        sums = [.. values.Select(v => new double[v.Length])];
        All = [("parameter", values[0], sums[0]), ("query term", values[1], sums[1]), ("key term", values[2], sums[2]), ("entry of the query table", values[3], sums[3])];
    }

    public (string Name, double[] Values, double[] Sums)[] All { get; }

    public void ClearSums()
    {
        foreach (double[] sum in sums)
            sum.AsSpan().Clear();
    }

    public bool AnySum() => sums.Any(s => s.AsSpan().ContainsAnyExcept(0.0));

    /// <summary>Some rows of every sequence.</summary>
    public static IEnumerable<(int B, int Head, int Query)> Rows(AttentionCall call)
    {
        List<(int, int, int)> rows = [];
        for (int b = 0; b < call.Batch; b++)
        {
            int queries = call.Sequence(b).Queries, all = queries * call.Heads, step = Math.Max(1, all / MostRows) | 1;
            for (int i = 0; i < all; i += step)
                rows.Add((b, i / queries, i % queries));
        }
        return rows;
    }

    /// <summary>The places whose gradient is compared: all, or where something was added and some others.</summary>
    public static int[] Probes(double[] values, double[] gradients, ref ScoreDraw random)
    {
        if (values.Length <= MostProbes)
            return [.. Enumerable.Range(0, values.Length)];
        List<int> probes = [.. Enumerable.Range(0, values.Length).Where(i => gradients[i] != 0).Take(MostProbes)];
        for (int i = 0; i < MostProbes; i++)
            probes.Add(random.Next(values.Length));
        return [.. probes];
    }

    public Pinned Pin() => new(this);

    /// <summary>The same, pinned.</summary>
    public readonly struct Pinned : IDisposable
    {
        private readonly GCHandle[] values, sums;

        public Pinned(ScoreSources sources)
        {
            values = [.. sources.All.Select(a => GCHandle.Alloc(a.Values, GCHandleType.Pinned))];
            sums = [.. sources.All.Select(a => GCHandle.Alloc(a.Sums, GCHandleType.Pinned))];
        }

        /// <summary>A row whose numbers are these.</summary>
        public ScoreRow Of(ScoreRow row, AttentionCall call)
        {
            long keyTerm = row.KeyTerms == null ? 0 : (float*)row.KeyTerms - (float*)call.Source.KeyTerms;
            row.Parameters = Pointer(values, 0);
            row.QueryTerms = row.QueryTerms == null ? null : Pointer(values, 1);
            row.QueryTermSum = row.QueryTerms == null ? null : Pointer(sums, 1) + row.Row;
            row.KeyTerms = row.KeyTerms == null ? null : Pointer(values, 2) + keyTerm;
            row.KeyTermSums = row.KeyTerms == null ? null : Pointer(sums, 2) + keyTerm;
            row.QueryTable = row.QueryTable == null ? null : Pointer(values, 3);
            row.TableSums = row.QueryTable == null ? null : Pointer(sums, 3) + (row.Row * row.TableWidth);
            row.ParameterSums = Pointer(sums, 0);
            return row;
        }

        public void Dispose()
        {
            foreach (GCHandle handle in values.Concat(sums))
                handle.Free();
        }

        private static double* Pointer(GCHandle[] handles, int index) => (double*)handles[index].AddrOfPinnedObject();
    }
}
