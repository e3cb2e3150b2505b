namespace Heed.Kernels;

/// <summary>How far fused attention is from double precision, beside plain float32 on the same numbers: the numeric contract's bound of twice, plus a floor.</summary>
public static class AttentionErrors
{
    /// <summary>The stated floor: about three roundings of the largest value. For gradients, half a unit in the last place of the largest log-sum-exp is added: they start from it, and it is stored in float32.</summary>
    public const double Floor = 4e-7;

    /// <summary>Measures all cases; takes a few seconds.</summary>
    public static IReadOnlyList<AttentionError> Measure()
    {
        List<AttentionError> errors = [.. MeasureSmall()];
        One(errors, "full, 1,024 keys of 64", new(1, 1, 1, 96, 1024, 64), 1, default(PlainScore), default(NoMask));
        One(errors, "causal, 512 of 64", new(1, 1, 1, 512, 512, 64), 1, default(PlainScore), default(Causal));
        One(errors, "full, 128 keys of 128", new(1, 2, 2, 128, 128, 128), 1, default(PlainScore), default(NoMask));
        One(errors, "full, 16,384 keys of 64", new(1, 1, 1, 12, 16_384, 64), 1, default(PlainScore), default(NoMask));
        One(errors, "scores of some 30, 512 of 64", new(1, 1, 1, 96, 512, 64), 3, default(PlainScore), default(NoMask));
        One(errors, "scores of some 300, 512 of 64", new(1, 1, 1, 96, 512, 64), 10, default(PlainScore), default(NoMask));
        One(errors, "window 64, 512 of 64", new(1, 1, 1, 512, 512, 64), 1, default(PlainScore), new Window(63, 0));
        One(errors, "ALiBi, causal, 512 of 64", new(1, 2, 2, 256, 512, 64), 1, default(Alibi), default(Causal), [0.25f, 0.015625f]);
        One(errors, "soft-cap 10, 512 of 64", new(1, 1, 1, 256, 512, 64), 2, new SoftCap(10), default(NoMask));
        return errors;
    }

    /// <summary>What takes no time, for <see cref="KernelVerification"/>.</summary>
    internal static IReadOnlyList<AttentionError> MeasureSmall()
    {
        List<AttentionError> errors = [];
        One(errors, "odd sizes, 333 of 33", new(1, 1, 1, 111, 333, 33), 1, default(PlainScore), default(Causal));
        return errors;
    }

    private static void One<TModifier, TMask>(List<AttentionError> errors, string name, AttentionShape s, float size, TModifier modifier, TMask mask, float[]? parameters = null)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        KernelChecker draw = new(name, []);
        int rows = s.HeadCount * s.Queries * s.HeadDim, keyRows = s.HeadCount * s.Keys * s.HeadDim;
        float[] q = draw.Draw(rows, -2 * size, 2 * size), k = draw.Draw(keyRows, -2 * size, 2 * size), v = draw.Draw(keyRows), dOutput = draw.Draw(rows), log = new float[s.HeadCount * s.Queries];
        float[][] fused = Outputs<float>(rows, keyRows), plain = Outputs<float>(rows, keyRows);
        double[][] exact = Outputs<double>(rows, keyRows);
        FusedAttention.Forward(q, k, v, fused[0], s, modifier, mask, parameters, new AttentionStatistics { LogSumExp = log });
        FusedAttention.Backward(dOutput, q, k, v, fused[0], log, new AttentionGradients(fused[1], fused[2], fused[3]), s, modifier, mask, parameters);
        PlainAttention<TModifier, TMask> plainly = new() { Q = q, K = k, V = v, DOutput = dOutput, Output = plain[0], DQ = plain[1], DK = plain[2], DV = plain[3], Modifier = modifier, Mask = mask };
        AttentionPins.Pin(q, k, v, s, parameters, default, ref plainly);
        double[] wideQ = KernelChecker.Widen(q), wideK = KernelChecker.Widen(k), wideV = KernelChecker.Widen(v), wideParameters = KernelChecker.Widen(parameters);
        ReferenceAttention.Forward(wideQ, wideK, wideV, exact[0], s, modifier, mask, wideParameters);
        ReferenceAttention.Backward(KernelChecker.Widen(dOutput), wideQ, wideK, wideV, new ReferenceAttentionGradients { Query = exact[1], Key = exact[2], Value = exact[3] }, s, modifier, mask, wideParameters);
        double stored = 0;
        foreach (float x in log)
            stored = float.IsFinite(x) ? Math.Max(stored, (MathF.BitIncrement(Math.Abs(x)) - Math.Abs(x)) / 2) : stored;
        string[] results = ["output", "dq", "dk", "dv"];
        for (int i = 0; i < results.Length; i++)
            errors.Add(new(name, results[i], Largest(fused[i], exact[i]), Largest(plain[i], exact[i]), Floor + (i == 0 ? 0 : stored)));
    }

    private static T[][] Outputs<T>(int rows, int keyRows) => [new T[rows], new T[rows], new T[keyRows], new T[keyRows]];

    private static double Largest(float[] got, double[] exact)
    {
        double error = 0, largest = 0;
        for (int i = 0; i < got.Length; i++)
        {
            error = Math.Max(error, Math.Abs(got[i] - exact[i]));
            largest = Math.Max(largest, Math.Abs(exact[i]));
        }
        return error / largest;
    }
}

/// <summary>The largest error of one result, relative to its largest value.</summary>
/// <param name="Case">What was computed.</param>
/// <param name="Result">Output or gradient.</param>
/// <param name="Fused">Of fused attention against double precision.</param>
/// <param name="Plain">Of plain float32 against double precision.</param>
/// <param name="Floor">What is allowed even where plain float32 makes no error.</param>
public readonly record struct AttentionError(string Case, string Result, double Fused, double Plain, double Floor)
{
    /// <summary>Twice the plain error, plus the floor.</summary>
    public double Limit => (2 * Plain) + Floor;

    /// <summary>Whether the bound holds.</summary>
    public bool Passed => Fused <= Limit;
}
