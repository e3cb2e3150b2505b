using System.Diagnostics;
using System.IO.Compression;
using Heed.Testing;
using Heed.Tests.Formats.Images;

namespace Heed.Tests.Data.Pictures;

/// <summary>Whatever the bytes of an idx file, a CIFAR file or a mask are, they give pictures or one <see cref="InputException"/> that names the file, in bounded memory and time.</summary>
public sealed class PictureReaderFuzzTests
{
    private const int Record = 1 + (3 * 1024);

    public static TheoryData<string, bool> Readers => new() { { "idx", false }, { "idx", true }, { "cifar", false }, { "cifar", true } };

    [Theory]
    [MemberData(nameof(Readers))]
    public void Mutated_files(string reader, bool isPacked)
    {
        using TemporaryFolder folder = new();
        RandomStream random = new(20261201, reader);
        byte[] plain = reader == "idx"
            ? [0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 3, .. Bytes(60, random)]
            : [.. Enumerable.Range(0, 3).SelectMany(n => (byte[])[(byte)n, .. Bytes(Record - 1, random)])];
        byte[] whole = isPacked ? Packed(plain) : plain;
        string path = folder[reader == "idx" ? "x.idx" : "x.bin"], labels = folder["y.idx"];
        File.WriteAllBytes(labels, [0, 0, 8, 1, 0, 0, 0, 5, 0, 1, 2, 1, 0]);
        (int read, int refused) = Fuzz(whole, path, random, 500, () =>
        {
            PictureData data = reader == "idx" ? PictureData.ReadIdx(path, labels) : PictureData.ReadCifar([path]);
            for (int i = 0; i < data.Count; i++)
                data.Read(i).Picture.Samples.Length.ShouldBe(reader == "idx" ? 12 : 3072);
        });
        refused.ShouldBeGreaterThan(100);
        // A packed file has a checksum: what changed is seen, but in its header.
        read.ShouldBeGreaterThan(isPacked ? 0 : 50);
    }

    // Cut at any byte: whole records alone are read.
    [Fact]
    public void Truncated_files()
    {
        using TemporaryFolder folder = new();
        RandomStream random = new(3, "cut");
        byte[] idx = [0, 0, 8, 1, 0, 0, 0, 9, .. Bytes(9, random)], cifar = [.. Enumerable.Range(0, 2).SelectMany(n => (byte[])[(byte)n, .. Bytes(Record - 1, random)])];
        foreach (int length in Enumerable.Range(0, idx.Length))
        {
            File.WriteAllBytes(folder["x.idx"], idx[..length]);
            Should.Throw<InputException>(() => IdxFile.Read(folder["x.idx"]), $"{length} bytes").Message.ShouldContain("x.idx");
        }
        foreach (int length in new[] { 0, 1, 100, Record - 1, Record, Record + 1, (2 * Record) - 1 })
        {
            File.WriteAllBytes(folder["x.bin"], cifar[..length]);
            if (length == Record)
                CifarFile.Read(folder["x.bin"]).Count.ShouldBe(1);
            else
                Should.Throw<InputException>(() => CifarFile.Read(folder["x.bin"]), $"{length} bytes").Message.ShouldContain("x.bin");
        }
        byte[] packed = Packed(cifar);
        foreach (int length in Enumerable.Range(0, 40).Select(n => n * packed.Length / 40))
        {
            File.WriteAllBytes(folder["x.bin"], packed[..length]);
            Should.Throw<InputException>(() => CifarFile.Read(folder["x.bin"]), $"{length} packed bytes").Message.ShouldContain("x.bin");
        }
    }

    // What a header declares costs nothing before the file shows that it holds it, nor does what a packed file would become.
    [Fact]
    public void Declared_sizes_cost_nothing()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["x.idx"], [0, 0, 8, 3, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 3, 0xFF, 1, 2, 3]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<InputException>(() => IdxFile.Read(folder["x.idx"])).Message.ShouldContain("but holds 3");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4L << 20);
        foreach (byte[] sizes in new byte[][] { [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1], [0, 1, 0, 0, 0, 1, 0, 0] })
        {
            File.WriteAllBytes(folder["x.idx"], [0, 0, 8, 2, .. sizes, 1]);
            Should.Throw<InputException>(() => IdxFile.Read(folder["x.idx"])).Message.ShouldContain("Is it damaged?");
        }
    }

    [Fact]
    public void Mutated_masks()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["images"]);
        Directory.CreateDirectory(folder["labels"]);
        byte[] mask = new TinyPng { Width = 9, Height = 7, Bits = 2, Colour = 3, Sample = (x, y, _) => (x + y) % 3, Palette = [0, 0, 0, 9, 9, 9, 90, 0, 0, 1, 1, 1] }.Build();
        File.WriteAllBytes(folder["images/a.png"], new TinyPng { Width = 9, Height = 7, Colour = 2, Sample = (x, y, c) => x * y + c }.Build());
        RandomStream random = new(7, "masks");
        int round = 0;
        (int read, int refused) = Fuzz(mask, folder["labels/a.png"], random, 400, () =>
        {
            MaskData data = MaskData.Read(folder.Path, ["sky", "road", "tree"]);
            data.Read(0).Mask!.Samples.ToArray().ShouldAllBe(number => number < 3);
        }, bytes =>
        {
            // Half get right checksums, or no change would get past them.
            if (round++ % 2 == 0)
                TinyPng.Repair(bytes);
        });
        refused.ShouldBeGreaterThan(100);
        read.ShouldBeGreaterThan(0);
    }

    private static (int Read, int Refused) Fuzz(byte[] whole, string path, RandomStream random, int rounds, Action work, Action<byte[]>? repair = null)
    {
        (int read, int refused) = (0, 0);
        for (int round = 0; round < rounds; round++)
        {
            byte[] mutated = Mutate(whole, random);
            repair?.Invoke(mutated);
            File.WriteAllBytes(path, mutated);
            long before = GC.GetTotalAllocatedBytes();
            Stopwatch watch = Stopwatch.StartNew();
            try
            {
                work();
                read++;
            }
            catch (InputException e)
            {
                refused++;
                e.Message.ShouldContain(Path.GetFileName(path));
                e.Message.Length.ShouldBeLessThan(600);
            }
            catch (Exception e) when (e is not ShouldAssertException)
            {
                throw new InvalidOperationException($"round {round}: {e.GetType().Name} on {Convert.ToHexString(mutated.AsSpan(0, Math.Min(mutated.Length, 500)))}", e);
            }
            // Other tests allocate at the same time; a declared gigabyte would still be seen.
            (GC.GetTotalAllocatedBytes() - before).ShouldBeLessThan(800L << 20, $"round {round}");
            watch.Elapsed.TotalSeconds.ShouldBeLessThan(60, $"round {round}");
        }
        return (read, refused);
    }

    private static byte[] Bytes(int count, RandomStream random) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(256))];

    private static byte[] Packed(byte[] plain)
    {
        using MemoryStream memory = new();
        using (GZipStream packed = new(memory, CompressionLevel.Fastest))
            packed.Write(plain);
        return memory.ToArray();
    }

    private static byte[] Mutate(byte[] whole, RandomStream random)
    {
        List<byte> bytes = [.. whole];
        for (int change = random.Next(3); change >= 0; change--)
        {
            // The header as often as all the rest.
            int at = random.Next(2) == 0 ? random.Next(Math.Min(20, bytes.Count)) : random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(1 + random.Next(8), bytes.Count - at)); break;
                case 2: bytes.RemoveRange(Math.Max(1, at), bytes.Count - Math.Max(1, at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(1 + random.Next(60), bytes.Count - at))); break;
                case 4: bytes[at] = random.Next(2) == 0 ? (byte)0xFF : (byte)0; break;
                default: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            }
            if (bytes.Count == 0)
                bytes.Add(0);
        }
        return [.. bytes];
    }
}
