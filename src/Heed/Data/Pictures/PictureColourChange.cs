namespace Heed;

/// <summary>Changes brightness, contrast and saturation of floats in 0 … 255, as torchvision's ColorJitter does, in this order.</summary>
internal static class PictureColourChange
{
    private const float Red = 0.299f, Green = 0.587f, Blue = 0.114f;

    public static void Draw(Span<float> pixels, int channels, PictureAugmentation augmentation, RandomStream stream)
    {
        if (augmentation.Brightness > 0)
            Blend(pixels, 0, Factor(augmentation.Brightness, stream));
        if (augmentation.Contrast > 0)
            Blend(pixels, MeanGrey(pixels, channels), Factor(augmentation.Contrast, stream));
        if (augmentation.Saturation > 0)
        {
            float factor = Factor(augmentation.Saturation, stream);
            // A grey picture has no colour to change; its draw is made all the same, so that later ones do not depend on it.
            for (int i = 0; channels >= 3 && i < pixels.Length; i += channels)
                Blend(pixels.Slice(i, 3), Grey(pixels.Slice(i, 3)), factor);
        }
    }

    private static float Factor(double most, RandomStream stream) => (float)(1 + most * (2 * stream.NextDouble() - 1));

    /// <summary>Moves samples away from a value, or towards it, within 0 … 255.</summary>
    private static void Blend(Span<float> pixels, float value, float factor)
    {
        float offset = (1 - factor) * value;
        foreach (ref float sample in pixels)
            sample = Math.Clamp(factor * sample + offset, 0, 255);
    }

    private static float Grey(ReadOnlySpan<float> pixel) => Red * pixel[0] + Green * pixel[1] + Blue * pixel[2];

    private static float MeanGrey(ReadOnlySpan<float> pixels, int channels)
    {
        double sum = 0;
        for (int i = 0; i < pixels.Length; i += channels)
            sum += channels == 1 ? pixels[i] : Grey(pixels.Slice(i, 3));
        return (float)(sum * channels / pixels.Length);
    }
}
