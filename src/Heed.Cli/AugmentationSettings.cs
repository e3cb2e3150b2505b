using System.CommandLine;

namespace Heed.Cli;

/// <summary>How training pictures are changed at random.</summary>
internal sealed class AugmentationSettings
{
    private readonly Option<int> shift, cutout;
    private readonly Option<double> flip, colour, leastArea;

    /// <summary>Makes the options.</summary>
    /// <param name="all">The command's options, to which these are added.</param>
    /// <param name="defaults">What they are unless given.</param>
    public AugmentationSettings(OptionList all, PictureAugmentation defaults)
    {
        shift = all.Add("--shift", "Training pictures are shifted by up to so many pixels.", defaults.CropPadding);
        flip = all.AddNumber("--flip", "Probability that a training picture is mirrored left to right.", defaults.FlipProbability);
        leastArea = all.AddNumber("--least-area", "Training pictures are random parts of at least this share of the area.", defaults.LeastArea);
        colour = all.AddNumber("--colour", "How much brightness, contrast and saturation of training pictures change at most.", 0);
        cutout = all.Add("--cutout", "Side of a square that is cut out of training pictures.", defaults.Cutout);
    }

    public PictureAugmentation Read(ParseResult parsed)
    {
        double change = parsed.GetValue(colour);
        return new PictureAugmentation
        {
            CropPadding = parsed.GetValue(shift),
            FlipProbability = parsed.GetValue(flip),
            LeastArea = parsed.GetValue(leastArea),
            Brightness = change,
            Contrast = change,
            Saturation = change,
            Cutout = parsed.GetValue(cutout),
        };
    }
}
