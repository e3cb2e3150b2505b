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

    public static void Options(KernelChecker check)
    {
        AttentionShape two = new(2, 2, 1, 19, 37, 12);
        int[] starts = [0, 5], ends = [20, 32], offsets = [0, 7, 7, 24], lengths = [37, 9];
        One(check, "dropout", two, default(PlainScore), default(Causal), 0, new() { Dropout = 0.25f, DropoutKey = 11 });
        One(check, "sinks", two, default(PlainScore), default(NoMask), 0, new() { Sinks = check.Draw(2) });
        One(check, "lengths and starts", two, default(PlainScore), default(Causal), 0, new() { KeyStarts = starts, KeyLengths = ends });
        One(check, "packed", new(3, 2, 2, 24, 24, 12), default(PlainScore), default(Causal), 0, new() { QueryOffsets = offsets, KeyOffsets = offsets }, isPacked: true);
        One(check, "length mask", two, default(PlainScore), new LengthMask(0), 0, new() { MaskNumbers = lengths });
        One(check, "dense mask", two, default(PlainScore), DenseMask.For(two, false, false), 0, new() { MaskFlags = [.. Enumerable.Range(0, 19 * 37).Select(i => i % 5 != 2)] });
        One(check, "block-sparse mask", two, default(PlainScore), new BlockSparseMask(8, 37), 0, new() { MaskFlags = [.. Enumerable.Range(0, 3 * 5).Select(i => i % 2 == 0)] });
        One(check, "cosine", two, default(CosineScore), default(Causal), 2, new() { QueryTerms = check.Draw(2 * 2 * 19, 0.2f, 0.6f), KeyTerms = check.Draw(2 * 37, 0.2f, 0.6f) });
        One(check, "Shaw's positions", two, new ShawScore(3, 1), default(NoMask), 0, new() { QueryTable = check.Draw(2 * 2 * 19 * 7), ValueTable = check.Draw(7 * 12) });
        One(check, "sparsemax", two, new Distributed<PlainScore, SparsemaxFunction>(default, default), default(Causal), 0);
        One(check, "entmax of 1.3", two, new Distributed<PlainScore, EntmaxFunction>(default, new(1.3f)), default(NoMask), 0);
    }

    public static void Cached(KernelChecker check)
    {
        const int Heads = 4, Shared = 2, Tokens = 300, Queries = 3, Dim = 40;
        AttentionShape shape = new(1, Heads, Shared, Queries, Tokens, Dim);
        float[] q = check.Draw(Heads * Queries * Dim, -2, 2), k = check.Draw(Shared * Tokens * Dim, -2, 2), v = check.Draw(k.Length);
        foreach (KeyValueFormat format in new[] { KeyValueFormat.Float32, KeyValueFormat.BFloat16 })
        {
            KeyValueCache cache = new(1, Shared, Dim, Dim, Tokens, format);
            cache.Append(k, v, Tokens);
            float[] y = new float[q.Length], log = new float[Heads * Queries], keys = new float[k.Length], values = new float[v.Length];
            cache.Attend(q, y, Heads, Queries, default(PlainScore), default(Causal), default, new AttentionStatistics { LogSumExp = log });
            cache.CopyTo(keys, values);
            double[] wide = new double[y.Length], wideLog = new double[log.Length], weights = new double[Heads * Queries * Tokens];
            ReferenceAttention.Forward(KernelChecker.Widen(q), KernelChecker.Widen(keys), KernelChecker.Widen(values), wide, shape, default(PlainScore), default(Causal), weights: weights, logSumExp: wideLog);
            check.Compare($"{format}: context", y, wide, Limit);
            check.Compare($"{format}: log-sum-exp", log, wideLog, Limit);
            float[] tile = new float[Queries * 50];
            FusedAttention.Weights(q, keys, log, tile, shape, new WeightTile(0, 2, 0, Queries, 100, 50), default(PlainScore), default(Causal));
            double[] expected = [.. Enumerable.Range(0, tile.Length).Select(i => weights[(((2 * Queries) + (i / 50)) * Tokens) + 100 + (i % 50)])];
            check.Compare($"{format}: weights of a tile", tile, expected, Limit);
        }
        float[] one = new float[q.Length], other = new float[q.Length], oneLog = new float[Heads * Queries], otherLog = new float[oneLog.Length];
        AttentionShape half = shape with { Keys = Tokens / 2, KeyStrides = AttentionStrides.HeadsFirst(Shared, Tokens, Dim), ValueStrides = AttentionStrides.HeadsFirst(Shared, Tokens, Dim) };
        FusedAttention.Forward(q, k, v, one, half, new AttentionStatistics { LogSumExp = oneLog });
        FusedAttention.Forward(q, k.AsSpan(Tokens / 2 * Dim), v.AsSpan(Tokens / 2 * Dim), other, half, new AttentionStatistics { LogSumExp = otherLog });
        FusedAttention.Merge(one, oneLog, other, otherLog);
        double[] whole = new double[q.Length];
        ReferenceAttention.Forward(KernelChecker.Widen(q), KernelChecker.Widen(k), KernelChecker.Widen(v), whole, shape, default(PlainScore), default(NoMask));
        check.Compare("two parts merged", one, whole, Limit);
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

    private static void One<TModifier, TMask>(KernelChecker check, string name, AttentionShape shape, TModifier modifier, TMask mask, int parameters, AttentionOptions options = default, bool isPacked = false)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        int batch = isPacked ? 1 : shape.Batch, rows = batch * shape.HeadCount * shape.Queries, queries = rows * shape.HeadDim, keys = batch * shape.KeyValueHeadCount * shape.Keys * shape.HeadDim;
        float[] q = check.Draw(queries, -2, 2), k = check.Draw(keys, -2, 2), v = check.Draw(keys), dy = check.Draw(queries), p = check.Draw(parameters, 0, 0.3f);
        float[] y = new float[queries], log = new float[rows], dq = new float[queries], dk = new float[keys], dv = new float[keys], dp = new float[parameters];
        FusedAttention.Forward(q, k, v, y, shape, modifier, mask, p, new AttentionStatistics { LogSumExp = log }, options);
        FusedAttention.Backward(dy, q, k, v, y, log, new AttentionGradients(dq, dk, dv, dp), shape, modifier, mask, p, options);
        double[] wideQ = KernelChecker.Widen(q), wideK = KernelChecker.Widen(k), wideV = KernelChecker.Widen(v), wideP = KernelChecker.Widen(p), wideY = new double[queries], wideLog = new double[rows];
        double[] wideDq = new double[queries], wideDk = new double[keys], wideDv = new double[keys], wideDp = new double[parameters];
        ReferenceAttention.Forward(wideQ, wideK, wideV, wideY, shape, modifier, mask, wideP, options, logSumExp: wideLog);
        ReferenceAttention.Backward(
            KernelChecker.Widen(dy), wideQ, wideK, wideV, new ReferenceAttentionGradients { Query = wideDq, Key = wideDk, Value = wideDv, Parameters = wideDp }, shape, modifier, mask, wideP, options);
        check.Compare(name + ": context", y, wideY, Limit);
        check.Compare(name + ": log-sum-exp", log, wideLog, Limit);
        check.Compare(name + ": dq", dq, wideDq, 2 * Limit);
        check.Compare(name + ": dk", dk, wideDk, 2 * Limit);
        check.Compare(name + ": dv", dv, wideDv, 2 * Limit);
        check.Compare(name + ": dparameters", dp, wideDp, 2 * Limit);
    }
}
