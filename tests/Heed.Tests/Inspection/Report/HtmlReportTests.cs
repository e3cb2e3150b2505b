using System.Text.RegularExpressions;
using Heed.Testing;

namespace Heed.Tests.Inspection.Report;

public sealed partial class HtmlReportTests
{
    private const string Attack = "</title></script><script>alert(1)</script><img src=x onerror='alert(2)'>\" onfocus=\"alert(3) <!-- ]]> &lt;b&gt; \u202Eabc\u202C \u2028 \u0000 \uD800";

    [Fact]
    public void Nothing_of_a_user_becomes_markup()
    {
        ShadedText text = new(Attack, [0..8, 20..30], [new(Attack, [0.25f, -0.75f]) { Note = Attack }]) { Heading = Attack, Facts = [(Attack, Attack)] };
        float[] weights = [0.5f, 1];
        WeightMatrix matrix = new(Attack, [Attack], [Attack, "b"], weights) { Facts = [(Attack, Attack)] };
        byte[] grey = [7];
        HtmlReport report = new HtmlReport(Attack) { Introduction = Attack }
            .Add(new ReportTexts(Attack, [text]) { Note = Attack })
            .Add(new ReportTable(Attack, Attack, [Attack, ">" + Attack], [[Attack, Attack]]))
            .Add(new ReportConfusion(Attack, [Attack, "b"], [3, 1, 0, 2]))
            .Add(new ReportChart(Attack, Attack, Attack, [new(Attack, [new(1, 2, Attack), new(2, 3, "")])]))
            .Add(new ReportHeads(Attack, [Attack], [[matrix]]))
            .Add(new ReportMatrices(Attack, [matrix]))
            .Add(new ReportPictures(Attack, [new(new Picture(1, 1, 1, grey), Attack, [new(Attack, 1, 2, weights)]) { Facts = [(Attack, Attack)] }]));
        string page = report.ToString();
        Regex.Count(page, "<script", RegexOptions.IgnoreCase).ShouldBe(1, "ours alone");
        Regex.Count(page, "</script", RegexOptions.IgnoreCase).ShouldBe(1);
        string own = page[..page.IndexOf("<style>", StringComparison.Ordinal)] + page[page.IndexOf("</style>", StringComparison.Ordinal)..page.IndexOf("<script>", StringComparison.Ordinal)];
        string[] known = ["html", "head", "meta", "link", "title", "body", "a", "header", "div", "h1", "h2", "h3", "p", "button", "nav", "ul", "li", "ol", "main", "section", "article", "span", "strong", "b", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "text", "line", "polyline", "circle", "details", "summary", "label", "input", "img", "footer", "noscript"];
        Tag().Matches(own).Select(m => m.Groups["name"].Value).Except(known.Append("style"), StringComparer.Ordinal).ShouldBeEmpty();
        Tag().Matches(own).SelectMany(m => AttributeName().Matches(Quoted().Replace(m.Value, "=\"\"")).Select(a => a.Groups["name"].Value)).Where(name => name.StartsWith("on", StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty();
        own.ShouldNotContain("\u202E");
        own.ShouldNotContain("\u2028");
        own.ShouldNotContain("\0");
        own.ShouldContain("<span class=\"ctl\">U+202E</span>");
        own.ShouldContain("[U+202E]", Case.Sensitive, "in attributes and the title");
        own.ShouldContain("U+D800");
        // Each of these was written by a section that knows nothing of escaping.
        Regex.Count(own, "&lt;script&gt;").ShouldBeGreaterThan(25);
    }

    [Fact]
    public void Two_hundred_explained_texts_take_less_than_four_megabytes()
    {
        RandomStream random = new(3, "texts");
        ShadedText[] texts = [.. Enumerable.Range(0, 200).Select(i =>
        {
            string[] words = [.. Enumerable.Range(0, 200).Select(_ => new string('a', 1 + random.Next(9)))];
            Range[] ranges = new Range[words.Length];
            for (int w = 0, at = 0; w < words.Length; at += words[w++].Length + 1)
                ranges[w] = at..(at + words[w].Length);
            return new ShadedText(string.Join(' ', words), ranges, [.. Enumerable.Range(0, 5).Select(r => new WeightRow($"method {r}", [.. words.Select(_ => (float)(random.NextDouble() - 0.3))]))]) { Heading = $"Line {i}" };
        })];
        System.Text.Encoding.UTF8.GetByteCount(new HtmlReport("large").Add(new ReportTexts("Texts", texts)).ToString()).ShouldBeLessThan(4_000_000);
    }

    [Fact]
    public void Longer_lists_are_cut_and_say_so()
    {
        ShadedText one = new("a b", [0..1, 2..3], [.. Enumerable.Range(0, 20).Select(r => new WeightRow($"row {r}", [0.5f, 0.5f]))]);
        ShadedText long1 = new(new string('x', 9000), [0..4, 7998..8004], [new("row", [1, 2])]);
        long[] many = new long[60 * 60];
        many[(59 * 60) + 58] = 5;
        HtmlReport report = new HtmlReport("cut")
            .Add(new ReportTexts("Texts", [long1, .. Enumerable.Repeat(one, 300)]))
            .Add(new ReportTable("Table", "Table", ["a"], [.. Enumerable.Range(0, 500).Select(i => new[] { $"r{i}" })]))
            .Add(new ReportConfusion("Confusion", [.. Enumerable.Range(0, 60).Select(i => $"class{i}x")], many))
            .Add(new ReportMatrices("Matrices", [.. Enumerable.Repeat(new WeightMatrix("m", [.. Enumerable.Repeat("q", 200)], ["k"], new float[200]), 101)]));
        string page = report.ToString();
        page.ShouldContain("200 of 301 texts are shown; this file holds no more.");
        page.ShouldContain("12 of 20 rows of weights are shown");
        page.ShouldContain("The first 8,000 of 9,000 characters are shown.");
        page.ShouldContain("200 of 500 rows are shown");
        page.ShouldContain("40 of 60 classes, those with the most errors, are shown");
        page.ShouldContain("class59x", Case.Sensitive, "the one with errors stays");
        page.ShouldNotContain("class50x");
        page.ShouldContain("100 of 101 matrices are shown");
        page.ShouldContain("128 of 200 rows are shown");
        page.ShouldContain("At most 200 texts of 8,000 characters", Case.Sensitive, "the limits are stated");
        page.Length.ShouldBeLessThan(600_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Letters_keep_their_contrast_on_every_shade(bool isDark)
    {
        PictureColour ink = ReportAssets.Theme(isDark).Ink;
        for (int level = -ReportAssets.Levels; level <= ReportAssets.Levels; level++)
            Contrast(ink, ReportAssets.Shade(level, isDark)).ShouldBeGreaterThanOrEqualTo(4.5, $"level {level}");
    }

    [Theory]
    [InlineData("a👩‍👩‍👧b", new[] { 0, 1, 1, 3, 4, 8, 9, 10 }, "0..1 1..9 9..10")]
    [InlineData("e\u0301x", new[] { 0, 1, 1, 2, 2, 3 }, "0..2 2..3")]
    [InlineData("ab", new[] { 1, 2, 0, 1, 0, 0 }, "0..1 1..2")]
    public void Tokens_within_one_character_are_one_part(string text, int[] places, string expected)
    {
        Range[] ranges = [.. places.Chunk(2).Select(p => p[0]..p[1])];
        ShadedText shaded = new(text, ranges, []);
        IReadOnlyList<(int Start, int End, int[] Tokens)> parts = shaded.Parts(100);
        string.Join(' ', parts.Select(p => $"{p.Start}..{p.End}")).ShouldBe(expected);
        parts.SelectMany(p => p.Tokens).Count().ShouldBe(ranges.Count(r => r.GetOffsetAndLength(text.Length).Length > 0), "no token is lost");
    }

    [Fact]
    public void A_report_knows_its_own_files()
    {
        using TemporaryFolder folder = new();
        new HtmlReport("x").Write(folder["a.html"]);
        HtmlReport.IsIn(folder["a.html"]).ShouldBeTrue();
        File.WriteAllText(folder["b.html"], "<!doctype html>\n<p>mine");
        HtmlReport.IsIn(folder["b.html"]).ShouldBeFalse();
        Should.Throw<InputException>(() => HtmlReport.IsIn(folder["none.html"]));
    }

    [Fact]
    public void Packed_weights_keep_their_values()
    {
        float[] weights = [0, 0.1f, 0.333f, 0.9f, float.NaN, 1e-6f];
        (string largest, string packed) = new WeightMatrix("m", ["a", "b"], ["c", "d", "e"], weights).Pack();
        byte[] bytes = Convert.FromBase64String(packed);
        float top = float.Parse(largest, System.Globalization.CultureInfo.InvariantCulture);
        top.ShouldBe(0.9f);
        for (int i = 0; i < weights.Length; i++)
            (top * BitConverter.ToUInt16(bytes, 2 * i) / 65535).ShouldBe(float.IsNaN(weights[i]) ? 0 : weights[i], top / 65535);
        Should.Throw<ArgumentException>(() => new ReportMatrices("x", [new("m", ["a"], ["b"], weights)]) is var section && new HtmlReport("x").Add(section).ToString().Length > 0).Message.ShouldContain("6 weights but 1 rows and 1 columns");
    }

    private static double Contrast(PictureColour a, PictureColour b)
    {
        static double Linear(byte v) => v / 255.0 is var c && c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        static double Light(PictureColour c) => (0.2126 * Linear(c.Red)) + (0.7152 * Linear(c.Green)) + (0.0722 * Linear(c.Blue));
        (double x, double y) = (Light(a), Light(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    [GeneratedRegex("<(?<name>[a-zA-Z][a-zA-Z0-9]*)[^<>]*>", RegexOptions.ExplicitCapture)]
    private static partial Regex Tag();

    [GeneratedRegex("=\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\s(?<name>[a-zA-Z-]+)=", RegexOptions.ExplicitCapture)]
    private static partial Regex AttributeName();
}
