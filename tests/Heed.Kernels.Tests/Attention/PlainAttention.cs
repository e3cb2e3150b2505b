namespace Heed.Kernels.Tests;

/// <summary>Attention as plain float32 code would do it: scores, then exponentials, then a division, then sums, one by one.</summary>
internal static class PlainAttention
{
    // The scores are those of the reference, with the error that plain float32 sums make in their dot products.
    public static float[] Forward(AttentionCase c, double[] logSumExp, double[] weights)
    {
        AttentionShape s = c.Shape;
        float scale = (float)(1 / Math.Sqrt(s.HeadDim));
        float[] output = new float[c.Rows * s.ValueDim];
        for (int row = 0; row < c.Rows; row++)
        {
            int head = row / s.Queries % s.HeadCount, b = row / s.Queries / s.HeadCount, keyRow = ((b * s.KeyValueHeadCount) + (head / s.Group)) * s.Keys;
            for (int j = 0; j < s.Keys; j++)
            {
                double weight = weights[(row * s.Keys) + j];
                if (weight == 0)
                    continue;
                float score = (float)(Math.Log(weight) + logSumExp[row] + DotError(c, row, keyRow + j, scale)), w = MathF.Exp(score - (float)logSumExp[row]);
                for (int i = 0; i < s.ValueDim; i++)
                    output[(row * s.ValueDim) + i] += w * c.V[((keyRow + j) * s.ValueDim) + i];
            }
        }
        return output;
    }

    private static double DotError(AttentionCase c, int row, int key, float scale)
    {
        int dim = c.Shape.HeadDim;
        float plain = 0;
        double exact = 0;
        for (int i = 0; i < dim; i++)
        {
            plain += c.Q[(row * dim) + i] * c.K[(key * dim) + i];
            exact += (double)c.Q[(row * dim) + i] * c.K[(key * dim) + i];
        }
        return dim == 0 ? 0 : (plain * scale) - (exact * scale);
    }
}
