using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>Segmentation and detection from the command line.</summary>
public sealed class PlaceTests
{
    private static readonly string[] quick = ["--epochs", "1", "--batch", "8", "--quiet"];

    [Fact]
    public void Segments_from_training_to_a_drawing()
    {
        using TemporaryFolder folder = new();
        Scenes(folder["data"], 20);
        string model = folder["model"];
        CommandRun.Of(["train", "segment", "--data", folder["data"], "--classes", "ground,circle,square,triangle,cross", "--out", model, "--widths", "4,8", "--attention", "se", "--dice", "1", "--json", .. quick]).ShouldSucceed()
            .Out.ShouldContain("\"meanIou\"");
        string page = File.ReadAllText(folder["model.report.html"]);
        foreach (string part in new[] { ">Loss by epoch</h2>", ">Dev mean IoU by epoch</h2>", ">Classes</h2>", "class=\"bar\"", ">Confusion matrix</h2>", " pixels, ", ">Pictures, the worst first</h2>", "<figcaption>predicted</figcaption>" })
            page.ShouldContain(part);
        CommandRun.Of("eval", model, "--data", folder["data"], "--report", folder["all.html"], "--report-texts", "all").ShouldSucceed();
        File.ReadAllText(folder["all.html"]).Split("<article class=\"picture\"").Length.ShouldBe(21, "every picture once");
        CommandRun.Of("eval", model, "--data", folder["data"], "--report", folder["none.html"], "--report-texts", "none").ShouldSucceed();
        File.ReadAllText(folder["none.html"]).ShouldNotContain("data:image");
        CommandRun.Of("eval", model, "--data", folder["data"], "--json").ShouldSucceed().Out.ShouldContain("\"iou\"");
        string seen = CommandRun.Of("eval", model, "--data", folder["data"]).ShouldSucceed().Out;
        seen.ShouldContain("mean IoU");
        CommandRun.Of("eval", model, "--data", folder["data"], "--report", folder["again.html"]).ShouldSucceed().Out.ShouldBe(seen, "the page's own measurement");
        string picture = folder["data/images/0.png"], drawing = folder["seen/drawing.png"];
        CommandRun.Of("predict", model, picture, "--out", drawing).ShouldSucceed().Out.ShouldContain(picture);
        Picture.Read(drawing).Width.ShouldBeGreaterThanOrEqualTo(32);
        CommandRun.Of("predict", model, picture, folder["data/images/1.png"], "--out", folder["all"], "--json").ShouldSucceed().Out.ShouldContain("\"shares\"");
        Directory.GetFiles(folder["all"]).Length.ShouldBe(2);
        CommandRun.Of("predict", model, picture, "--out", picture).ShouldRefuse("would overwrite the picture");
        CommandRun.Of("predict", model).ShouldRefuse("paths of PNG or JPEG files");
        CommandRun.Of("predict", model, picture, "--weights").ShouldRefuse("there is no --weights");
        CommandRun.Of("describe", model).ShouldSucceed().Out.ShouldContain("U-Net of widths 4, 8");
        CommandRun.Of(["train", "segment", "--data", folder["data"], "--classes", "ground,circle,square,triangle,cross", "--out", folder["second"], "--init", model, "--insert", "gc", "--insert-after", "encoder*", "--freeze", "encoder1.*", .. quick])
            .ShouldSucceed();
        string said = CommandRun.Of("describe", folder["second"], "--size", "48x64").ShouldSucceed().Out;
        foreach (string part in (string[])["multiply-adds for a picture of 48 x 64", "attention   3 SqueezeExcitation, the first encoder1.attention: ", "inserted    2 GlobalContext, the first se behind encoder1: "])
            said.ShouldContain(part);
        CommandRun.Of("describe", folder["second"], "--size", "x").ShouldRefuse("--size must be");
        CommandRun.Of("predict", folder["second"], picture).ShouldSucceed();
        string[] explain = ["explain", model, picture, "--target", "circle", "--whole-picture", "--steps", "4", "--samples", "2"];
        CommandRun run = CommandRun.Of(explain).ShouldSucceed();
        run.Lines[0].ShouldStartWith("mean log odds of 'circle', over the whole picture = ");
        run.Lines[1..].Select(line => line.Trim().Split(' ')[0]).ShouldBe(["gradient-input", "integrated-gradients", "smoothgrad", "occlusion", "grad-cam"]);
        CommandRun.Of([.. explain, "--report", folder["explained.html"], "--json"]).ShouldSucceed().Out.ShouldContain("\"model\":\"segmenter\"");
        File.ReadAllText(folder["explained.html"]).ShouldContain("grad-cam");
        CommandRun.Of("explain", model, picture, "--gates").ShouldSucceed().Out.ShouldContain("encoder1");
        CommandRun.Of("explain", model, picture, "--out", folder["over.png"], "--methods", "occlusion").ShouldSucceed();
        Picture.Read(folder["over.png"]).Width.ShouldBe(32);
        CommandRun.Of("explain", model, "--data", folder["data"], "--limit", "3", "--methods", "occlusion", "--whole-picture", "--faithfulness").ShouldSucceed().Lines[0].ShouldStartWith("3 inputs, removal by 'blur'");
        CommandRun.Of([.. explain, "--against", model, "--methods", "occlusion"]).ShouldSucceed().Out.ShouldContain("occlusion");
        CommandRun.Of("explain", model, picture, "--against", model).ShouldRefuse("--whole-picture");
        CommandRun.Of("explain", model, picture, "--target", "sky").ShouldRefuse("there is no label 'sky'; there are 'ground', 'circle'");
        CommandRun.Of("explain", model, folder["none.png"]).ShouldRefuse("none.png");
    }

    [Fact]
    public void Detects_from_training_to_a_drawing()
    {
        using TemporaryFolder folder = new();
        Scenes(folder["data"], 20);
        string model = folder["model"], data = folder["data/images"] + "," + folder["data/boxes.tsv"];
        string[] network = ["--depths", "1,1,1", "--widths", "4,8,8", "--width", "8", "--head-depth", "1", "--levels", "1", "--attention", "eca"];
        CommandRun.Of(["train", "detect", "--data", data, "--rows", "part=train", "--dev-rows", "part=dev", "--test-rows", "part=dev", "--out", model, "--json", .. network, .. quick]).ShouldSucceed().Out.ShouldContain("\"vocPrecision\"");
        CommandRun.Of("eval", model, "--data", data, "--rows", "part=dev", "--json").ShouldSucceed().Out.ShouldContain("\"cocoThreeQuarters\"");
        CommandRun.Of("eval", model, "--data", data).ShouldSucceed().Out.ShouldContain("mAP@0.5:0.95");
        string picture = folder["data/images/0.png"];
        CommandRun.Of("predict", model, picture, "--threshold", "0", "--out", folder["drawing.png"]).ShouldSucceed().Out.ShouldContain(picture);
        Picture.Read(folder["drawing.png"]).Width.ShouldBe(32);
        CommandRun.Of("predict", model, picture, "--json").ShouldSucceed().Out.ShouldContain("\"boxes\"");
        CommandRun.Of("predict", model, picture, "--threshold", "2").ShouldRefuse("from 0 to 1");
        CommandRun.Of("describe", model).ShouldSucceed().Out.ShouldContain("FCOS with 1 levels of 8");
        CommandRun.Of(["train", "detect", "--data", data, "--rows", "part=train", "--dev-rows", "part=dev", "--out", folder["second"], "--init", model, "--insert", "se", "--insert-after", "fpn.layer1", "--start-open", .. quick]).ShouldSucceed();
        string said = CommandRun.Of("describe", folder["second"]).ShouldSucceed().Out;
        foreach (string part in (string[])["multiply-adds for a picture of 32 x 32", "attention   3 EfficientChannelAttention", "inserted    1 SqueezeExcitation, the first fpn.se behind fpn.layer1: "])
            said.ShouldContain(part);
        CommandRun.Of("predict", folder["second"], picture).ShouldSucceed();
        string page = File.ReadAllText(folder["model.report.html"]);
        foreach (string part in new[] { ">Dev mAP@0.5 by epoch</h2>", ">Classes</h2>", "class=\"bar\"", ">Precision and recall", ">Pictures, the worst first</h2>", "<figcaption>found</figcaption>" })
            page.ShouldContain(part);
        CommandRun paged = CommandRun.Of("eval", model, "--data", data, "--rows", "part=dev", "--report", folder["dev.html"]).ShouldSucceed();
        paged.Error.ShouldContain("dev.html");
        paged.Out.ShouldBe(CommandRun.Of("eval", model, "--data", data, "--rows", "part=dev").ShouldSucceed().Out, "the page's own measurement");
        CommandRun run = CommandRun.Of("explain", model, picture, "--target", "circle", "--steps", "4", "--samples", "2").ShouldSucceed();
        run.Lines[0].ShouldStartWith("log odds of the strongest 'circle' = ");
        run.Lines.Length.ShouldBe(6);
        CommandRun.Of("explain", model, "--data", data, "--limit", "3", "--methods", "occlusion", "--faithfulness", "--json").ShouldSucceed().Out.ShouldContain("\"comprehensiveness\"");
        CommandRun.Of("explain", model, picture, "--gates").ShouldSucceed().Out.ShouldContain("channels");
        CommandRun.Of("explain", model, picture, "--place", "9").ShouldRefuse("there is no box 9");
        CommandRun.Of("explain", model, picture, "--place", "0").ShouldRefuse("Place must be at least 1");
        CommandRun.Of("explain", model, picture, "--methods", "attention").ShouldRefuse("does not apply");
        CommandRun.Of("explain", model, picture, "--against", model, "--place", "1").ShouldRefuse("another in the other model");
    }

    [Fact]
    public void Wrong_masks_get_one_message_that_names_the_file()
    {
        using TemporaryFolder folder = new();
        Scenes(folder["data"], 4);
        string[] train = ["train", "segment", "--data", folder["data"], "--out", folder["m"]];
        CommandRun.Of(train).ShouldRefuse("--classes is required");
        string[] named = [.. train, "--classes", "ground,circle,square,triangle,cross"];
        CommandRun.Of([.. train, "--classes", "a,a"]).ShouldRefuse("different names");
        CommandRun.Of([.. train, "--classes", "ground"]).ShouldRefuse("but there are 1 classes");
        CommandRun.Of([.. named, "--widths", "4,x"]).ShouldRefuse("--widths must be whole numbers");
        CommandRun.Of([.. named, "--attention", "sea"]).ShouldRefuse("there is no attention 'sea'");
        CommandRun.Of([.. named, "--backbone", "resnet21"]).ShouldRefuse("there is no network 'resnet21'");
        CommandRun.Of([.. named, "--backbone", "vit-32", "--quiet"]).ShouldRefuse("widths, but the backbone has 1 level of features; take one that sees at several resolutions, such as a residual network or MobileNetV3.");
        CommandRun.Of([.. named, "--size", "32x32x3"]).ShouldRefuse("--size must be rows and columns");
        CommandRun.Of([.. named, "--dice", "-1"]).ShouldRefuse("Dice must be at least 0");
        CommandRun.Of([.. named, "--monitor", "macro-f1"]).ShouldRefuse("mean-iou, accuracy or loss");
        CommandRun.Of([.. named, "--masks", "masks"]).ShouldRefuse("no pictures below a folder 'masks'");
        new Picture(16, 32, 1, new byte[512]).WritePng(folder["data/labels/2.png"]);
        CommandRun.Of(named).ShouldRefuse("2.png", "16 × 32 pixels", "32 × 32");
        File.Delete(folder["data/labels/2.png"]);
        CommandRun.Of(named).ShouldRefuse("2.png", "has no mask");
        Directory.Exists(folder["m"]).ShouldBeFalse();
    }

    [Fact]
    public void Wrong_boxes_get_one_message_that_names_the_file()
    {
        using TemporaryFolder folder = new();
        Scenes(folder["data"], 4);
        string pictures = folder["data/images"], table = folder["boxes.tsv"];
        string[] Train(string boxes) => ["train", "detect", "--data", pictures + "," + boxes, "--out", folder["m"]];
        CommandRun.Of("train", "detect", "--data", pictures, "--out", folder["m"]).ShouldRefuse("PICTURES,BOXES");
        const string Header = "image\tpart\tclass\txmin\tymin\txmax\tymax\n";
        File.WriteAllText(table, Header + "0.png\ttrain\tcircle\t1\t1\t40\t9\n");
        CommandRun.Of(Train(table)).ShouldRefuse("boxes.tsv, line 2", "leaves", "0.png", "32 × 32 pixels");
        File.WriteAllText(table, Header + "0.png\ttrain\tcircle\t5\t1\t5\t9\n");
        CommandRun.Of(Train(table)).ShouldRefuse("boxes.tsv, line 2", "has no area");
        File.WriteAllText(table, Header + "0.png\ttrain\t\t1\t1\t5\t9\n");
        CommandRun.Of(Train(table)).ShouldRefuse("boxes.tsv");
        CommandRun.Of(Train(folder["none.tsv"])).ShouldRefuse("none.tsv");
        File.WriteAllText(table, Header + "0.png\ttrain\tcircle\t1\t1\t5\t9\n");
        CommandRun.Of([.. Train(table), "--rows", "part"]).ShouldRefuse("column=value");
        CommandRun.Of([.. Train(table), "--rows", "part=test"]).ShouldRefuse("boxes.tsv");
        CommandRun.Of([.. Train(table), "--backbone", "resnet20", "--widths", "4,8,8"]).ShouldRefuse("belong to the small backbone");
        CommandRun.Of([.. Train(folder["data/boxes.tsv"]), "--levels", "7", "--quiet"]).ShouldRefuse("the backbone has 4");
        CommandRun.Of([.. Train(folder["data/boxes.tsv"]), "--backbone", "vit-32", "--quiet"]).ShouldRefuse("2 levels are asked for, but the backbone has 1 level of features; take one that sees at several resolutions");
        // Without a box there is nothing to choose the best epoch by.
        CommandRun.Of([.. Train(table), "--dev", pictures + "," + Empty(folder), "--quiet"]).ShouldRefuse("no box in the dev pictures");
        Directory.Exists(folder["m"]).ShouldBeFalse();
    }

    [Fact]
    public void The_demo_compares_three_tasks_and_draws()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of("demo", "vision", "--out", folder["seen"], "--scenes", "20", "--size", "32", "--epochs", "1", "--quiet").ShouldSucceed();
        foreach (string word in (string[])["which shape is red", "where things are", "what each pixel is", "mAP@0.5", "mean IoU"])
            run.Out.ShouldContain(word);
        Directory.GetFiles(folder["seen"], "*.png").Length.ShouldBe(7);
        CommandRun.Of("demo", "vision", "--out", folder["seen"], "--scenes", "2").ShouldRefuse("--scenes must be from 20");
        CommandRun.Of("demo", "vision", "--out", folder["seen"], "--attention", "sea").ShouldRefuse("there is no attention 'sea'");
    }

    private static string Empty(TemporaryFolder folder)
    {
        const string Name = "coco.json";
        File.WriteAllText(folder[Name], """{ "images": [ { "id": 1, "file_name": "1.png" } ], "categories": [ { "id": 1, "name": "circle" } ], "annotations": [] }""");
        return folder[Name];
    }

    // Scenes with their masks and a table of their boxes.
    private static void Scenes(string folder, int count)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        Directory.CreateDirectory(Path.Combine(folder, "labels"));
        List<string> rows = ["image\tpart\tclass\txmin\tymin\txmax\tymax"];
        foreach ((int n, ShapeScene scene) in ShapeScenes.Make(count, 3, size: 32, mostThings: 2).Index())
        {
            scene.Picture.WritePng(Path.Combine(folder, "images", FormattableString.Invariant($"{n}.png")));
            scene.Mask.WritePng(Path.Combine(folder, "labels", FormattableString.Invariant($"{n}.png")));
            rows.AddRange(scene.Boxes.Select(b => FormattableString.Invariant($"{n}.png\t{(n % 4 == 0 ? "dev" : "train")}\t{ShapeScenes.LabelNames[b.Label]}\t{b.Left}\t{b.Top}\t{b.Right}\t{b.Bottom}")));
        }
        File.WriteAllLines(Path.Combine(folder, "boxes.tsv"), rows);
    }
}
