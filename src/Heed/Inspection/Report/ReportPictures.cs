using System.Globalization;
using System.Numerics.Tensors;

namespace Heed;

/// <summary>A map of values over a picture.</summary>
/// <param name="Name">The method, block or class.</param>
/// <param name="Rows">Values down.</param>
/// <param name="Columns">Values across.</param>
/// <param name="Values">(rows, columns), row-major.</param>
public sealed record PictureMap(string Name, int Rows, int Columns, ReadOnlyMemory<float> Values);

/// <summary>A picture with maps of values to lay over it.</summary>
/// <param name="Picture">The picture.</param>
/// <param name="Heading">What it is, as its name and its class.</param>
/// <param name="Maps">Shown side by side; the picture alone without any.</param>
public sealed record PictureView(Picture Picture, string Heading, IReadOnlyList<PictureMap> Maps)
{
    /// <summary>Figures and labels under the heading, by name.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>The picture with something drawn over it, by what it shows, as <c>true</c> and <c>predicted</c>; shown beside the picture itself.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<(string Name, Picture Picture)> Drawings { get; init; } = [];
}

/// <summary>Pictures, alone or under heat maps whose strength the reader sets.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Pictures">The pictures.</param>
public sealed record ReportPictures(string Title, IReadOnlyList<PictureView> Pictures) : ReportSection(Title)
{
    internal override void Write(HtmlWriter html, string id)
    {
        if (Pictures.Any(p => p.Maps.Count > 0))
        {
            html.Start("p", ("class", "scale")).Start("label").Text("Strength of the maps ").Empty("input", ("type", "range"), ("class", "opacity"), ("min", "0"), ("max", "100"), ("value", "60")).End();
            html.Text(" Dark blue is the least value of a map, yellow its largest.").End().Line();
        }
        html.Start("div", ("class", "pictures")).Line();
        int shown = Math.Min(Pictures.Count, ReportLimits.Pictures);
        for (int i = 0; i < shown; i++)
            Write(html, Pictures[i]);
        html.End().Line();
        WriteCut(html, shown, Pictures.Count, "pictures");
    }

    private static void Write(HtmlWriter html, PictureView view)
    {
        string picture = Encode(Small(view.Picture));
        html.Start("article", ("class", "picture")).Element("h3", view.Heading, ("dir", "auto"));
        if (view.Facts.Count > 0)
            html.Element("p", string.Join(" · ", view.Facts.Select(f => $"{f.Name} {f.Value}")), ("class", "facts"), ("dir", "auto"));
        html.Start("div", ("class", "figures"));
        if (view.Maps.Count == 0 && view.Drawings.Count == 0)
            html.Empty("img", ("src", picture), ("alt", view.Heading));
        if (view.Drawings.Count > 0 && view.Maps.Count == 0)
            WriteFigure(html, picture, view.Heading, "picture");
        foreach ((string name, Picture drawn) in view.Drawings)
            WriteFigure(html, Encode(Small(drawn)), $"{view.Heading}, {name}", name);
        foreach (PictureMap map in view.Maps)
        {
            (float least, float largest) = (TensorPrimitives.Min(map.Values.Span), TensorPrimitives.Max(map.Values.Span));
            string range = string.Create(CultureInfo.InvariantCulture, $"{least:G3} … {largest:G3}");
            html.Start("figure").Start("div", ("class", "over")).Empty("img", ("src", map == view.Maps[0] ? picture : null), ("class", "base"), ("alt", view.Heading));
            html.Empty("img", ("src", Encode(Coloured(map, least, largest))), ("class", "map"), ("alt", $"{map.Name}, values {range}")).End();
            html.Start("figcaption").Text(map.Name + " ").Element("span", range, ("class", "soft")).End().End();
        }
        html.End().End().Line();
    }

    private static void WriteFigure(HtmlWriter html, string source, string alternative, string caption) =>
        html.Start("figure").Empty("img", ("src", source), ("alt", alternative)).Element("figcaption", caption).End();

    private static Picture Coloured(PictureMap map, float least, float largest)
    {
        byte[] samples = new byte[map.Values.Length * 3];
        for (int i = 0; i < map.Values.Length; i++)
        {
            PictureColour colour = PictureColour.OfValue(largest > least ? (map.Values.Span[i] - least) / ((double)largest - least) : 0);
            (samples[3 * i], samples[(3 * i) + 1], samples[(3 * i) + 2]) = (colour.Red, colour.Green, colour.Blue);
        }
        return new Picture(map.Columns, map.Rows, 3, samples);
    }

    internal static Picture Small(Picture picture)
    {
        double scale = (double)ReportLimits.PictureSide / Math.Max(picture.Width, picture.Height);
        if (scale >= 1)
            return picture;
        (int width, int height) = (Math.Max(1, (int)Math.Round(picture.Width * scale)), Math.Max(1, (int)Math.Round(picture.Height * scale)));
        float[] values = new float[width * height * picture.Channels];
        PictureResampler.Bilinear(picture, PictureWindow.Whole(picture), width, height, values);
        return new Picture(width, height, picture.Channels, Array.ConvertAll(values, v => (byte)Math.Clamp(Math.Round(v), 0, 255)));
    }

    private static string Encode(Picture picture)
    {
        using MemoryStream stream = new();
        PngEncoder.Write(picture, stream);
        return "data:image/png;base64," + Convert.ToBase64String(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
