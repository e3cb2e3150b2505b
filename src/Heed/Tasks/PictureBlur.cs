namespace Heed;

/// <summary>A Gaussian blur of one picture of floats; its deviation is an eighth of the longer side, so that no detail is left.</summary>
internal static class PictureBlur
{
    public static float[] Of(float[] pixels, int height, int width, int channels)
    {
        double deviation = Math.Max(height, width) / 8.0;
        double[] kernel = [.. Enumerable.Range(-(int)Math.Ceiling(3 * deviation), (2 * (int)Math.Ceiling(3 * deviation)) + 1).Select(x => Math.Exp(-x * x / (2 * deviation * deviation)))];
        return Along(Along(pixels, height, width, channels, kernel, isAcross: true), height, width, channels, kernel, isAcross: false);
    }

    // Weights of places outside go to those inside.
    private static float[] Along(float[] pixels, int height, int width, int channels, double[] kernel, bool isAcross)
    {
        int half = kernel.Length / 2, length = isAcross ? width : height, stride = isAcross ? channels : width * channels;
        float[] blurred = new float[pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            int place = i / channels, at = isAcross ? place % width : place / width;
            (double sum, double weight) = (0, 0);
            for (int k = Math.Max(0, half - at); k < Math.Min(kernel.Length, half - at + length); k++)
            {
                sum += kernel[k] * pixels[i + ((k - half) * stride)];
                weight += kernel[k];
            }
            blurred[i] = (float)(sum / weight);
        }
        return blurred;
    }
}
