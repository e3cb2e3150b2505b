using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using Heed.Testing;

namespace Heed.Tests.Formats.Archives;

public class ArchiveTests
{
    private static readonly (string Name, byte[] Content)[] files =
        [("./a/one.png", "one"u8.ToArray()), ("a/two.txt", "two"u8.ToArray()), ("b\\three.png", new byte[5000]), ("b/four.png", [])];

    [Theory]
    [InlineData("x.tar")]
    [InlineData("x.v7.tar")]
    [InlineData("x.pax.tar")]
    [InlineData("x.tar.gz")]
    [InlineData("x.zip")]
    public void Reads_the_wanted_files(string name)
    {
        using var folder = new TemporaryFolder();
        Write(folder[name]);
        FileArchive.IsArchive(folder[name]).ShouldBeTrue();
        List<(string Name, byte[] Content)> read = FileArchive.Read(folder[name], file => file.EndsWith(".png", StringComparison.Ordinal), 1 << 20);
        // A tar has no data for an empty file.
        read.Where(file => file.Content.Length > 0).Select(file => (file.Name, file.Content.Length)).ShouldBe([("a/one.png", 3), ("b/three.png", 5000)]);
        Should.Throw<InputException>(() => FileArchive.Read(folder[name], _ => true, 5000)).Message.ShouldContain("holds more than 5000 bytes");
    }

    [Theory]
    [InlineData("x.tar")]
    [InlineData("x.tar.gz")]
    [InlineData("x.zip")]
    public void Damaged_archives_are_one_error(string name)
    {
        using var folder = new TemporaryFolder();
        Write(folder[name]);
        byte[] whole = File.ReadAllBytes(folder[name]);
        var random = new RandomStream(7, name);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = round % 3 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int change = random.Next(4); change > 0 && bytes.Length > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["damaged"], bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                FileArchive.IsArchive(folder["damaged"]);
                FileArchive.Read(folder["damaged"], _ => true, 1 << 20);
            }
            catch (InputException e)
            {
                e.Message.ShouldContain("damaged: ");
                refused++;
            }
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(20 << 20);
        }
        refused.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void A_bomb_stops_at_the_bound()
    {
        using var folder = new TemporaryFolder();
        using (ZipArchive zip = ZipFile.Open(folder["bomb.zip"], ZipArchiveMode.Create))
        {
            using Stream entry = zip.CreateEntry("a.png").Open();
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < 64; i++)
                entry.Write(block);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<InputException>(() => FileArchive.Read(folder["bomb.zip"], _ => true, 1 << 20)).Message.ShouldContain("holds more than 1048576 bytes");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(8 << 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_files(bool packed)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = Idx([2, 3, 1], 8, 6);
        WriteFile(folder["x"], bytes, packed);
        IdxFile file = IdxFile.Read(folder["x"]);
        file.Shape.ShouldBe([2, 3, 1]);
        file.Values.ToArray().ShouldBe([0, 1, 2, 3, 4, 5]);
        Fault(bytes[..^1]).ShouldContain("declares 6 values but holds 5");
        Fault([.. bytes, 1]).ShouldContain("holds more");
        Fault(Idx([2, 3, 1], 13, 6)).ShouldContain("type 0D");
        Fault(Idx([70000, 70000], 8, 6)).ShouldContain("declares more than 1073741824 values");
        Fault(Idx([-1], 8, 6)).ShouldContain("declares more than 1073741824 values");
        Fault([1, 0, 8, 1]).ShouldContain("no idx file");
        Fault([]).ShouldContain("no idx file");
        Fault([0, 0, 8, 3, 0]).ShouldContain("cannot be read to its end");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fault(Idx([1 << 30], 8, 6)).ShouldContain("declares 1073741824 values but holds 6");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);

        string Fault(byte[] content)
        {
            WriteFile(folder["bad"], content, packed);
            return Should.Throw<InputException>(() => IdxFile.Read(folder["bad"])).Message;
        }
    }

    [Fact]
    public void A_packed_file_that_was_cut_is_an_error()
    {
        using var folder = new TemporaryFolder();
        WriteFile(folder["x.gz"], Idx([1000], 8, 1000), packed: true);
        byte[] packed = File.ReadAllBytes(folder["x.gz"]);
        File.WriteAllBytes(folder["cut.gz"], packed[..^9]);
        Should.Throw<InputException>(() => IdxFile.Read(folder["cut.gz"])).Message.ShouldContain("cut.gz: ");
    }

    [Fact]
    public void Cifar_files()
    {
        using var folder = new TemporaryFolder();
        byte[] record = [7, .. Enumerable.Range(0, 3072).Select(i => (byte)(i / 1024 * 50 + i % 31))];
        WriteFile(folder["c.bin"], [.. record, .. record], packed: true);
        CifarFile file = CifarFile.Read(folder["c.bin"]);
        (file.Count, file.Label(1)).ShouldBe((2, 7));
        Picture picture = file.Picture(1);
        picture[2, 5, 0].ShouldBe((byte)(69 % 31));
        picture[2, 5, 2].ShouldBe((byte)(100 + (2048 + 69) % 31));
        WriteFile(folder["fine.bin"], [3, 44, .. record[1..]], packed: false);
        CifarFile.Read(folder["fine.bin"], labelCount: 2).Label(0, 1).ShouldBe(44);
        CifarFile.Read(folder["fine.bin"], labelCount: 0).Label(0, 1).ShouldBe(44);
        CifarFile.Read(folder["c.bin"], labelCount: 0).LabelCount.ShouldBe(1);
        Should.Throw<InputException>(() => CifarFile.Read(folder["fine.bin"])).Message.ShouldContain("3074 bytes are no whole number of CIFAR pictures of 3073 bytes");
    }

    private static byte[] Idx(int[] shape, byte type, int values)
    {
        List<byte> bytes = [0, 0, type, (byte)shape.Length];
        byte[] number = new byte[4];
        foreach (int size in shape)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, size);
            bytes.AddRange(number);
        }
        return [.. bytes, .. Enumerable.Range(0, values).Select(i => (byte)i)];
    }

    private static void WriteFile(string path, byte[] bytes, bool packed)
    {
        using Stream stream = packed ? new GZipStream(File.Create(path), CompressionLevel.Optimal) : File.Create(path);
        stream.Write(bytes);
    }

    private static void Write(string path)
    {
        if (path.EndsWith("zip", StringComparison.Ordinal))
        {
            using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
            foreach ((string name, byte[] content) in files)
            {
                using Stream entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
            return;
        }
        using Stream stream = path.EndsWith("gz", StringComparison.Ordinal) ? new GZipStream(File.Create(path), CompressionLevel.Optimal) : File.Create(path);
        // Before there was a magic number, as after it.
        bool isOld = path.Contains("v7", StringComparison.Ordinal), isNew = path.Contains("pax", StringComparison.Ordinal);
        using var tar = new TarWriter(stream, TarEntryFormat.Ustar);
        foreach ((string name, byte[] content) in files)
        {
            TarEntry entry = isOld ? new V7TarEntry(TarEntryType.V7RegularFile, name) : isNew ? new PaxTarEntry(TarEntryType.RegularFile, name) : new UstarTarEntry(TarEntryType.RegularFile, name);
            entry.DataStream = new MemoryStream(content);
            tar.WriteEntry(entry);
        }
    }
}
