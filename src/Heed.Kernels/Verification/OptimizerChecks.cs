namespace Heed.Kernels;

/// <summary>Steps of the optimizers.</summary>
internal static class OptimizerChecks
{
    private const int Length = 517;

    public static void AdamW(KernelChecker check)
    {
        float[] p = check.Draw(Length), m = new float[Length], v = new float[Length];
        double[] wideP = KernelChecker.Widen(p), wideM = new double[Length], wideV = new double[Length];
        for (int t = 1; t <= 5; t++)
        {
            float[] g = check.Draw(Length);
            AdamWStep step = new() { Step = t, LearningRate = 1e-2, GradientScale = 0.5f };
            AdamWKernel.Update(p, g, m, v, step);
            ReferenceOptimizer.AdamW(wideP, KernelChecker.Widen(g), wideM, wideV, step);
        }
        check.Compare("parameters", p, wideP, 1e-6);
        check.Compare("first moment", m, wideM, 1e-6);
        check.Compare("second moment", v, wideV, 1e-6);
    }

    public static void Sgd(KernelChecker check)
    {
        float[] p = check.Draw(Length), u = new float[Length];
        double[] wideP = KernelChecker.Widen(p), wideU = new double[Length];
        for (int t = 0; t < 5; t++)
        {
            float[] g = check.Draw(Length);
            SgdStep step = new() { LearningRate = 1e-2, Momentum = 0.9, Nesterov = true, WeightDecay = 0.01, IsFirst = t == 0 };
            SgdKernel.Update(p, g, u, step);
            ReferenceOptimizer.Sgd(wideP, KernelChecker.Widen(g), wideU, step);
        }
        check.Compare("parameters", p, wideP, 1e-6);
        check.Compare("momentum", u, wideU, 1e-6);
    }
}
