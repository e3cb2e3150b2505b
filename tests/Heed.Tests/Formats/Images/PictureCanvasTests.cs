namespace Heed.Tests.Formats.Images;

public class PictureCanvasTests
{
    private static readonly PictureColour red = new(200, 0, 0);

    [Fact]
    public void A_box_is_its_border()
    {
        var canvas = new PictureCanvas(Grey(8, 6, 10));
        canvas.Box(1, 2, 5, 5, red);
        Draw(canvas.ToPicture()).ShouldBe(
        [
            "........",
            "........",
            ".####...",
            ".#..#...",
            ".####...",
            "........",
        ]);
        canvas.Box(-5, -5, 100, 100, red, thickness: 1);
        Draw(canvas.ToPicture()).ShouldBe(["........", "........", ".####...", ".#..#...", ".####...", "........"], "the border is outside");
        Should.Throw<ArgumentException>(() => canvas.Box(0, 0, double.NaN, 1, red));
    }

    [Fact]
    public void A_name_stands_above_its_box_or_inside()
    {
        var canvas = new PictureCanvas(Grey(20, 20, 10));
        canvas.Box(2, 12, 18, 18, red, "T1");
        string[] rows = Draw(canvas.ToPicture());
        // White letters on the box's colour; the T's bar and stem, the foot of the 1.
        rows[3].ShouldBe("..#############.....");
        rows[4].ShouldBe("..#OOOOO###O###.....");
        canvas = new PictureCanvas(Grey(20, 20, 10));
        canvas.Box(2, 1, 18, 18, red, "T1");
        Draw(canvas.ToPicture())[2].ShouldStartWith("..#OOOOO");
        PictureCanvas.TextWidth("T1").ShouldBe(11);
        canvas.Text(-3, 18, "outside and beyond é", red);
    }

    [Fact]
    public void Masks_and_heat_maps_are_laid_over()
    {
        var canvas = new PictureCanvas(Grey(3, 1, 100));
        canvas.Mask(new Picture(3, 1, 1, new byte[] { 0, 1, 9 }), opacity: 0.5, voidLabel: 9);
        Picture picture = canvas.ToPicture();
        (picture[0, 0, 0], picture[0, 0, 1], picture[0, 0, 2]).ShouldBe(((byte)165, (byte)130, (byte)50));
        (picture[0, 2, 0], picture[0, 2, 1], picture[0, 2, 2]).ShouldBe(((byte)100, (byte)100, (byte)100));
        Should.Throw<ArgumentException>(() => canvas.Mask(Grey(3, 2, 0))).Message.ShouldContain("(height, width, channels) = (2, 3, 1) but (1, 3, 1)");

        canvas = new PictureCanvas(Grey(4, 2, 0));
        canvas.HeatMap([0.2f, 0.7f], 1, 2, opacity: 1);
        picture = canvas.ToPicture();
        (picture[1, 0, 0], picture[1, 0, 2]).ShouldBe(((byte)68, (byte)84), "the least value");
        (picture[1, 3, 0], picture[1, 3, 2]).ShouldBe(((byte)253, (byte)37), "the largest");
        new PictureColour(picture[0, 1, 0], picture[0, 1, 1], picture[0, 1, 2]).ShouldBe(PictureColour.OfValue(0.25));
        Should.Throw<ArgumentException>(() => canvas.HeatMap([1], 2, 2)).Message.ShouldContain("values has 1 numbers");
        canvas.HeatMap([3, 3, 3, float.NaN], 2, 2);
    }

    [Fact]
    public void The_scale_grows_lighter_and_classes_differ()
    {
        double[] light = [.. Enumerable.Range(0, 101).Select(i => PictureColour.OfValue(i / 100.0)).Select(c => 0.299 * c.Red + 0.587 * c.Green + 0.114 * c.Blue)];
        for (int i = 1; i < light.Length; i++)
            light[i].ShouldBeGreaterThanOrEqualTo(light[i - 1] - 0.6);
        light[^1].ShouldBeGreaterThan(light[0] + 150);
        Enumerable.Range(0, 21).Select(PictureColour.OfClass).Distinct().Count().ShouldBe(21);
        PictureColour.OfValue(double.NaN).ShouldBe(PictureColour.OfValue(0));
        PictureColour.OfValue(7).ShouldBe(PictureColour.OfValue(1));
    }

    [Fact]
    public void A_grid_puts_pictures_into_cells()
    {
        Picture grid = PictureCanvas.Grid([Grey(2, 1, 1), Grey(1, 2, 2), Grey(2, 2, 3)], columns: 2, gap: 1, background: new PictureColour(9, 9, 9));
        (grid.Width, grid.Height).ShouldBe((5, 5));
        Enumerable.Range(0, 5).Select(y => string.Concat(Enumerable.Range(0, 5).Select(x => grid[y, x, 0]))).ShouldBe(["11929", "99929", "99999", "33999", "33999"]);
        Picture.Decode(grid.ToPng()).Samples.ToArray().ShouldBe(grid.Samples.ToArray());
    }

    private static Picture Grey(int width, int height, byte value) => new(width, height, 1, Enumerable.Repeat(value, width * height).ToArray());

    /// <summary>Rows of letters: # red, O white, a point for anything else.</summary>
    private static string[] Draw(Picture picture) => [.. Enumerable.Range(0, picture.Height).Select(y => string.Concat(Enumerable.Range(0, picture.Width).Select(x =>
        (picture[y, x, 0], picture[y, x, 1]) switch { (200, 0) => '#', (255, 255) => 'O', _ => '.' })))];
}
