namespace Heed;

/// <summary>Pipes between nodes, and the largest flow from one node to another (Dinic, "Algorithm for solution of a problem of maximum flow in networks with power estimation", 1970).</summary>
internal sealed class FlowNetwork(int nodeCount)
{
    private const double Least = 1e-9;
    private readonly List<int>[] edges = [.. Enumerable.Range(0, nodeCount).Select(_ => new List<int>())];
    private readonly List<int> targets = [];
    private readonly List<double> widths = [];

    /// <summary>Adds a pipe; the number behind it is its way back.</summary>
    public void Add(int from, int to, double width)
    {
        edges[from].Add(targets.Count);
        targets.Add(to);
        widths.Add(width);
        edges[to].Add(targets.Count);
        targets.Add(from);
        widths.Add(0);
    }

    /// <summary>The largest flow; the network stays as it is.</summary>
    public double Largest(int source, int sink)
    {
        double[] room = [.. widths];
        int[] levels = new int[nodeCount], next = new int[nodeCount];
        double total = 0;
        while (Level(room, levels, source, sink))
        {
            next.AsSpan().Clear();
            while (Push(room, levels, next, source, sink, double.PositiveInfinity) is > Least and double pushed)
                total += pushed;
        }
        return total;
    }

    private bool Level(double[] room, int[] levels, int source, int sink)
    {
        levels.AsSpan().Fill(-1);
        Queue<int> waiting = new([source]);
        levels[source] = 0;
        while (waiting.TryDequeue(out int node))
        {
            foreach (int edge in edges[node])
            {
                if (room[edge] <= Least || levels[targets[edge]] >= 0)
                    continue;
                levels[targets[edge]] = levels[node] + 1;
                waiting.Enqueue(targets[edge]);
            }
        }
        return levels[sink] >= 0;
    }

    // Levels are layers of a Transformer and back: the depth is small.
    private double Push(double[] room, int[] levels, int[] next, int node, int sink, double most)
    {
        if (node == sink)
            return most;
        for (; next[node] < edges[node].Count; next[node]++)
        {
            int edge = edges[node][next[node]];
            if (room[edge] <= Least || levels[targets[edge]] != levels[node] + 1)
                continue;
            double pushed = Push(room, levels, next, targets[edge], sink, Math.Min(most, room[edge]));
            if (pushed <= Least)
                continue;
            room[edge] -= pushed;
            room[edge ^ 1] += pushed;
            return pushed;
        }
        return 0;
    }
}
