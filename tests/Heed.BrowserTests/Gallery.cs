using System.Text.RegularExpressions;

namespace Heed.BrowserTests;

/// <summary>A report with a section of every kind, over data made by formulas: left to right and right to left, Chinese, and texts that attack.</summary>
internal static partial class Gallery
{
    public const string English = "The delivery was three weeks late and nobody answered my calls, but the chair itself is lovely.";
    public const string Attack = "<script>window.attacked=1</script><img src=x onerror=\"window.attacked=1\"> \" onmouseover=\"window.attacked=1 </script><!-- ' ]]> \u202Ereversed\u202C \u0007 \uD800";

    public static HtmlReport Report()
    {
        HtmlReport report = new("Parcels, chairs and lamps " + Attack) { Introduction = "12,345 parameters, 3 labels. Made by formulas; it holds 6 texts of nobody." };
        Curve Line(string name, Func<int, double> value) => new(name, [.. Enumerable.Range(1, 12).Select(e => new CurvePoint(e, value(e), ""))]);
        report.Add(new ReportChart("Loss by epoch", "epoch", "loss", [Line("training", e => 1.1 * Math.Exp(-e / 3.0)), Line("dev", e => 0.35 + (0.8 * Math.Exp(-e / 2.5)) + (0.01 * e))]) { Note = "The best epoch, whose weights were kept: 7." });
        foreach (ReportSection section in EvaluationSections.Of(Measured()))
            report.Add(section);
        foreach (ReportSection section in EvaluationSections.Of(new SegmentationReport(["sky", "road", "car", "<b>never</b>"], [912_000, 8_000, 500, 0, 30_000, 640_000, 21_000, 0, 900, 44_000, 81_000, 0, 0, 0, 0, 0], 12, 0.3)))
            report.Add(section with { Title = "Pixels: " + section.Title });
        foreach (ReportSection section in EvaluationSections.Of(Found()))
            report.Add(section with { Title = "Boxes: " + section.Title });
        report.Add(new ReportTexts("Most confident errors", Texts()) { Note = "6 rows were answered wrong; all of them are here." });
        report.Add(Heads("What the heads look at"));
        report.Add(new ReportMatrices("Alignments", [Alignment("the cat drinks cold milk →", ["die", "Katze", "trinkt", "kalte", "Milch", "."], ["the", "cat", "drinks", "cold", "milk", "."]), Alignment("今天天气很好", ["The", "weather", "is", "nice", "today"], ["今天", "天气", "很", "好"])]));
        report.Add(new ReportPictures("Where it looked", [.. Enumerable.Range(0, 2).Select(View)]));
        report.Add(new ReportPictures("Pictures, the worst first", [.. Enumerable.Range(0, 2).Select(Drawn)]) { Note = "2 of 2 pictures have a missed or a wrong box." });
        return report;
    }

    public static ShadedText Shade(string text, string heading, params string[] rows) => Shade(text, heading, [.. Word().Matches(text).Select(m => m.Index..(m.Index + m.Length))], rows);

    private static ClassificationReport Measured()
    {
        string[] labels = ["billing", "shipping", "repair & <parts>"];
        RandomStream random = new(1, "gallery");
        int[] targets = [.. Enumerable.Range(0, 400).Select(i => i % 7 % 3)];
        float[] probabilities = [.. targets.SelectMany(t =>
        {
            double[] scores = [.. labels.Select((_, c) => Math.Exp((c == t ? 1.6 : 0) + (2.2 * random.NextDouble()) - (c == 2 && t == 1 ? 0 : 0.4)))];
            return scores.Select(s => (float)(s / scores.Sum()));
        })];
        return ClassificationReport.FromProbabilities(targets, probabilities, labels, 0.4);
    }

    private static DetectionReport Found()
    {
        RandomStream random = new(2, "boxes");
        List<IReadOnlyList<PictureBox>> truth = [];
        List<IReadOnlyList<ScoredBox>> found = [];
        for (int i = 0; i < 240; i++)
        {
            int label = i % 3;
            PictureBox box = new(label, 10, 10, 50, 50);
            bool isRight = random.NextDouble() < 0.85 - (0.15 * label);
            truth.Add([box]);
            found.Add([new ScoredBox(isRight ? box : new PictureBox(label, 60, 60, 90, 90), (float)((isRight ? 0.2 : 0) + (0.7 * random.NextDouble())))]);
        }
        return new DetectionReport(["red cells", "white cells", "platelets & <others>"], truth, found);
    }

    private static ShadedText[] Texts() =>
    [
        Shade(English, "Line 17", "attention", "gradient × input", "occlusion"),
        Shade("الخدمة كانت سيئة جدا ولن أشتري من هذا المتجر مرة أخرى.", "Line 18", "attention"),
        Shade("這家飯店的服務很好但是房間太小了", "Line 19", [0..1, 1..2, 2..4, 4..5, 5..7, 7..8, 8..9, 9..11, 11..13, 13..14, 14..15, 15..16], "attention", "occlusion"),
        Shade(Attack, "Line 20 " + Attack, "attention " + Attack),
        Shade("Family 👩‍👩‍👧 e\u0301tude and नमस्ते", "Line 21", "attention"),
        Shade(TextPair.Join("How old is the bridge?", "It was built in 1904."), "Line 22", "attention"),
    ];

    private static ShadedText Shade(string text, string heading, Range[] tokens, params string[] rows) =>
        new(text, tokens, [.. rows.Select((row, r) => new WeightRow(row, Weights(tokens.Length, r, isSigned: r > 0)) { Note = r == 2 ? "each token left out, one after the other" : "" })])
        {
            Heading = heading,
            Facts = [("true", "billing"), ("predicted", "shipping"), ("probability", "0.9312")],
        };

    private static float[] Weights(int count, int row, bool isSigned)
    {
        double[] raw = [.. Enumerable.Range(0, count).Select(i => Math.Pow(Math.Abs(Math.Sin((i * 1.7) + row + 0.3)), 4) + 0.02)];
        return [.. raw.Select((w, i) => (float)(w / raw.Sum() * (isSigned && i % 3 == 1 ? -1 : 1)))];
    }

    public static ReportHeads Heads(string title, int layers = 4, int heads = 6)
    {
        string[] tokens = [.. Word().Matches(English).Select(m => m.Value).Prepend("[CLS]").Append("[SEP]")];
        return new ReportHeads(title, [.. Enumerable.Range(0, layers).Select(l => $"layer{l}.attention")],
            [.. Enumerable.Range(0, layers).Select(l => (IReadOnlyList<WeightMatrix>)[.. Enumerable.Range(0, heads).Select(h => Head(l, h, tokens))])]);
    }

    private static WeightMatrix Head(int layer, int head, string[] tokens)
    {
        int n = tokens.Length;
        float[] weights = new float[n * n];
        for (int i = 0; i < n; i++)
        {
            double[] row = [.. Enumerable.Range(0, n).Select(j => Math.Exp(-Math.Abs(i - j - head + 2) / (0.5 + layer)) + (j == 0 ? 0.3 * head : 0.02))];
            for (int j = 0; j < n; j++)
                weights[(i * n) + j] = (float)(row[j] / row.Sum());
        }
        return new WeightMatrix($"layer {layer}, head {head}", tokens, tokens, weights) { Facts = [("entropy", $"1.{layer}{head}"), ("distance", $"{head}.2")] };
    }

    private static WeightMatrix Alignment(string name, string[] target, string[] source)
    {
        float[] weights = [.. target.SelectMany((_, i) => Enumerable.Range(0, source.Length).Select(j => (float)Math.Exp(-2 * Math.Abs((double)i / target.Length - ((double)j / source.Length)) * source.Length)))];
        return new WeightMatrix(name, target, source, weights);
    }

    private static PictureView View(int number)
    {
        byte[] samples = new byte[64 * 64 * 3];
        for (int i = 0; i < 64 * 64; i++)
        {
            bool isIn = Math.Pow((i % 64) - 22 - (14 * number), 2) + Math.Pow((i / 64) - 30, 2) < 200;
            (samples[3 * i], samples[(3 * i) + 1], samples[(3 * i) + 2]) = isIn ? ((byte)220, (byte)120, (byte)60) : ((byte)(60 + (i % 64)), (byte)110, (byte)(90 + (i / 64)));
        }
        PictureMap Map(string name, int size) => new(name, size, size, (float[])[.. Enumerable.Range(0, size * size).Select(i => (float)Math.Exp(-(Math.Pow((i % size) - (size / 2.0) + 1, 2) + Math.Pow((i / size) - (size / 2.0), 2)) / size))]);
        return new PictureView(new Picture(64, 64, 3, samples), $"ball {number}.png", [Map("Grad-CAM", 8), Map("occlusion", 16)]) { Facts = [("true", "ball"), ("predicted", "sun")] };
    }

    private static PictureView Drawn(int number)
    {
        Picture picture = View(number).Picture;
        Picture Boxed(string text, int shift)
        {
            PictureCanvas canvas = new(picture);
            canvas.Box(8 + (14 * number) + shift, 16, 37 + (14 * number) + shift, 45, PictureColour.OfClass(number), text);
            return canvas.ToPicture();
        }
        return new PictureView(picture, $"ball {number}.png", []) { Facts = [("boxes", "1"), ("found", "1"), ("missed", "0"), ("wrong", "0")], Drawings = [("true", Boxed("ball", 0)), ("found", Boxed("ball 0.93", 2))] };
    }

    [GeneratedRegex(@"\w+|[^\w\s]")]
    private static partial Regex Word();
}
