using System.IO.Compression;
using Heed.Testing;

namespace Heed.Tests.Formats.Images;

public class PngDecoderTests
{
    private static readonly byte[] palette = [.. Enumerable.Range(0, 16 * 3).Select(i => (byte)(i * 37))];

    public static TheoryData<int, int, bool> Kinds()
    {
        var kinds = new TheoryData<int, int, bool>();
        foreach ((int colour, int bits) in new[] { (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16) })
        {
            kinds.Add(colour, bits, false);
            kinds.Add(colour, bits, true);
        }
        return kinds;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_colour_type_depth_and_interlacing(int colour, int bits, bool interlaced)
    {
        int most = colour == 3 ? Math.Min(16, 1 << bits) : 1 << bits;
        int Value(int x, int y, int c) => (x * 7919 + y * 104729 + c * 31) % most;
        foreach ((int width, int height) in new[] { (1, 1), (7, 3), (2, 11), (37, 17) })
        {
            Picture picture = Picture.Decode(new TinyPng
            {
                Width = width, Height = height, Bits = bits, Colour = colour, Interlaced = interlaced, Sample = Value, Palette = colour == 3 ? palette[..(3 * most)] : [],
            }.Build());
            (picture.Width, picture.Height, picture.Channels).ShouldBe((width, height, colour switch { 0 => 1, 2 or 3 => 3, _ => 4 }));
            for (int i = 0; i < picture.Samples.Length; i++)
            {
                int pixel = i / picture.Channels, c = i % picture.Channels, x = pixel % width, y = pixel / width;
                int expected = colour switch
                {
                    3 => palette[3 * Value(x, y, 0) + c],
                    4 => Level(Value(x, y, c == 3 ? 1 : 0)),
                    _ => Level(Value(x, y, c)),
                };
                ((int)picture.Samples.Span[i]).ShouldBe(expected, $"{width} × {height}, sample {i}");
            }
        }

        int Level(int value) => (int)Math.Round(value * 255.0 / ((1 << bits) - 1));
    }

    [Fact]
    public void Transparency_becomes_alpha()
    {
        Picture grey = Picture.Decode(new TinyPng { Width = 3, Height = 1, Bits = 4, Sample = (x, _, _) => x, Transparency = [0, 1] }.Build());
        grey.Samples.ToArray().ShouldBe([0, 0, 0, 255, 17, 17, 17, 0, 34, 34, 34, 255]);
        Picture colour = Picture.Decode(new TinyPng { Width = 2, Height = 1, Colour = 2, Sample = (x, _, c) => 10 * x + c, Transparency = [0, 10, 0, 11, 0, 12] }.Build());
        colour.Samples.ToArray().ShouldBe([0, 1, 2, 255, 10, 11, 12, 0]);
        Picture indexed = Picture.Decode(new TinyPng { Width = 3, Height = 1, Bits = 2, Colour = 3, Sample = (x, _, _) => x, Palette = palette[..9], Transparency = [9, 8] }.Build());
        indexed.Samples.ToArray().ShouldBe([.. palette[..3], 9, .. palette[3..6], 8, .. palette[6..9], 255]);
    }

    [Fact]
    public void Numbers_of_a_mask_are_kept()
    {
        var numbers = new PictureReadOptions { KeepNumbers = true };
        Picture.Decode(new TinyPng { Width = 3, Height = 1, Bits = 2, Sample = (x, _, _) => x }.Build(), options: numbers).Samples.ToArray().ShouldBe([0, 1, 2]);
        Picture.Decode(new TinyPng { Width = 3, Height = 1, Bits = 4, Colour = 3, Sample = (x, _, _) => x, Palette = palette }.Build(), options: numbers)
            .Samples.ToArray().ShouldBe([0, 1, 2]);
        Fault(new TinyPng { Width = 3, Height = 1, Colour = 2, Sample = (x, _, _) => x }.Build(), numbers).ShouldContain("Rgb with 8 bits");
        Fault(new TinyPng { Width = 3, Height = 1, Bits = 16, Sample = (x, _, _) => x }.Build(), numbers).ShouldContain("Grey with 16 bits");
        Fault(File.ReadAllBytes(Repository.PathOf("goldens/pictures/grey.jpg")), numbers).ShouldContain("JPEG cannot hold class numbers");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_is_written_is_read_back(int channels)
    {
        byte[] samples = new byte[23 * 19 * channels];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = (byte)(i * i / 7 + i);
        var picture = new Picture(23, 19, channels, samples);
        using var folder = new TemporaryFolder();
        picture.WritePng(folder["a.png"]);
        Picture read = Picture.Read(folder["a.png"]);
        (read.Width, read.Height, read.Channels).ShouldBe((23, 19, channels));
        read.Samples.ToArray().ShouldBe(samples);
        picture.ToPng().ShouldBe(File.ReadAllBytes(folder["a.png"]));
    }

    [Fact]
    public void Channels_are_converted()
    {
        var colour = new Picture(2, 1, 4, new byte[] { 255, 0, 0, 7, 10, 20, 30, 8 });
        colour.ToChannels(3).Samples.ToArray().ShouldBe([255, 0, 0, 10, 20, 30]);
        Picture grey = colour.ToChannels(1);
        grey.Samples.ToArray().ShouldBe([76, 18]);
        grey.ToChannels(3).Samples.ToArray().ShouldBe([76, 76, 76, 18, 18, 18]);
        grey.ToChannels(4).Samples.ToArray().ShouldBe([76, 76, 76, 255, 18, 18, 18, 255]);
        Picture.Decode(colour.ToPng(), options: new PictureReadOptions { Channels = 1 }).Samples.ToArray().ShouldBe([76, 18]);
    }

    [Fact]
    public void Every_fault_is_named_with_the_file()
    {
        byte[] whole = new TinyPng { Width = 9, Height = 9, Colour = 2, Sample = (x, y, c) => x * y + c }.Build();
        foreach (int length in new[] { 9, 20, 40, whole.Length / 2, whole.Length - 1, whole.Length - 13 })
            Fault(whole[..length]).ShouldContain(length < 8 ? "neither" : "ends early");
        byte[] flipped = [.. whole];
        flipped[70] ^= 1;
        Fault(flipped).ShouldContain("checksum of the chunk");
        Fault(Chunks((100_000, 100_000, 8, 2, 0), [])).ShouldContain("declares 100000 × 100000 pixels; at most 67108864");
        Fault(Chunks((8000, 8000, 16, 6, 0), [1, 2, 3])).ShouldContain("8000 × 8000 pixels, more than its 3 bytes");
        Fault(Chunks((0, 5, 8, 2, 0), [])).ShouldContain("declares 0 × 5 pixels");
        Fault(Chunks((-1, 5, 8, 2, 0), [])).ShouldContain("declares 4294967295 × 5");
        Fault(Chunks((5, 5, 3, 2, 0), [])).ShouldContain("colour type 2 with 3 bits");
        Fault(Chunks((5, 5, 8, 0, 0), Packed(29))).ShouldContain("data end before its last row");
        Fault(Chunks((5, 5, 8, 0, 0), Packed(30, 5))).ShouldContain("filter 5");
        Fault(Chunks((5, 5, 8, 0, 0), [1, 2, 3, 4])).ShouldContain("data are damaged");
        Fault(Chunks((5, 5, 8, 3, 0), Packed(30))).ShouldContain("palette is missing");
        Fault(TinyPng.File([("IDAT", []), ("IEND", [])])).ShouldContain("does not begin with one header");
        Fault(TinyPng.File([("IHDR", TinyPng.Header(5, 5, 8, 0, 0)), ("CgBI", []), ("IEND", [])])).ShouldContain("chunk 'CgBI'");
        Fault(new TinyPng { Width = 3, Height = 1, Colour = 3, Sample = (x, _, _) => x, Palette = palette[..6] }.Build()).ShouldContain("colour 2 of a palette of 2");
        Fault("GIF89a"u8.ToArray()).ShouldContain("this is a GIF, neither PNG nor JPEG");
        Fault([]).ShouldContain("empty");
        Fault("nothing"u8.ToArray()).ShouldContain("a file of another kind");
    }

    [Fact]
    public void Missing_files_and_folders_are_named()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<InputException>(() => Picture.Read(folder["no.png"])).Message.ShouldContain("no.png: not found");
        Should.Throw<InputException>(() => Picture.Read(folder.Path)).Message.ShouldContain("this is a folder");
    }

    [Fact]
    public void Streams_without_a_length_are_read_to_their_end()
    {
        byte[] png = new Picture(300, 200, 1, new byte[60_000]).ToPng();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(png);
        packed.Position = 0;
        using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        Picture.Read(unpacked).Width.ShouldBe(300);
        PictureDecoder.Inspect(png).ShouldBe(new PictureInfo(PictureFormat.Png, 300, 200));
    }

    private static string Fault(byte[] bytes, PictureReadOptions? options = null)
    {
        string message = Should.Throw<InputException>(() => Picture.Decode(bytes, "the.png", options)).Message;
        message.ShouldStartWith("the.png: ");
        return message;
    }

    private static byte[] Chunks((int Width, int Height, int Bits, int Colour, int Interlace) header, byte[] data) => TinyPng.File(
        [("IHDR", TinyPng.Header(header.Width, header.Height, header.Bits, header.Colour, header.Interlace)), ("IDAT", data), ("IEND", [])]);

    private static byte[] Packed(int length, byte first = 0)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write([first, .. new byte[length - 1]]);
        return packed.ToArray();
    }
}
