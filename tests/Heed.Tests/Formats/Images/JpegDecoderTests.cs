using Heed.Testing;

namespace Heed.Tests.Formats.Images;

public class JpegDecoderTests
{
    public static TheoryData<string> Goldens() => [.. Repository.Files("goldens/pictures", "*.jpg")
        .Select(path => Path.GetFileNameWithoutExtension(path)).Where(name => !name.StartsWith("refused", StringComparison.Ordinal))];

    // The same whole-number arithmetic throughout, so the bits agree.
    [Theory]
    [MemberData(nameof(Goldens))]
    public void Decodes_what_the_reference_decodes(string name)
    {
        Picture picture = Read(name), expected = Picture.Read(Repository.PathOf($"goldens/pictures/{name}.png"));
        (picture.Width, picture.Height, picture.Channels).ShouldBe((expected.Width, expected.Height, expected.Channels));
        int different = 0;
        for (int i = 0; i < expected.Samples.Length; i++)
            different += picture.Samples.Span[i] == expected.Samples.Span[i] ? 0 : 1;
        different.ShouldBe(0);
        PictureDecoder.Inspect(Bytes(name)).ShouldBe(new PictureInfo(PictureFormat.Jpeg, expected.Width, expected.Height));
    }

    [Fact]
    public void Goldens_are_there() => Goldens().Count.ShouldBe(29);

    [Fact]
    public void Orientation_can_be_left_alone()
    {
        var asStored = new PictureReadOptions { ApplyOrientation = false };
        Picture stored = Picture.Decode(Bytes("turned_6"), options: asStored);
        (stored.Width, stored.Height).ShouldBe((19, 11));
        Picture upright = Read("turned_6");
        (upright.Width, upright.Height).ShouldBe((11, 19));
        PictureDecoder.Inspect(Bytes("turned_6"), options: asStored).Width.ShouldBe(19);
    }

    [Fact]
    public void Faults_are_named_with_the_file()
    {
        Fault(Bytes("refused_arithmetic")).ShouldContain("is arithmetic-coded");
        byte[] whole = Bytes("colour_420");
        int frame = whole.AsSpan().IndexOf((byte[])[0xFF, 0xC0]), scan = whole.AsSpan().IndexOf((byte[])[0xFF, 0xDA]);
        Fault(Changed(frame + 1, 0xC3)).ShouldContain("is lossless");
        Fault(Changed(frame + 4, 12)).ShouldContain("12 bits a sample");
        Fault(Changed(frame + 9, 2)).ShouldContain("wrong length");
        Fault(Changed(frame + 11, 0x31)).ShouldContain("damaged or cut off");
        Fault([.. whole[..(frame + 5)], 0xFF, 0xFF, 0xFF, 0xFF, .. whole[(frame + 9)..]]).ShouldContain("declares 65535 × 65535 pixels; at most");
        Fault([.. whole[..(frame + 5)], 0x1F, 0xFF, 0x1F, 0xFF, .. whole[(frame + 9)..]]).ShouldContain("8191 × 8191 pixels, more than its");
        Fault([.. whole[..(frame + 5)], 0, 0, 0, 33, .. whole[(frame + 9)..]]).ShouldContain("DNL");
        Fault(Changed(scan + 5, 77)).ShouldContain("a component that the frame does not have");
        for (int length = 3; length < whole.Length - 6; length += 7)
            Fault(whole[..length]);
        Fault(Bytes("progressive_420")[..^2]).ShouldContain("without the whole picture");

        byte[] Changed(int at, byte value)
        {
            byte[] changed = [.. whole];
            changed[at] = value;
            return changed;
        }
    }

    [Fact]
    public void Only_the_end_marker_may_be_missing() => Picture.Decode(Bytes("colour_420")[..^2]).Samples.ToArray().ShouldBe(Read("colour_420").Samples.ToArray());

    [Fact]
    public void A_missing_restart_marker_is_an_error()
    {
        byte[] bytes = Bytes("restarts");
        int marker = bytes.AsSpan().IndexOf((byte[])[0xFF, 0xD1]);
        bytes[marker + 1] = 0xD5;
        Fault(bytes).ShouldContain("restart marker 1 is missing");
    }

    // A scan of a few bytes is a walk over all blocks.
    [Fact]
    public void Scans_that_repeat_themselves_are_refused()
    {
        byte[] bytes = Bytes("progressive_grey");
        int scan = bytes.AsSpan().IndexOf((byte[])[0xFF, 0xDA]), next = scan + 2 + bytes.AsSpan(scan + 2).IndexOf((byte[])[0xFF, 0xC4]);
        Fault([.. bytes[..next], .. bytes[scan..]]).ShouldContain("repeats or leaves out");
    }

    private static byte[] Bytes(string name) => File.ReadAllBytes(Repository.PathOf($"goldens/pictures/{name}.jpg"));

    private static Picture Read(string name) => Picture.Read(Repository.PathOf($"goldens/pictures/{name}.jpg"));

    private static string Fault(byte[] bytes)
    {
        string message = Should.Throw<InputException>(() => Picture.Decode(bytes, "the.jpg")).Message;
        message.ShouldStartWith("the.jpg: ");
        return message;
    }
}
