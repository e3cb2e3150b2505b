namespace Heed.Cli;

/// <summary>Something to explain, before a model has read it: a row with a text, or a picture with its name.</summary>
/// <param name="Row">The text; of a picture its name.</param>
/// <param name="Picture">The picture; null for a text.</param>
internal sealed record ExplainedItem(TextRow Row, Picture? Picture)
{
    public static ExplainedItem OfText(string text) => new(new TextRow(text, null, 0), null);

    public static ExplainedItem OfPicture(string path) => new(new TextRow(path, null, 0), Picture.Read(path));

    /// <summary>Pictures of a data set, at most so many, spread evenly over it: classes stand behind each other there.</summary>
    public static IEnumerable<ExplainedItem> Of(IPictureData pictures, int most)
    {
        int count = Math.Min(most, pictures.Count);
        return Enumerable.Range(0, count).Select(i => (int)((long)i * pictures.Count / count)).Select(i => new ExplainedItem(new TextRow(pictures.NameOf(i), null, 0), pictures.Read(i).Picture));
    }
}
