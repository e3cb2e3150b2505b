namespace Heed.Kernels;

/// <summary>Fused attention: shared heads, odd sizes, several blocks of keys, scores and masks, forward and backward.</summary>
internal static class AttentionChecks
{
    private const double Limit = 3e-6;

    public static void Fused(KernelChecker check)
    {
        One(check, "plain", new(2, 2, 2, 9, 13, 7), default(PlainScore), default(NoMask), 0);
        One(check, "plain, several blocks", new(1, 2, 1, 5, 1100, 16), default(PlainScore), default(NoMask), 0);
        One(check, "causal", new(1, 4, 2, 33, 70, 24), default(PlainScore), default(Causal), 0);
        One(check, "ALiBi, causal", new(1, 4, 2, 37, 37, 17), default(Alibi), default(Causal), 4);
        One(check, "soft-cap, window", new(1, 2, 2, 40, 40, 32), new SoftCap(5), new Window(7, 3), 0);
        One(check, "T5 bias, prefix", new(1, 2, 2, 21, 45, 9), new RelativeBias(2, 8, 20), new Or<Prefix, Causal>(new(7), default), 16);
        One(check, "bias, decay", new(2, 2, 1, 21, 45, 9), new Then<AdditiveBias, DistanceDecay>(new(0, 0, 0), new(45)), default(Causal), 47);
    }

    public static void BesidePlain(KernelChecker check)
    {
        foreach (AttentionError e in AttentionErrors.MeasureSmall())
            check.Add(e.Case + ": " + e.Result, e.Fused, e.Limit);
    }

    public static void Modified(KernelChecker check)
    {
        AttentionShape shape = new(2, 2, 2, 5, 7, 1);
        Then<SoftCap, Alibi> modifier = new(new(2), default);
        float[] scores = check.Draw(2 * 2 * 5 * 7, -3, 3), slopes = check.Draw(2, 0, 0.3f), y = new float[scores.Length], dy = check.Draw(y.Length), dx = new float[y.Length], dp = new float[2];
        int[] starts = [0, 2], lengths = [7, 5];
        ScoreModification.Forward(scores, y, shape, modifier, slopes, new() { KeyStarts = starts, KeyLengths = lengths });
        ScoreModification.Backward(dy, scores, dx, dp, shape, modifier, slopes, new() { KeyStarts = starts, KeyLengths = lengths });
        double[] wideSlopes = KernelChecker.Widen(slopes);
        check.Compare("y", y, Reference(KernelChecker.Widen(scores), wideSlopes), Limit);
        check.CompareWithDifferences("dx", dx, scores, dy, at => Reference(at, wideSlopes), 1e-5);
        check.CompareWithDifferences("dparameters", dp, slopes, dy, at => Reference(KernelChecker.Widen(scores), at), 1e-5);

        double[] Reference(double[] x, double[] parameters)
        {
            double[] result = new double[x.Length];
            ReferenceScoreModification.Forward(x, result, shape, modifier, parameters, new() { KeyStarts = starts, KeyLengths = lengths });
            return result;
        }
    }

    private static void One<TModifier, TMask>(KernelChecker check, string name, AttentionShape shape, TModifier modifier, TMask mask, int parameters)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        int rows = shape.Batch * shape.HeadCount * shape.Queries, queries = rows * shape.HeadDim, keys = shape.Batch * shape.KeyValueHeadCount * shape.Keys * shape.HeadDim;
        float[] q = check.Draw(queries, -2, 2), k = check.Draw(keys, -2, 2), v = check.Draw(keys), dy = check.Draw(queries), p = check.Draw(parameters, 0, 0.3f);
        float[] y = new float[queries], log = new float[rows], dq = new float[queries], dk = new float[keys], dv = new float[keys], dp = new float[parameters];
        FusedAttention.Forward(q, k, v, y, shape, modifier, mask, p, new AttentionStatistics { LogSumExp = log });
        FusedAttention.Backward(dy, q, k, v, y, log, new AttentionGradients(dq, dk, dv, dp), shape, modifier, mask, p);
        double[] wideQ = KernelChecker.Widen(q), wideK = KernelChecker.Widen(k), wideV = KernelChecker.Widen(v), wideP = KernelChecker.Widen(p), wideY = new double[queries], wideLog = new double[rows];
        double[] wideDq = new double[queries], wideDk = new double[keys], wideDv = new double[keys], wideDp = new double[parameters];
        ReferenceAttention.Forward(wideQ, wideK, wideV, wideY, shape, modifier, mask, wideP, logSumExp: wideLog);
        ReferenceAttention.Backward(
            KernelChecker.Widen(dy), wideQ, wideK, wideV, new ReferenceAttentionGradients { Query = wideDq, Key = wideDk, Value = wideDv, Parameters = wideDp }, shape, modifier, mask, wideP);
        check.Compare(name + ": context", y, wideY, Limit);
        check.Compare(name + ": log-sum-exp", log, wideLog, Limit);
        check.Compare(name + ": dq", dq, wideDq, 2 * Limit);
        check.Compare(name + ": dk", dk, wideDk, 2 * Limit);
        check.Compare(name + ": dv", dv, wideDv, 2 * Limit);
        check.Compare(name + ": dparameters", dp, wideDp, 2 * Limit);
    }
}
