namespace Heed.Kernels;

/// <summary><see cref="FocalLossKernel"/> and <see cref="BoxLossKernel"/> in double precision: the formulas of the papers.</summary>
public static class ReferenceDetection
{
    /// <summary>Σ α_t·(1 − p_t)^γ·(−ln p_t).</summary>
    public static double FocalLoss(ReadOnlySpan<double> logits, ReadOnlySpan<float> targets, double alpha, double gamma)
    {
        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double p = 1 / (1 + Math.Exp(targets[i] == 1 ? -logits[i] : logits[i]));
            sum -= (targets[i] == 1 ? alpha : 1 - alpha) * Math.Pow(1 - p, gamma) * Math.Log(p);
        }
        return sum;
    }

    /// <summary>Σ w·(1 − GIoU) of boxes by their corners, the common point being the origin.</summary>
    public static double BoxLoss(ReadOnlySpan<double> boxes, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0)
                continue;
            (double left, double top, double right, double bottom) = (-boxes[4 * i], -boxes[(4 * i) + 1], boxes[(4 * i) + 2], boxes[(4 * i) + 3]);
            (double left2, double top2, double right2, double bottom2) = (-targets[4 * i], -targets[(4 * i) + 1], targets[(4 * i) + 2], targets[(4 * i) + 3]);
            double both = Math.Max(0, Math.Min(right, right2) - Math.Max(left, left2)) * Math.Max(0, Math.Min(bottom, bottom2) - Math.Max(top, top2));
            double union = ((right - left) * (bottom - top)) + ((right2 - left2) * (bottom2 - top2)) - both;
            double around = (Math.Max(right, right2) - Math.Min(left, left2)) * (Math.Max(bottom, bottom2) - Math.Min(top, top2));
            sum += weights[i] * (1 - (both / union) + ((around - union) / around));
        }
        return sum;
    }
}
