using System.Numerics.Tensors;

namespace Heed;

/// <summary>Draws a token from logits.</summary>
internal static class TokenDraw
{
    // How far below the best logit candidates are looked for first, and by how much further each time.
    private const float Reach = 4;

    /// <summary>Draws from softmax(logits/temperature), cut to the k best, then to the best that together reach top-p, then to those of at least min-p times the best one's probability.</summary>
    /// <remarks>Cost: three passes over the logits, and sorting of those that a cut may leave. Equal logits stand in the order of their ids.</remarks>
    public static int From(ReadOnlySpan<float> logits, double temperature, int topK, double topP, double minP, RandomStream stream)
    {
        float best = TensorPrimitives.Max(logits), scale = (float)(1 / temperature);
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp((logit - best) * scale);
        if (topK == 0 && topP >= 1 && minP <= 0)
            return Uncut(logits, best, scale, stream.NextDouble() * sum);
        List<(float Logit, int Id)> order = [];
        for (float reach = Reach / scale; order.Count < logits.Length; reach *= 2)
        {
            order.Clear();
            double share = 0;
            for (int id = 0; id < logits.Length; id++)
            {
                if (logits[id] >= best - reach)
                {
                    order.Add((logits[id], id));
                    share += Math.Exp((logits[id] - best) * scale);
                }
            }
            // All that a cut may leave; beyond the last reach nothing is ever drawn.
            if (reach * scale > 100 || (topK > 0 && order.Count >= topK) || (topK == 0 && topP < 1 && share >= topP * sum) || (minP > 0 && reach * scale >= -Math.Log(minP)))
                break;
        }
        order.Sort(static (a, b) => a.Logit != b.Logit ? b.Logit.CompareTo(a.Logit) : a.Id.CompareTo(b.Id));
        int most = topK > 0 ? Math.Min(topK, order.Count) : order.Count;
        double[] chances = new double[most];
        double all = 0, reached = 0;
        for (int i = 0; i < most; i++)
            all += chances[i] = Math.Exp((order[i].Logit - best) * scale);
        if (topK == 0)
            all = sum;
        int kept = 0;
        while (kept < most && reached < topP * all && chances[kept] >= minP)
            reached += chances[kept++];
        double at = stream.NextDouble() * reached;
        for (int i = 0; i < kept; i++)
        {
            at -= chances[i];
            if (at < 0)
                return order[i].Id;
        }
        return order[Math.Max(0, kept - 1)].Id;
    }

    private static int Uncut(ReadOnlySpan<float> logits, float best, float scale, double at)
    {
        int last = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            double chance = Math.Exp((logits[id] - best) * scale);
            if (chance == 0)
                continue;
            last = id;
            at -= chance;
            if (at < 0)
                return id;
        }
        return last;
    }
}
