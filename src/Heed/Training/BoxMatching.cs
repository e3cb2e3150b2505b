namespace Heed;

/// <summary>The boxes of one class: which of those that were found are right, and what average precision follows.</summary>
internal sealed class BoxMatching
{
    private const int MostOfPicture = 100, Recalls = 101;

    private readonly PictureBox[][] truth;
    private readonly (int Picture, PictureBox Box, float Confidence)[] found, surest;

    public BoxMatching(int label, IReadOnlyList<IReadOnlyList<PictureBox>> truth, IReadOnlyList<IReadOnlyList<ScoredBox>> found)
    {
        // Things first, what does not count behind them.
        this.truth = [.. truth.Select(boxes => boxes.Where(b => b.Label == label).OrderBy(b => b.Kind != BoxKind.Thing).ToArray())];
        // Stable: equal scores stay in the order of the pictures.
        (int Picture, PictureBox Box, float Confidence)[] Ordered(int most) =>
            [.. found.SelectMany((boxes, picture) => boxes.Where(b => b.Box.Label == label).OrderByDescending(b => b.Confidence).Take(most).Select(b => (picture, b.Box, b.Confidence))).OrderByDescending(b => b.Confidence)];
        (this.found, surest) = (Ordered(int.MaxValue), Ordered(MostOfPicture));
        BoxCount = this.truth.Sum(boxes => boxes.Count(b => b.Kind == BoxKind.Thing));
    }

    /// <summary>0.5, 0.55, … 0.95.</summary>
    public static IReadOnlyList<double> CocoOverlaps { get; } = [.. Enumerable.Range(0, 10).Select(n => 0.5 + (n * 0.05))];

    public int BoxCount { get; }

    /// <summary>The area under the curve, every point of it; NaN without true boxes.</summary>
    public double VocPrecision(double overlap)
    {
        (double[] recall, double[] precision) = Curve(Judge(found, overlap, onlyFree: false));
        double area = 0, before = 0;
        for (int i = 0; i < recall.Length; i++)
        {
            area += (recall[i] - before) * precision[i];
            before = recall[i];
        }
        return BoxCount == 0 ? double.NaN : area;
    }

    /// <summary>The curve, a point for each box that is right; none without true boxes.</summary>
    public IReadOnlyList<RecallPoint> VocCurve(double overlap)
    {
        List<(bool IsRight, float Confidence)> judged = Judge(found, overlap, onlyFree: false);
        (double[] recall, double[] precision) = Curve(judged);
        return BoxCount == 0 ? [] : [.. Enumerable.Range(0, judged.Count).Where(i => judged[i].IsRight).Select(i => new RecallPoint(recall[i], precision[i], judged[i].Confidence))];
    }

    /// <summary>The mean of the precision at 101 recalls; NaN without true boxes.</summary>
    public double CocoPrecision(double overlap)
    {
        (double[] recall, double[] precision) = Curve(Judge(surest, overlap, onlyFree: true));
        double sum = 0;
        for (int n = 0, at = 0; n < Recalls; n++)
        {
            while (at < recall.Length && recall[at] < n * 0.01)
                at++;
            sum += at < recall.Length ? precision[at] : 0;
        }
        return BoxCount == 0 ? double.NaN : sum / Recalls;
    }

    // Whether boxes are right, the surest first; those at something that does not count are left out.
    private List<(bool IsRight, float Confidence)> Judge((int Picture, PictureBox Box, float Confidence)[] boxes, double overlap, bool onlyFree)
    {
        bool[][] taken = [.. truth.Select(own => new bool[own.Length])];
        List<(bool IsRight, float Confidence)> judged = [];
        foreach ((int picture, PictureBox box, float confidence) in boxes)
        {
            int best = Best(truth[picture], box, overlap, onlyFree ? taken[picture] : null);
            if (best < 0 || truth[picture][best].Kind == BoxKind.Thing)
                judged.Add((best >= 0 && !taken[picture][best], confidence));
            if (best >= 0)
                taken[picture][best] = truth[picture][best].Kind != BoxKind.Crowd;
        }
        return judged;
    }

    // The true box that is overlapped most, if it is enough. Of those that are free, what does not count comes only where there is no thing.
    private static int Best(PictureBox[] truth, PictureBox box, double overlap, bool[]? taken)
    {
        int best = -1;
        // The tolerance is COCO's, so that an overlap of exactly the limit counts in spite of rounding.
        double most = Math.Min(overlap, 1 - 1e-10);
        for (int t = 0; t < truth.Length; t++)
        {
            if (taken is not null && best >= 0 && truth[best].Kind == BoxKind.Thing && truth[t].Kind != BoxKind.Thing)
                break;
            if (taken is not null && taken[t])
                continue;
            double share = box.Agreement(truth[t]);
            if (share > most || (best < 0 && share >= most))
                (best, most) = (t, share);
        }
        return best;
    }

    // Recall after each box, and the highest precision of any recall from there on.
    private (double[] Recall, double[] Precision) Curve(List<(bool IsRight, float Confidence)> judged)
    {
        double[] recall = new double[judged.Count], precision = new double[judged.Count];
        int hits = 0;
        for (int i = 0; i < judged.Count; i++)
        {
            hits += judged[i].IsRight ? 1 : 0;
            (recall[i], precision[i]) = (hits / (double)Math.Max(1, BoxCount), hits / (i + 1.0));
        }
        for (int i = judged.Count - 2; i >= 0; i--)
            precision[i] = Math.Max(precision[i], precision[i + 1]);
        return (recall, precision);
    }
}
