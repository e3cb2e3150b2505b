using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class ImageTests
{
    [Fact]
    public void Trains_evaluates_predicts_and_describes()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 40);
        string model = folder["model"];
        string[] train = ["train", "image", "--data", folder["pictures"], "--out", model, "--model", "se-resnet20", "--epochs", "3", "--batch", "8", "--learning-rate", "0.05", "--shift", "1", "--json", "--quiet"];
        CommandRun trained = CommandRun.Of(train).ShouldSucceed();
        trained.Out.ShouldContain("\"topFive\"");
        trained.Out.ShouldContain("model.report.html");
        CommandRun.Of("eval", model, "--data", folder["pictures"], "--report", folder["seen.html"], "--report-texts", "all").ShouldSucceed();
        string page = File.ReadAllText(folder["seen.html"]);
        foreach (string heading in new[] { "Loss by epoch", "Confusion matrix", "Calibration", "Most confident errors" })
            page.ShouldContain($">{heading}</h2>");
        page.Split("<article class=\"picture\"").Length.ShouldBe(41, "every picture once");
        CommandRun.Of("eval", model, "--data", folder["pictures"], "--json").ShouldSucceed().Out.ShouldContain("\"pictures\": 40");
        string picture = Path.Combine(folder["pictures"], "down", "1.png");
        CommandRun.Of("predict", model, picture).ShouldSucceed().Out.ShouldContain(picture);
        CommandRun.Of("predict", model, picture, "--json").ShouldSucceed().Out.ShouldContain("\"probabilities\"");
        CommandRun.Of("predict", model).ShouldRefuse("paths of PNG or JPEG files");
        CommandRun.Of("predict", model, picture, "--threshold", "0").ShouldSucceed().Out.ShouldNotContain("unsure");
        CommandRun.Of("predict", model, picture, "--threshold", "1").ShouldSucceed().Out.ShouldStartWith("unsure: ");
        CommandRun.Of("predict", model, picture, "--threshold", "1", "--json").ShouldSucceed().Out.ShouldContain("\"label\":\"unsure\"");
        CommandRun.Of("predict", model, picture, "--threshold", "2").ShouldRefuse("from 0 to 1");
        foreach (string[] foreign in new[] { ["--out", folder["seen.png"]], ["--weights"], ["--offsets", "codepoint"], new[] { "--encoding", "utf-8" } })
            CommandRun.Of(["predict", model, picture, .. foreign]).ShouldRefuse($"there is no {foreign[0]}");
        CommandRun.Of("describe", model).ShouldSucceed().Out.ShouldContain("attention se");
        CommandRun run = CommandRun.Of("explain", model, picture, "--steps", "8", "--samples", "4").ShouldSucceed();
        run.Lines[1..].Select(line => line.Trim().Split(' ')[0]).ShouldBe(["gradient-input", "integrated-gradients", "smoothgrad", "occlusion", "grad-cam"]);
        run.Lines[5].ShouldContain("row ");
        CommandRun.Of("explain", model, picture, "--out", folder["overlay.png"]).ShouldSucceed();
        Picture.Read(folder["overlay.png"]).Width.ShouldBe(8);
        CommandRun.Of("explain", model, picture, "--gates").ShouldSucceed().Out.ShouldContain("layer1.0");
        CommandRun byClass = CommandRun.Of("explain", model, picture, picture, "--gates", "--by-class").ShouldSucceed();
        byClass.Lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["layer", "class", "pictures", "mean", "gate", "from", "all"]);
        byClass.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1].ShouldBe("0.000", "all pictures are of one class");
        CommandRun.Of("explain", model, picture, picture, "--gates", "--by-class", "--json").ShouldSucceed().Lines.ShouldHaveSingleItem().ShouldContain("\"pictures\":2");
        CommandRun.Of("explain", model, picture, "--by-class").ShouldRefuse("--by-class is of --gates");
        CommandRun.Of("explain", model, picture, "--methods", "attention").ShouldRefuse("does not apply");
        CommandRun table = CommandRun.Of("explain", model, "--data", folder["pictures"], "--limit", "6", "--methods", "occlusion,grad-cam", "--faithfulness", "--json").ShouldSucceed();
        using JsonDocument measured = JsonDocument.Parse(table.Out);
        measured.RootElement.GetProperty("methods").EnumerateArray().Select(m => m.GetProperty("method").GetString()).ShouldBe(["occlusion", "grad-cam", "random"]);
        // Spread over the set: both classes are there.
        string[] names = [.. CommandRun.Of("explain", model, "--data", folder["pictures"], "--limit", "2", "--methods", "occlusion").ShouldSucceed().Lines.Where(line => line.Contains("occlusion", StringComparison.Ordinal))];
        names.Length.ShouldBe(2);
        names[0].ShouldContain("/along/");
        names[1].ShouldContain("/down/");
        CommandRun.Of("explain", model, "--data", folder["pictures"], "--text", "text").ShouldRefuse("--text is for tables of texts");
        CommandRun.Of("explain", model, "--data", folder["none"]).ShouldRefuse(folder["none"]);
        CommandRun.Of("explain", model, picture, "--trace", folder["trace"]).ShouldRefuse("image classifier has neither");
        CommandRun.Of("explain", model, picture, "--place", "1").ShouldRefuse("--place chooses a box");
        CommandRun.Of("explain", model, picture, "--whole-picture").ShouldRefuse("--whole-picture is for segmenters");
        CommandRun.Of("explain", model, picture, "--against", model, "--methods", "occlusion").ShouldSucceed().Out.ShouldContain("1.000");
        CommandRun.Of("explain", model, picture, "--intervene", "randomize", "--methods", "occlusion").ShouldSucceed().Lines[^1].ShouldStartWith("conv1");
    }

    [Fact]
    public void Answers_with_mirrored_pictures_are_a_property_of_the_model_and_both_figures_are_told()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 24);
        string[] train = ["train", "image", "--data", folder["pictures"], "--test", folder["pictures"], "--model", "resnet20", "--epochs", "1", "--batch", "8", "--report", "none", "--quiet", "--optimizer", "sgd", "--nesterov"];
        using JsonDocument both = JsonDocument.Parse(CommandRun.Of([.. train, "--average-mirrored", "--keep-decoded", "0", "--json", "--out", folder["model"]]).ShouldSucceed().Out);
        JsonElement test = both.RootElement.GetProperty("test");
        ImageClassifier model = ImageClassifier.Load(folder["model"]);
        model.AveragesMirrored.ShouldBeTrue();
        model.Record.Options.Nesterov.ShouldBeTrue();
        CommandRun.Of("describe", folder["model"]).ShouldSucceed().Out.ShouldContain("answers with mirrored pictures");
        CommandRun.Of("eval", folder["model"], "--data", folder["pictures"]).ShouldSucceed().Out.ShouldContain(FormattableString.Invariant($"accuracy {test.GetProperty("accuracy").GetDouble():F4} ({test.GetProperty("accuracyPlain").GetDouble():F4} without mirrored"));
        CommandRun.Of([.. train, "--json", "--out", folder["plain"]]).ShouldSucceed().Out.ShouldNotContain("accuracyPlain");
        CommandRun.Of("eval", folder["plain"], "--data", folder["pictures"], "--json").ShouldSucceed().Out.ShouldNotContain("accuracyPlain");
        CommandRun.Of("eval", folder["plain"], "--data", folder["pictures"], "--average-mirrored", "--json").ShouldSucceed().Out.ShouldContain("accuracyPlain");
        CommandRun.Of([.. train, "--keep-decoded", "-1", "--out", folder["none"]]).ShouldRefuse("--keep-decoded must be at least 0");
        CommandRun.Of([.. train[..^2], "adamw", "--nesterov", "--out", folder["none"]]).ShouldRefuse("Nesterov is of sgd with momentum");
    }

    [Fact]
    public void A_vision_Transformer_is_explained_by_its_attention()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 20, size: 32);
        string model = folder["model"], picture = Path.Combine(folder["pictures"], "down", "1.png");
        CommandRun.Of("train", "image", "--data", folder["pictures"], "--out", model, "--model", "vit-32", "--epochs", "1", "--batch", "8", "--report", "none", "--quiet").ShouldSucceed();
        CommandRun run = CommandRun.Of("explain", model, picture, "--methods", "attention,attention:0.1,rollout,flow", "--trace", folder["trace"], "--report", folder["seen.html"]).ShouldSucceed();
        run.Lines[1..].Select(line => line.Trim().Split(' ')[0]).ShouldBe(["attention", "attention:0.1", "rollout", "flow"]);
        run.Error.ShouldContain($"heed report {folder["trace"]}");
        CommandRun.Of("report", folder["trace"], "--layers", "0").ShouldSucceed();
        File.ReadAllText(folder["trace.report.html"]).ShouldContain("row 7 column 7");
        File.ReadAllText(folder["seen.html"]).ShouldContain("rollout");
        CommandRun.Of("explain", model, picture, "--out", folder["over.png"]).ShouldSucceed();
        Picture.Read(folder["over.png"]).Width.ShouldBe(32);
        CommandRun.Of("explain", model, picture, "--methods", "attention:9").ShouldRefuse("there is no layer '9'; the model has 6");
        CommandRun.Of("explain", model, picture, "--methods", "grad-cam").ShouldRefuse("no feature map of convolutions");
        CommandRun.Of("explain", model, picture, "--intervene", "uniform").ShouldSucceed().Out.ShouldContain("uniform");
        CommandRun.Of("explain", model, picture, "--intervene", "given", "--weights", "1").ShouldRefuse("--weights has 1 numbers", "cells, row by row from the top left");
        CommandRun.Of("explain", model, picture, "--intervene", "given", "--weights", "cat=1").ShouldRefuse("'cat=1' is no unit", "cells, row by row");
        CommandRun.Of("explain", model, "--data", folder["pictures"], "--limit", "2", "--methods", "rollout", "--trace", folder["traces"], "--trace-type", "u8").ShouldSucceed();
        Directory.GetDirectories(folder["traces"]).Select(Path.GetFileName).Order().ShouldBe(["0001", "0002"]);
        CommandRun.Of("explain", model, picture, "--trace", folder["trace"], "--faithfulness").ShouldRefuse("--trace goes with explanations");
    }

    [Fact]
    public void Blocks_placements_and_convolutions_go_by_name_and_layers_are_frozen()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 16);
        string[] train = ["train", "image", "--data", folder["pictures"], "--epochs", "1", "--batch", "8", "--quiet", "--attention", "cbam", "--placement", "pre", "--convolution", "splat"];
        CommandRun.Of([.. train, "--out", folder["model"]]).ShouldSucceed();
        string said = CommandRun.Of("describe", folder["model"]).ShouldSucceed().Out;
        foreach (string part in new[] { "attention cbam (pre), splat convolutions", "multiply-adds for a picture of 8 x 8", "9 ConvolutionalBlockAttention, the first layer1.0.se:", "9 SplitAttention, the first layer1.0.conv1:" })
            said.ShouldContain(part);
        CommandRun.Of("describe", folder["model"], "--json").ShouldSucceed().Out.ShouldContain("\"multiplyAdds\"");
        CommandRun.Of([.. train, "--out", folder["second"], "--init", folder["model"], "--freeze", "layer1.*", "--freeze", "conv1"]).ShouldSucceed();
        CommandRun.Of([.. train, "--out", folder["third"], "--freeze", "layr1"]).ShouldRefuse("named 'layr1'", "Did you mean 'layer1'?");
        CommandRun.Of([.. train, "--out", folder["third"], "--init", folder["none"]]).ShouldRefuse(folder["none"]);
        CommandRun.Of([.. train[..^1], "plan", "--out", folder["third"]]).ShouldRefuse("there is no convolution 'plan'", "augmented");
        CommandRun.Of([.. train[..^4], "--placement", "outer", "--out", folder["third"]]).ShouldRefuse("there is no placement 'outer'", "identity");
        Directory.Exists(folder["third"]).ShouldBeFalse();
    }

    [Fact]
    public void Blocks_are_inserted_into_a_trained_folder_whose_network_need_not_be_said_again()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 16);
        string[] train = ["train", "image", "--data", folder["pictures"], "--epochs", "1", "--batch", "8"];
        CommandRun.Of([.. train, "--out", folder["first"], "--model", "resnet32", "--quiet"]).ShouldSucceed();
        CommandRun.Of([.. train, "--out", folder["second"], "--init", folder["first"], "--insert", "se", "--insert-after", "layer*.*.bn2", "--start-open", "--reduction", "4"]).ShouldSucceed()
            .Error.ShouldContain("inserted se: 15 blocks after layer*.*.bn2, + ");
        string said = CommandRun.Of("describe", folder["second"]).ShouldSucceed().Out;
        said.ShouldContain("inserted    15 SqueezeExcitation, the first layer1.0.se behind layer1.0.bn2: ");
        CommandRun.Of("describe", folder["second"], "--json").ShouldSucceed().Out.ShouldContain("\"insertedAfter\": \"layer3.4.bn2\"");
        CommandRun.Of([.. train, "--quiet", "--out", folder["third"], "--insert", "se", "--insert-after", "layer*.*.bn4"]).ShouldRefuse("named 'layer*.*.bn4'", "Did you mean 'layer");
        CommandRun.Of([.. train, "--out", folder["third"], "--insert", "se"]).ShouldRefuse("give both");
        CommandRun.Of([.. train, "--out", folder["third"], "--start-open"]).ShouldRefuse("give --insert");
        CommandRun.Of([.. train, "--out", folder["third"], "--insert", "eca", "--insert-after", "conv1", "--start-open"]).ShouldRefuse("'eca' cannot start open", "se, ese");
        CommandRun.Of([.. train, "--out", folder["third"], "--insert", "sea", "--insert-after", "conv1"]).ShouldRefuse("there is no block 'sea'");
        Directory.Exists(folder["third"]).ShouldBeFalse();
    }

    [Fact]
    public void A_file_of_CIFAR_a_pair_of_idx_and_a_zip_are_read()
    {
        using TemporaryFolder folder = new();
        RandomStream random = new(5, "bytes");
        byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(256))];
        // 16 records: a label, and a plane of 32 × 32 for each colour. The names lie beside.
        File.WriteAllBytes(folder["batch.bin"], [.. Enumerable.Range(0, 16).SelectMany(n => (byte[])[(byte)(n % 2), .. Bytes(3072)])]);
        File.WriteAllText(folder["batches.meta.txt"], "plane\nship\n");
        // Bytes of three axes, and of one.
        File.WriteAllBytes(folder["x.idx"], [0, 0, 8, 3, 0, 0, 0, 16, 0, 0, 0, 8, 0, 0, 0, 9, .. Bytes(16 * 8 * 9)]);
        File.WriteAllBytes(folder["y.idx"], [0, 0, 8, 1, 0, 0, 0, 16, .. Enumerable.Range(0, 16).Select(n => (byte)(n % 2))]);
        Draw(folder["pictures"], 16);
        System.IO.Compression.ZipFile.CreateFromDirectory(folder["pictures"], folder["pictures.zip"]);
        string Trained(string data, string name)
        {
            CommandRun.Of("train", "image", "--data", data, "--out", folder[name], "--epochs", "1", "--batch", "8", "--report", "none", "--quiet").ShouldSucceed();
            return CommandRun.Of("eval", folder[name], "--data", data, "--json").ShouldSucceed().Out;
        }
        Trained(folder["batch.bin"], "cifar").ShouldContain("\"pictures\": 16");
        ImageClassifier cifar = ImageClassifier.Load(folder["cifar"]);
        cifar.Labels.ShouldBe(["plane", "ship"]);
        cifar.Network.Config.Channels.ShouldBe(3);
        // The parts of a set, as CIFAR-10 comes in five; and CIFAR-100, whose pictures have two labels.
        File.Copy(folder["batch.bin"], folder["more.bin"]);
        CommandRun.Of("eval", folder["cifar"], "--data", $"{folder["batch.bin"]},{folder["more.bin"]}", "--json").ShouldSucceed().Out.ShouldContain("\"pictures\": 32");
        Directory.CreateDirectory(folder["hundred"]);
        File.WriteAllBytes(folder["hundred/train.bin"], [.. Enumerable.Range(0, 16).SelectMany(n => (byte[])[7, (byte)(n % 3), .. Bytes(3072)])]);
        File.WriteAllText(folder["hundred/fine_label_names.txt"], "apple\nbear\nclock\n");
        Trained(folder["hundred/train.bin"], "fine").ShouldContain("\"pictures\": 16");
        ImageClassifier.Load(folder["fine"]).Labels.ShouldBe(["apple", "bear", "clock"]);
        Trained($"{folder["x.idx"]},{folder["y.idx"]}", "idx").ShouldContain("\"pictures\": 16");
        ImageClassifier idx = ImageClassifier.Load(folder["idx"]);
        idx.Labels.ShouldBe(["0", "1"]);
        idx.Network.Config.Channels.ShouldBe(1);
        string zipped = Trained(folder["pictures.zip"], "zip");
        zipped.ShouldContain("\"pictures\": 16");
        zipped.ShouldBe(CommandRun.Of("eval", folder["zip"], "--data", folder["pictures"], "--json").ShouldSucceed().Out);
        File.WriteAllBytes(folder["y.idx"], [0, 0, 8, 1, 0, 0, 0, 15, .. new byte[15]]);
        CommandRun.Of("train", "image", "--data", $"{folder["x.idx"]},{folder["y.idx"]}", "--out", folder["none"]).ShouldRefuse("y.idx");
        File.AppendAllText(folder["batch.bin"], "x");
        CommandRun.Of("train", "image", "--data", folder["batch.bin"], "--out", folder["none"]).ShouldRefuse("batch.bin", "no whole number of CIFAR pictures");
    }

    [Fact]
    public void Mixup_and_cutout_depend_on_the_seed_alone()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 16);
        byte[] Weights(string name, params string[] options)
        {
            CommandRun.Of(["train", "image", "--data", folder["pictures"], "--out", folder[name], "--epochs", "1", "--batch", "8", "--quiet", .. options]).ShouldSucceed();
            return File.ReadAllBytes(Path.Combine(folder[name], "model.safetensors"));
        }
        byte[] mixed = Weights("a", "--mixup", "0.4", "--cutout", "3", "--log", folder["log.jsonl"]);
        Weights("b", "--mixup", "0.4", "--cutout", "3").ShouldBe(mixed);
        Weights("c", "--mixup", "0.4").ShouldNotBe(mixed);
        Weights("d", "--cutout", "3").ShouldNotBe(mixed);
        File.ReadAllText(folder["log.jsonl"]).ShouldContain("\"dataShare\":");
        CommandRun.Of("train", "image", "--data", folder["pictures"], "--out", folder["e"], "--mixup", "-1").ShouldRefuse("MixupAlpha");
        CommandRun.Of("train", "image", "--data", folder["pictures"], "--out", folder["e"], "--cutout", "-1").ShouldRefuse("Cutout");
    }

    [Fact]
    public void Pictures_that_cannot_be_read_are_skipped_and_said()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 16);
        string bad = Path.Combine(folder["pictures"], "along", "bad.png");
        byte[] whole = File.ReadAllBytes(Path.Combine(folder["pictures"], "along", "0.png"));
        // Colour, 100,000 rows and columns, the checksum of that.
        byte[] header = [.. whole[..16], 0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0, 8, 2, 0, 0, 0];
        byte[] enormous = [.. header, .. Checksum(header.AsSpan(12)), .. whole[33..]];
        string[] train = ["train", "image", "--data", folder["pictures"], "--out", folder["m"], "--epochs", "1", "--batch", "8"];
        foreach ((byte[] file, string complaint) in new[] { (whole[..(whole.Length / 2)], "the PNG ends early"), ([], "the file is empty. Copy it again"), ("GIF89a                "u8.ToArray(), "this is a GIF"), (enormous, "declares 100000 × 100000 pixels") })
        {
            File.WriteAllBytes(bad, file);
            CommandRun.Of(train).ShouldRefuse(bad, complaint);
        }
        string error = CommandRun.Of([.. train, "--skip-faults"]).ShouldSucceed().Error;
        error.ShouldContain("(skipped pictures: 1)");
        error.ShouldContain($"skipped: {bad}: the picture declares");
        Directory.Delete(Path.Combine(folder["pictures"], "along"), recursive: true);
        CommandRun.Of([.. train, "--quiet"]).ShouldRefuse("one class only, 'down'");
    }

    // CRC-32 as PNG has it, most significant byte first.
    private static byte[] Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
        }
        crc = ~crc;
        return [(byte)(crc >> 24), (byte)(crc >> 16), (byte)(crc >> 8), (byte)crc];
    }

    [Fact]
    public void Wrong_input_gets_one_message()
    {
        using TemporaryFolder folder = new();
        Draw(folder["pictures"], 4);
        string[] train = ["train", "image", "--data", folder["pictures"], "--out", folder["m"]];
        CommandRun.Of([.. train, "--model", "resnet21"]).ShouldRefuse("there is no network 'resnet21'", "resnet20");
        CommandRun.Of([.. train, "--attention", "sea"]).ShouldRefuse("there is no attention 'sea'", "eca");
        CommandRun.Of([.. train, "--flip", "2"]).ShouldRefuse("FlipProbability");
        CommandRun.Of("train", "image", "--data", folder["none"], "--out", folder["m"]).ShouldRefuse(folder["none"]);
        File.WriteAllText(Path.Combine(folder["pictures"], "down", "broken.png"), "no picture");
        CommandRun.Of(train).ShouldRefuse("broken.png");
        Directory.Exists(folder["m"]).ShouldBeFalse();
    }

    // Stripes along and down, one folder each.
    private static void Draw(string folder, int count, int size = 8)
    {
        RandomStream random = new(5, "stripes");
        for (int n = 0; n < count; n++)
        {
            byte[] samples = new byte[3 * size * size];
            for (int i = 0; i < samples.Length; i++)
                samples[i] = (byte)((((n % 2 == 0 ? i / (3 * size) : i / 3 % size) % 2) * 150) + random.Next(100));
            string path = Path.Combine(folder, n % 2 == 0 ? "along" : "down", FormattableString.Invariant($"{n}.png"));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using FileStream stream = File.Create(path);
            PngEncoder.Write(new Picture(size, size, 3, samples), stream);
        }
    }
}
