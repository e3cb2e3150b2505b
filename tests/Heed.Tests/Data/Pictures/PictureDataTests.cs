using Heed.Testing;

namespace Heed.Tests.Data.Pictures;

public class PictureDataTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Folders_are_classes(bool keep)
    {
        using var folder = new TemporaryFolder();
        Write(folder, "zebra/1.png", 1);
        Write(folder, "Zoo/b.PNG", 2);
        Write(folder, "Zoo/a.png", 3);
        Write(folder, "zebra/.hidden.png", 4);
        File.WriteAllText(folder["zebra/readme.txt"], "no picture");
        var data = PictureData.Read(folder.Path, new PictureDataOptions { KeepDecoded = keep });
        data.LabelNames.ShouldBe(["Zoo", "zebra"]);
        data.Labels.ShouldBe([0, 0, 1]);
        Enumerable.Range(0, 3).Select(i => data.Read(i).Picture[0, 0, 0]).ShouldBe([(byte)3, (byte)2, (byte)1]);
        Path.GetFileName(data.NameOf(0)).ShouldBe("a.png");
        data.Counts.ToString().ShouldBe("3 pictures read, 3 kept");
    }

    [Fact]
    public void Folders_that_all_share_come_before_the_class()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "set/train/Greek/alpha/1.png", "set/train/Greek/beta/1.png", "set/train/Latin/a/1.png" })
            Write(folder, name, 1);
        PictureData.Read(folder.Path).LabelNames.ShouldBe(["Greek", "Latin"]);
        PictureData.Read(folder.Path, new PictureDataOptions { LabelFolders = 2 }).LabelNames.ShouldBe(["Greek/alpha", "Greek/beta", "Latin/a"]);
        PictureData.Read(folder["set/train/Latin"]).LabelNames.ShouldBe(["a"]);
    }

    [Fact]
    public void Decoded_pictures_are_kept_up_to_a_bound_and_read_alike_beyond_it()
    {
        using var folder = new TemporaryFolder();
        for (int n = 0; n < 30; n++)
            Write(folder, FormattableString.Invariant($"a/{n}.png"), (byte)(n + 1));
        PictureEntry[] entries = PictureFiles.Find(folder.Path, 1 << 20);
        PictureDataOptions all = new() { KeepDecoded = true };
        PictureList Read(PictureDataOptions options, PictureFaults faults = PictureFaults.Stop) => PictureList.Create(entries, options, options.Decoding, new PictureFaultList(faults), out _);
        PictureList whole = Read(all);
        long each = whole.Read(0).Samples.Length;
        whole.DecodedBytes.ShouldBe(30 * each);
        foreach (PictureFaults faults in new[] { PictureFaults.Stop, PictureFaults.Skip })
        {
            Read(all with { KeepDecoded = false }, faults).DecodedBytes.ShouldBe(0);
            Read(all with { MaximumDecodedBytes = 0 }, faults).DecodedBytes.ShouldBe(0);
            Read(all with { MaximumDecodedBytes = each - 1 }, faults).DecodedBytes.ShouldBe(0);
            PictureList some = Read(all with { MaximumDecodedBytes = (12 * each) + 1 }, faults);
            some.DecodedBytes.ShouldBe(12 * each);
            for (int i = 0; i < 30; i++)
                some.Read(i).Samples.ToArray().ShouldBe(whole.Read(i).Samples.ToArray());
        }
        Should.Throw<ArgumentOutOfRangeException>(() => PictureData.Read(folder.Path, new PictureDataOptions { MaximumDecodedBytes = -1 })).Message.ShouldContain("MaximumDecodedBytes");
    }

    [Fact]
    public void Faults_stop_or_are_skipped_and_counted()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a/1.png", 1);
        Write(folder, "a/2.png", 2);
        Write(folder, "b/1.png", 3);
        byte[] png = File.ReadAllBytes(folder["a/2.png"]);
        File.WriteAllBytes(folder["a/2.png"], png[..^20]);
        File.WriteAllText(folder["a/3.jpg"], "GIF89a");
        Directory.CreateDirectory(folder["empty"]);
        string message = Should.Throw<InputException>(() => PictureData.Read(folder.Path)).Message;
        message.ShouldContain("empty: the class's folder has no pictures");
        Directory.Delete(folder["empty"]);
        Should.Throw<InputException>(() => PictureData.Read(folder.Path)).Message.ShouldContain("3.jpg: this is a GIF");
        Should.Throw<InputException>(() => PictureData.Read(folder.Path, new PictureDataOptions { KeepDecoded = true })).Message.ShouldContain("2.png: the PNG ends early");
        Directory.CreateDirectory(folder["empty"]);
        Write(folder, "outside.png", 1);
        var data = PictureData.Read(folder.Path, new PictureDataOptions { Faults = PictureFaults.Skip });
        data.Labels.ShouldBe([0, 1]);
        data.Counts.ToString().ShouldBe("5 pictures read, 2 kept (skipped pictures: 3, skipped classes: 1)");
        data.Counts.Skipped.Select(skipped => skipped.Reason).ShouldAllBe(reason => reason.StartsWith(folder.Path, StringComparison.Ordinal));
        Should.Throw<InputException>(() => PictureData.Read(folder["no"])).Message.ShouldContain("not found");
        Should.Throw<InputException>(() => PictureData.Read(folder["empty"])).Message.ShouldContain("there are no pictures in it");
        Should.Throw<InputException>(() => PictureData.Read(folder["a/1.png"])).Message.ShouldContain("no folder, tar, tar.gz or zip");
    }

    [Fact]
    public void An_empty_class_is_found_at_every_level_of_its_folders()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "Greek/alpha/1.png", 1);
        Write(folder, "Latin/a/1.png", 2);
        PictureDataOptions two = new() { LabelFolders = 2 };
        PictureData.Read(folder.Path, two).LabelNames.ShouldBe(["Greek/alpha", "Latin/a"]);
        Directory.CreateDirectory(folder["Greek/alpha/more"]);
        PictureData.Read(folder.Path, two).Count.ShouldBe(2);
        Directory.CreateDirectory(folder["Greek/beta"]);
        Should.Throw<InputException>(() => PictureData.Read(folder.Path, two)).Message.ShouldContain("beta: the class's folder has no pictures");
        PictureData.Read(folder.Path).LabelNames.ShouldBe(["Greek", "Latin"]);
        Directory.CreateDirectory(folder["Runic/f"]);
        PictureData.Read(folder.Path, two with { Faults = PictureFaults.Skip }).Counts.ToString().ShouldContain("skipped classes: 2");
    }

    [Fact]
    public void A_table_gives_the_classes()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "p/x/1.png", "p/y/1.png", "p/y/2.png" })
            Write(folder, name, 1);
        string table = folder["labels.tsv"];
        File.WriteAllText(table, "image\tlabel\nx/1.png\tcat\ny/1.png\tdog\n2.png\tcat\n");
        var options = new PictureDataOptions { LabelTable = table };
        var data = PictureData.Read(folder["p"], options);
        data.LabelNames.ShouldBe(["cat", "dog"]);
        data.Labels.ShouldBe([0, 1, 0]);
        Should.Throw<InputException>(() => PictureData.Read(folder["p"], options with { LabelNames = ["dog"] })).Message.ShouldContain("the class 'cat', which is not among the names 'dog'");
        File.WriteAllText(table, "image\tlabel\nx/1.png\tcat\n1.png\tdog\n");
        Should.Throw<InputException>(() => PictureData.Read(folder["p"], options)).Message.ShouldContain("labels.tsv, line 3: '1.png' is the name of several pictures");
        File.WriteAllText(table, "image\tlabel\nx/1.png\tcat\nz.png\tdog\n");
        Should.Throw<InputException>(() => PictureData.Read(folder["p"], options)).Message.ShouldContain("'z.png' is not among the pictures");
        File.WriteAllText(table, "image\tlabel\nx/1.png\tcat\n");
        Should.Throw<InputException>(() => PictureData.Read(folder["p"], options)).Message.ShouldContain("1.png: the picture has no row");
        PictureData.Read(folder["p"], options with { Faults = PictureFaults.Skip }).Counts.ToString().ShouldBe("3 pictures read, 1 kept (skipped pictures: 2)");
    }

    [Fact]
    public void Splits_share_the_classes_out()
    {
        var data = PictureData.FromPictures(Enumerable.Range(0, 100).Select(i => (Tiny(i), i % 4 == 0 ? "rare" : "often")));
        (PictureData train, PictureData dev, PictureData test) = data.Split(seed: 3, dev: 0.2, test: 0.2);
        (train.Count, dev.Count, test.Count).ShouldBe((60, 20, 20));
        dev.Labels.Count(label => label == 1).ShouldBe(5);
        train.LabelNames.ShouldBe(["often", "rare"]);
        int[] all = [.. new[] { train, dev, test }.SelectMany(part => Enumerable.Range(0, part.Count).Select(i => (int)part.Read(i).Picture[0, 0, 0]))];
        all.Order().ShouldBe(Enumerable.Range(0, 100));
        data.Split(seed: 3, dev: 0.2, test: 0.2).Dev.NameOf(0).ShouldBe(dev.NameOf(0));
    }

    [SkippableFact]
    public void Real_mnist()
    {
        string? images = RealData.Find("mnist/t10k-images-idx3-ubyte.gz"), labels = RealData.Find("mnist/t10k-labels-idx1-ubyte.gz");
        Skip.If(images is null || labels is null, RealData.Reason);
        var data = PictureData.ReadIdx(images!, labels!);
        data.Count.ShouldBe(10_000);
        data.LabelNames.ShouldBe(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        data.Labels.Take(5).ShouldBe([7, 2, 1, 0, 4]);
        (data.Read(0).Picture.Width, data.Read(0).Picture.Channels).ShouldBe((28, 1));
        Should.Throw<InputException>(() => PictureData.ReadIdx(labels!, images!)).Message.ShouldContain("has the shape (10000)");
    }

    [SkippableFact]
    public void Real_cifar()
    {
        string? path = RealData.Find("cifar10_small/test.bin.gz"), train = RealData.Find("cifar10_small/train.bin.gz");
        Skip.If(path is null || train is null, RealData.Reason);
        string[] names = File.ReadAllText(RealData.Find("cifar10_small/classes.txt")!).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var data = PictureData.ReadCifar([path!, train!], names);
        data.Count.ShouldBe(6000);
        Enumerable.Range(0, 10).ShouldAllBe(label => data.Labels.Count(l => l == label) == 600);
        Should.Throw<InputException>(() => PictureData.ReadCifar([path!], ["one"])).Message.ShouldContain("there are 1 names");
    }

    [SkippableFact]
    public void Real_cifar_as_jpeg()
    {
        string? path = RealData.Find("cifar10_jpg/test.tar.gz");
        Skip.If(path is null, RealData.Reason);
        var data = PictureData.Read(path!);
        data.Count.ShouldBe(10_000);
        data.LabelNames.ShouldBe(["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]);
        for (int i = 0; i < data.Count; i += 50)
            (data.Read(i).Picture.Width, data.Read(i).Picture.Height, data.Read(i).Picture.Channels).ShouldBe((32, 32, 3));
    }

    [SkippableFact]
    public void Real_omniglot()
    {
        string? path = RealData.Find("omniglot_small/images_background_small1.zip");
        Skip.If(path is null, RealData.Reason);
        var data = PictureData.Read(path!, new PictureDataOptions { LabelFolders = 2, KeepDecoded = true });
        (data.Count, data.LabelNames.Count).ShouldBe((2720, 136));
        Picture picture = data.Read(0).Picture;
        (picture.Width, picture.Height, picture.Channels).ShouldBe((105, 105, 1));
        picture.Samples.ToArray().Distinct().Order().ShouldBe([(byte)0, (byte)255]);
    }

    internal static Picture Tiny(int value) => new(2, 2, 1, new[] { (byte)value, (byte)1, (byte)2, (byte)3 });

    private static void Write(TemporaryFolder folder, string name, int value)
    {
        string path = folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Tiny(value).WritePng(path);
    }
}
