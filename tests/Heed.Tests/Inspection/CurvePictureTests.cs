using System.Xml.Linq;

namespace Heed.Tests.Inspection;

public sealed class CurvePictureTests
{
    [Fact]
    public void Points_stand_where_their_cost_and_share_put_them()
    {
        CurvePanel panel = new("cost", "share", [new("one", [new(1, 0.25, "a"), new(10, 0.5, "b"), new(100, 1, "c")]), new("two", [new(5, 0, "d")])]);
        var svg = XDocument.Parse(CurvePicture.Draw("A title", [panel, panel]));
        svg.Descendants().Count(e => e.Name.LocalName == "polyline").ShouldBe(4);
        (double X, double Y)[] points = [.. svg.Descendants().Where(e => e.Name.LocalName == "g").Select(g => g.Elements().Single(e => e.Name.LocalName == "circle")).Select(c => (Number(c, "cx"), Number(c, "cy")))];
        points.Length.ShouldBe(8);
        (points[1].X - points[0].X).ShouldBe(points[2].X - points[1].X, 0.2, "equal factors are equal distances");
        (points[0].Y - points[1].Y).ShouldBe((points[1].Y - points[2].Y) / 2, 0.2, "shares stand in proportion, higher ones above");
        points[4].X.ShouldBe(points[0].X + 500, 0.2, "the second diagram stands beside the first");

        static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void A_cost_of_nothing_has_no_place() =>
        Should.Throw<ArgumentException>(() => CurvePicture.Draw("", [new("cost", "share", [new("one", [new(0, 0.5, "a")])])])).Message.ShouldContain("above 0");
}
