using System.Numerics.Tensors;

namespace Heed;

/// <summary>Mixes the pictures of a batch in pairs (Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018).</summary>
internal static class Mixup
{
    /// <summary>Draws one weight from Beta(α, α) and a partner for each picture.</summary>
    public static void Draw(PictureBatch batch, double alpha, RandomStream stream)
    {
        float weight = (float)Beta(alpha, stream);
        int[] partners = [.. Enumerable.Range(0, batch.BatchSize)];
        stream.Shuffle<int>(partners);
        int length = batch.Pixels.Length / batch.BatchSize;
        float[] own = [.. batch.Pixels];
        for (int i = 0; i < partners.Length; i++)
        {
            Span<float> pixels = batch.Pixels.AsSpan(i * length, length);
            TensorPrimitives.Multiply(pixels, weight, pixels);
            TensorPrimitives.MultiplyAdd(own.AsSpan(partners[i] * length, length), 1 - weight, pixels, pixels);
        }
        batch.MixWeight = weight;
        batch.MixedTargets = Array.ConvertAll(partners, partner => batch.Targets[partner]);
    }

    /// <summary>Jöhnk's method: u^(1/α) and v^(1/α) until their sum is at most 1; the first's share of it.</summary>
    private static double Beta(double alpha, RandomStream stream)
    {
        while (true)
        {
            double x = Math.Pow(1 - stream.NextDouble(), 1 / alpha), y = Math.Pow(1 - stream.NextDouble(), 1 / alpha);
            if (x + y is > 0 and <= 1)
                return x / (x + y);
        }
    }
}
