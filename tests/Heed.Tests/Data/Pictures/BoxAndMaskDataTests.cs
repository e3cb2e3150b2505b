using Heed.Testing;
using Heed.Tests.Formats.Images;

namespace Heed.Tests.Data.Pictures;

public class BoxAndMaskDataTests
{
    private static readonly PictureDataOptions skip = new() { Faults = PictureFaults.Skip };

    [Fact]
    public void Boxes_of_a_table()
    {
        using var folder = new TemporaryFolder();
        WritePictures(folder);
        string table = folder["boxes.tsv"];
        const string Header = "image\tsplit\tclass\txmin\tymin\txmax\tymax\n";
        File.WriteAllText(table, Header + "a.png\ttrain\tred\t1\t2\t5\t4.5\na.png\ttrain\tblue\t0\t0\t10\t8\nb.png\ttest\tred\t0\t0\t1\t1\n");
        var data = BoxData.ReadTable(folder["p"], table);
        (data.Count, data.Boxes(2).Count).ShouldBe((3, 0), "c.png has no boxes");
        data.LabelNames.ShouldBe(["blue", "red"]);
        data.Boxes(0).ShouldBe([new PictureBox(1, 1, 2, 5, 4.5f), new PictureBox(0, 0, 0, 10, 8)]);
        data.Read(1).Boxes.ShouldBe([new PictureBox(1, 0, 0, 1, 1)]);
        BoxData.ReadTable(folder["p"], table, rows: ("split", "test")).Count.ShouldBe(1);

        File.WriteAllText(table, Header + "a.png\ttrain\tred\t5\t2\t5\t4\na.png\ttrain\tred\t5\t2\t11\t4\nz.png\ttrain\tred\t5\t2\t6\t4\n");
        Should.Throw<InputException>(() => BoxData.ReadTable(folder["p"], table)).Message.ShouldContain("'z.png' is not among the pictures");
        BoxData.ReadTable(folder["p"], table, skip).Counts.ToString().ShouldBe("3 pictures read, 3 kept (skipped rows: 1, skipped boxes: 2)");
        File.WriteAllText(table, Header + "a.png\ttrain\tred\t5\t2\t5\t4\n");
        string message = Should.Throw<InputException>(() => BoxData.ReadTable(folder["p"], table)).Message;
        message.ShouldContain("boxes.tsv, line 2: the box (5, 2) to (5, 4) of ");
        message.ShouldContain("a.png has no area");
        File.WriteAllText(table, Header + "a.png\ttrain\tred\t5\t2\t11\t4\n");
        Should.Throw<InputException>(() => BoxData.ReadTable(folder["p"], table)).Message.ShouldContain("a.png, which has 10 × 8 pixels");
        Should.Throw<InputException>(() => BoxData.ReadTable(folder["p"], table, new PictureDataOptions { LabelNames = ["x"] })).Message.ShouldContain("pixels");
        File.WriteAllText(table, Header + "a.png\ttrain\tred\t5\tNaN\t11\t4\n");
        Should.Throw<InputException>(() => BoxData.ReadTable(folder["p"], table)).Message.ShouldContain("line 2: 'NaN' is no number of pixels");
    }

    [Fact]
    public void Boxes_of_Pascal_VOC()
    {
        using var folder = new TemporaryFolder();
        WritePictures(folder);
        Directory.CreateDirectory(folder["xml"]);
        const string Box = "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>";
        File.WriteAllText(folder["xml/1 %41#.xml"], $"<annotation><filename>b.png</filename>{Box}{Box}</annotation>");
        File.WriteAllText(folder["xml/2.xml"], "<annotation><filename>a.png</filename></annotation>");
        var data = BoxData.ReadVoc(folder["p"], folder["xml"]);
        (data.Count, data.Boxes(0).Count, data.Boxes(1).Count).ShouldBe((2, 2, 0));
        data.Boxes(0)[1].ShouldBe(new PictureBox(0, 1, 2, 3, 4));
        foreach ((string difficult, BoxKind kind) in new[] { ("<difficult>1</difficult>", BoxKind.Difficult), ("<difficult>0</difficult>", BoxKind.Thing) })
        {
            File.WriteAllText(folder["xml/2.xml"], $"<annotation><filename>a.png</filename>{Box.Replace("<bndbox>", difficult + "<bndbox>", StringComparison.Ordinal)}</annotation>");
            BoxData.ReadVoc(folder["p"], folder["xml"]).Boxes(1).ShouldBe([new PictureBox(0, 1, 2, 3, 4) { Kind = kind }]);
        }

        // Without a name the file's own says which picture it is, whatever that one's kind.
        File.WriteAllText(folder["xml/a.xml"], $"<annotation>{Box}</annotation>");
        File.Delete(folder["xml/2.xml"]);
        BoxData.ReadVoc(folder["p"], folder["xml"]).Boxes(1).ShouldBe([new PictureBox(0, 1, 2, 3, 4)]);
        File.Move(folder["xml/a.xml"], folder["xml/lost.xml"]);
        Should.Throw<InputException>(() => BoxData.ReadVoc(folder["p"], folder["xml"])).Message.ShouldContain("lost.xml: the picture 'lost.jpg' is missing");
        File.Move(folder["xml/lost.xml"], folder["xml/a.xml"]);

        File.WriteAllText(folder["xml/3.xml"], "<annotation><filename>c.png</filename><object></object></annotation>");
        Should.Throw<InputException>(() => BoxData.ReadVoc(folder["p"], folder["xml"])).Message.ShouldContain("3.xml, line 1: an object has no bndbox/xmin");
        File.WriteAllText(folder["xml/3.xml"], "<annotation>");
        Should.Throw<InputException>(() => BoxData.ReadVoc(folder["p"], folder["xml"])).Message.ShouldContain("no readable XML");
        File.WriteAllText(folder["xml/3.xml"], "<!DOCTYPE x [<!ENTITY a 'b'>]><annotation>&a;</annotation>");
        Should.Throw<InputException>(() => BoxData.ReadVoc(folder["p"], folder["xml"])).Message.ShouldContain("no readable XML");
        File.WriteAllText(folder["xml/3.xml"], "<annotation><filename>z.png</filename></annotation>");
        Should.Throw<InputException>(() => BoxData.ReadVoc(folder["p"], folder["xml"])).Message.ShouldContain("3.xml: the picture 'z.png' is missing");
        BoxData.ReadVoc(folder["p"], folder["xml"], skip).Count.ShouldBe(2);
    }

    [Fact]
    public void Boxes_of_COCO()
    {
        using var folder = new TemporaryFolder();
        WritePictures(folder);
        string file = folder["c.json"];
        const string Head = """{"images":[{"id":7,"file_name":"b.png"},{"id":9,"file_name":"a.png"}],"categories":[{"id":3,"name":"dog"},{"id":1,"name":"cat"}],"annotations":[""";
        File.WriteAllText(file, Head + """{"image_id":9,"category_id":3,"bbox":[1,2,3.5,4]},{"image_id":9,"category_id":1,"bbox":[0,0,1,1],"iscrowd":1}]}""");
        var data = BoxData.ReadCoco(folder["p"], file);
        data.LabelNames.ShouldBe(["cat", "dog"]);
        data.Boxes(1).ShouldBe([new PictureBox(1, 1, 2, 4.5f, 6), new PictureBox(0, 0, 0, 1, 1) { Kind = BoxKind.Crowd }]);
        data.Select([1]).Read(0).Boxes.ShouldBe(data.Boxes(1));
        data.BoxCounts.ShouldBe(new BoxCounts(1, 0, 1));
        foreach ((string annotation, string part) in new[]
        {
            ("""{"image_id":1,"category_id":3,"bbox":[1,2,3,4]}""", "annotation 0 is of no image"), ("""{"image_id":9,"category_id":2,"bbox":[1,2,3,4]}""", "annotation 0 is of no category"),
            ("""{"image_id":9,"category_id":3,"bbox":[1,2,3]}""", "four numbers"), ("""{"image_id":9,"category_id":3,"bbox":[1,2,30,4]}""", "leaves"),
            ("""{"image_id":9,"category_id":3,"bbox":[1,2,1e999,4]}""", ""), ("{", "cannot be read"), ("""{"image_id":"x"}""", "cannot be read"),
        })
        {
            File.WriteAllText(file, Head + annotation + "]}");
            string message = Should.Throw<InputException>(() => BoxData.ReadCoco(folder["p"], file)).Message;
            message.ShouldContain("c.json");
            message.ShouldContain(part);
        }
    }

    [Theory]
    [InlineData(1, 0, 0, "1 box")]
    [InlineData(1234, 0, 1, "1,234 boxes and 1 crowd")]
    [InlineData(0, 2, 0, "0 boxes and 2 difficult ones")]
    [InlineData(5, 1, 3, "5 boxes, 1 difficult one and 3 crowds")]
    public void Boxes_are_counted_by_kind(int things, int difficult, int crowds, string text) => new BoxCounts(things, difficult, crowds).ToString().ShouldBe(text);

    // Whatever an annotation holds, it gives boxes or one error that names it.
    [Fact]
    public void Mutated_annotations()
    {
        using var folder = new TemporaryFolder();
        WritePictures(folder);
        Directory.CreateDirectory(folder["xml"]);
        const string Voc = "<annotation><folder>words that nobody reads, as real files have them</folder><filename>b.png</filename><object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>";
        const string Coco = """{"info":{"description":"words that nobody reads, as real files have them"},"images":[{"id":7,"file_name":"b.png"}],"categories":[{"id":3,"name":"dog"}],"annotations":[{"image_id":7,"category_id":3,"bbox":[1,2,3.5,4]}]}""";
        const string Table = "image\tclass\txmin\tymin\txmax\tymax\tnote\na.png\tred\t1\t2\t5\t4.5\twords that nobody reads, as real files have them\n";
        string[] pieces = ["<", ">", "</", "null", "{", "[", "]", ",", "\"", "1e999", "-1", "&", "\t", "\n", "\0", "99999999999999999999", "é", " ", "0", "7", "x", "1", "."];
        var random = new RandomStream(1, "annotations");
        (int read, int refused) = (0, 0);
        for (int round = 0; round < 600; round++)
        {
            string text = (round % 3) switch { 0 => Voc, 1 => Coco, _ => Table };
            for (int change = random.Next(2); change >= 0; change--)
            {
                int at = random.Next(text.Length);
                text = random.Next(3) == 0 ? text.Remove(at, Math.Min(1 + random.Next(6), text.Length - at)) : text.Insert(at, pieces[random.Next(pieces.Length)]);
            }
            string path = folder[(round % 3) switch { 0 => "xml/a.xml", 1 => "a.json", _ => "a.tsv" }];
            File.WriteAllText(path, text);
            try
            {
                _ = (round % 3) switch
                {
                    0 => BoxData.ReadVoc(folder["p"], folder["xml"]),
                    1 => BoxData.ReadCoco(folder["p"], path),
                    _ => BoxData.ReadTable(folder["p"], path),
                };
                read++;
            }
            catch (InputException e)
            {
                refused++;
                e.Message.ShouldContain(Path.GetFileName(path));
            }
        }
        read.ShouldBeGreaterThan(30);
        refused.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Masks_go_with_their_pictures()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "a", "b" })
        {
            WritePicture(folder, $"set/images/{name}.png", 10, 8);
            WriteMask(folder, $"set/labels/{name}.png", 10, 8, (x, y) => x < 5 ? 0 : y == 0 ? 255 : 1);
        }
        var data = MaskData.Read(folder["set"], ["no", "yes"], voidLabel: 255);
        data.Count.ShouldBe(2);
        Picture mask = data.Read(1).Mask!;
        (mask[1, 4, 0], mask[1, 5, 0], mask[0, 9, 0]).ShouldBe(((byte)0, (byte)1, (byte)255));
        Should.Throw<InputException>(() => MaskData.Read(folder["set"], ["no", "yes"])).Message.ShouldContain("a.png: the mask has the number 255 at row 0, column 5");
        WriteMask(folder, "set/labels/a.png", 10, 9, (_, _) => 0);
        Should.Throw<InputException>(() => MaskData.Read(folder["set"], ["no", "yes"], 255)).Message.ShouldContain("the mask has 10 × 9 pixels");
        WritePicture(folder, "set/images/c.png", 10, 8);
        MaskData.Read(folder["set"], ["no", "yes"], 255, skip).Counts.ToString().ShouldBe("3 pictures read, 1 kept (skipped masks: 1, skipped pictures: 1)");
        Should.Throw<InputException>(() => MaskData.Read(folder["set"], ["no"], imageFolder: "other")).Message.ShouldContain("below a folder 'other'");
    }

    [SkippableFact]
    public void Real_blood_cells()
    {
        string? pictures = RealData.Find("bccd/images.tar"), table = RealData.Find("bccd/boxes.tsv");
        Skip.If(pictures is null || table is null, RealData.Reason);
        Should.Throw<InputException>(() => BoxData.ReadTable(pictures!, table!)).Message.ShouldContain("has no area");
        // Skipping decodes every picture.
        var data = BoxData.ReadTable(pictures!, table!, skip);
        data.Counts.ToString().ShouldBe("364 pictures read, 364 kept (skipped boxes: 2)");
        data.LabelNames.ShouldBe(["Platelets", "RBC", "WBC"]);
        Enumerable.Range(0, data.Count).Sum(i => data.Boxes(i).Count).ShouldBe(4886);
        PictureSample sample = data.Read(0);
        (sample.Picture.Width, sample.Picture.Height, sample.Boxes.Count).ShouldBe((640, 480, data.Boxes(0).Count));
    }

    [SkippableFact]
    public void Real_road_scenes()
    {
        string[] names = ["sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"];
        foreach ((string part, int count) in new[] { ("train", 367), ("val", 101), ("test", 233) })
        {
            string? path = RealData.Find($"camvid_120x90/{part}.tar");
            Skip.If(path is null, RealData.Reason);
            var data = MaskData.Read(path!, names, voidLabel: 11, new PictureDataOptions { KeepDecoded = true });
            data.Count.ShouldBe(count);
            PictureSample sample = data.Read(0);
            (sample.Picture.Width, sample.Picture.Height, sample.Picture.Channels, sample.Mask!.Channels).ShouldBe((120, 90, 3, 1));
        }
    }

    private static void WritePictures(TemporaryFolder folder)
    {
        foreach (string name in new[] { "a", "b", "c" })
            WritePicture(folder, $"p/{name}.png", 10, 8);
    }

    private static void WritePicture(TemporaryFolder folder, string name, int width, int height)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        new Picture(width, height, 3, new byte[width * height * 3]).WritePng(folder[name]);
    }

    private static void WriteMask(TemporaryFolder folder, string name, int width, int height, Func<int, int, int> label)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        File.WriteAllBytes(folder[name], new TinyPng { Width = width, Height = height, Sample = (x, y, _) => label(x, y) }.Build());
    }
}
