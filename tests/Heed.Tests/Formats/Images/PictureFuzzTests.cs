using System.Diagnostics;
using Heed.Testing;

namespace Heed.Tests.Formats.Images;

/// <summary>Whatever the bytes are, a decoder gives a picture or one <see cref="InputException"/>, in bounded memory and time.</summary>
public class PictureFuzzTests
{
    private static readonly PictureReadOptions small = new() { MaximumPixels = 1 << 20 };

    public static TheoryData<string> Files() => [.. Repository.Files("goldens/pictures", "*.jpg").Select(path => Path.GetFileName(path)), "interlaced.png", "palette.png", "deep.png"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Mutated_files(string name)
    {
        byte[] whole = name switch
        {
            "interlaced.png" => new TinyPng { Width = 37, Height = 29, Colour = 6, Interlaced = true, Sample = (x, y, c) => (x * y + c) & 255 }.Build(),
            "palette.png" => new TinyPng { Width = 37, Height = 29, Bits = 4, Colour = 3, Sample = (x, y, _) => (x ^ y) & 15, Palette = new byte[48], Transparency = new byte[3] }.Build(),
            "deep.png" => new TinyPng { Width = 37, Height = 29, Bits = 16, Colour = 2, Sample = (x, y, c) => x * y * 50 + c, Transparency = new byte[6] }.Build(),
            _ => File.ReadAllBytes(Repository.PathOf("goldens/pictures/" + name)),
        };
        var random = new RandomStream(20261129, name);
        int read = 0, refused = 0;
        for (int round = 0; round < 400; round++)
        {
            byte[] mutated = Mutate(whole, random);
            // Half of the PNGs get right checksums, or no change would get past them.
            if (name.EndsWith("png", StringComparison.Ordinal) && round % 2 == 0)
                TinyPng.Repair(mutated);
            if (Survives(mutated, $"{name}, round {round}"))
                read++;
            else
                refused++;
        }
        refused.ShouldBeGreaterThan(20);
        if (!name.StartsWith("refused", StringComparison.Ordinal))
            // The checksum of a PNG's data lets little through.
            read.ShouldBeGreaterThan(name.EndsWith("png", StringComparison.Ordinal) ? 0 : 5, "mutations that always break the file test little");
    }

    // A declared size costs nothing before the file shows that it can hold it.
    [Fact]
    public void Declared_sizes_cost_nothing()
    {
        byte[] jpeg = File.ReadAllBytes(Repository.PathOf("goldens/pictures/progressive_420.jpg"));
        int frame = jpeg.AsSpan().IndexOf((byte[])[0xFF, 0xC2]);
        byte[] largest = [.. jpeg[..(frame + 5)], 0x1F, 0xFF, 0x1F, 0xFF, .. jpeg[(frame + 9)..]];
        byte[] png = TinyPng.File([("IHDR", TinyPng.Header(8000, 8000, 16, 6, 1)), ("IDAT", new byte[5000]), ("IEND", [])]);
        foreach (byte[] bytes in new[] { largest, png })
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Should.Throw<InputException>(() => Picture.Decode(bytes)).Message.ShouldContain("Is it whole?");
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(200_000);
        }
    }

    private static bool Survives(byte[] bytes, string context)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        bool isRead = true;
        try
        {
            Picture.Decode(bytes, options: small).Samples.Length.ShouldBeLessThanOrEqualTo(4 << 20);
        }
        catch (InputException e)
        {
            isRead = false;
            e.Message.Length.ShouldBeLessThan(500, context);
        }
        catch (Exception e) when (e is not ShouldAssertException)
        {
            throw new InvalidOperationException($"{context}: {e.GetType().Name} on {Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 2000)))}", e);
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(40L << 20, context);
        // Far above what a megapixel takes, far below what a walk without end would.
        watch.Elapsed.TotalSeconds.ShouldBeLessThan(60, context);
        return isRead;
    }

    private static byte[] Mutate(byte[] whole, RandomStream random)
    {
        List<byte> bytes = [.. whole];
        for (int change = random.Next(3); change >= 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(1 + random.Next(8), bytes.Count - at)); break;
                case 2: bytes.RemoveRange(Math.Max(1, at), bytes.Count - Math.Max(1, at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(1 + random.Next(60), bytes.Count - at))); break;
                case 4: bytes.InsertRange(at, [0xFF, (byte)(0xC0 + random.Next(32))]); break;
                case 5: bytes[at] = random.Next(2) == 0 ? (byte)0xFF : (byte)0; break;
                default: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            }
        }
        return [.. bytes];
    }
}
