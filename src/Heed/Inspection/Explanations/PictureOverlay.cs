namespace Heed;

/// <summary>A picture with an explanation's scores over it, as a heat map.</summary>
public static class PictureOverlay
{
    /// <summary>Paints.</summary>
    /// <param name="picture">The picture, of any size.</param>
    /// <param name="explanation">Of a grid of cells. The colours' middle is 0 where scores have signs; else their beginning.</param>
    /// <returns>A picture of the same size with three channels.</returns>
    /// <exception cref="ArgumentException">The explanation is not one of a picture.</exception>
    public static Picture Of(Picture picture, Explanation explanation)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(explanation);
        if (explanation.GridRows == 0)
            throw new ArgumentException("PictureOverlay: the explanation has no grid of cells; it is one of a text.", nameof(explanation));
        float largest = explanation.Scores.Max(Math.Abs);
        PictureCanvas canvas = new(picture);
        canvas.HeatMap([.. explanation.Scores], explanation.GridRows, explanation.GridColumns, range: (explanation.IsSigned ? -largest : 0, largest));
        return canvas.ToPicture();
    }
}
