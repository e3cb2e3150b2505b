namespace Heed;

/// <summary>How training pictures are changed at random. Everything is off unless set.</summary>
/// <remarks>In this order: part of the picture, shift, mirror; then brightness, contrast, saturation; then cutout; then mixup over the batch. What is
/// drawn depends on the seed, the epoch and the picture's index alone. Boxes and masks follow the geometry.</remarks>
public sealed record PictureAugmentation
{
    /// <summary>How many pixels of the result the picture is shifted at most to each side, as if it were padded with black and cropped at random
    /// (He et al., "Deep residual learning", CVPR 2016, section 4.2, take 4 for CIFAR).</summary>
    /// <value>0 (off) unless set.</value>
    public int CropPadding { get; init; }

    /// <summary>The probability that the picture is mirrored left to right.</summary>
    /// <value>0 (off) unless set; 0 to 1.</value>
    public double FlipProbability { get; init; }

    /// <summary>The least share of the picture's area that a random part has, with a ratio of the sides from 3:4 to 4:3 of the picture's, brought to
    /// the full size (Szegedy et al., "Going deeper with convolutions", CVPR 2015, take 0.08).</summary>
    /// <value>1 (off) unless set; above 0, at most 1.</value>
    public double LeastArea { get; init; } = 1;

    /// <summary>All samples are multiplied by a number from 1 − this to 1 + this.</summary>
    /// <value>0 (off) unless set; 0 to 1.</value>
    public double Brightness { get; init; }

    /// <summary>The distance of all samples from the mean grey is multiplied by a number from 1 − this to 1 + this.</summary>
    /// <value>0 (off) unless set; 0 to 1.</value>
    public double Contrast { get; init; }

    /// <summary>The distance of each pixel from its grey is multiplied by a number from 1 − this to 1 + this.</summary>
    /// <value>0 (off) unless set; 0 to 1.</value>
    public double Saturation { get; init; }

    /// <summary>The side of a square, in pixels of the result, that is set to the mean (0 after normalisation); its centre lies anywhere in the picture
    /// (DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017).</summary>
    /// <value>0 (off) unless set.</value>
    public int Cutout { get; init; }

    /// <summary>α of the distribution Beta(α, α) of the weight with which each picture of a batch is mixed with another (Zhang et al., "mixup", ICLR
    /// 2018, take 0.2 for ImageNet, 1 for CIFAR). Only for pictures with one class.</summary>
    /// <value>0 (off) unless set; 0 to 4.</value>
    public double MixupAlpha { get; init; }

    /// <summary>The least share of a box's area that must stay in the picture, or the box is dropped; what stays is clipped to it.</summary>
    /// <value>0.25 unless set; 0 to 1.</value>
    public double LeastVisible { get; init; } = 0.25;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(CropPadding);
        ArgumentOutOfRangeException.ThrowIfNegative(Cutout);
        Range(FlipProbability, 0, 1, nameof(FlipProbability));
        Range(LeastArea, 1e-6, 1, nameof(LeastArea));
        Range(Brightness, 0, 1, nameof(Brightness));
        Range(Contrast, 0, 1, nameof(Contrast));
        Range(Saturation, 0, 1, nameof(Saturation));
        Range(MixupAlpha, 0, 4, nameof(MixupAlpha));
        Range(LeastVisible, 0, 1, nameof(LeastVisible));
    }

    private static void Range(double value, double least, double most, string name)
    {
        if (!(value >= least && value <= most))
            throw new ArgumentOutOfRangeException(name, value, FormattableString.Invariant($"PictureAugmentation: {name} must lie from {least} to {most}."));
    }
}
