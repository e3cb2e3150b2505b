using Heed.Testing;

namespace Heed.Tests.Formats;

public class SafetensorsWriterTests
{
    private static readonly Dictionary<string, string> Metadata = new(StringComparer.Ordinal) { ["b"] = "second", ["a"] = "first" };

    private static readonly SafetensorsArray[] Arrays =
    [
        new("scalar", [], new float[] { 7 }),
        new("λ", [0], ReadOnlyMemory<float>.Empty),
        new("alpha.weight", [2, 3], Enumerable.Range(0, 6).Select(i => i / 8f).ToArray()),
        new("Zeta", [2], new[] { 1.5f, -2.5f }),
    ];

    [Fact]
    public void Writes_the_bytes_of_the_golden_file_in_any_order()
    {
        byte[] golden = File.ReadAllBytes(Repository.PathOf("goldens/safetensors/float32.safetensors"));
        Bytes(Arrays).ShouldBe(golden);
        Bytes(Arrays.Reverse()).ShouldBe(golden);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("ab")]
    [InlineData("abcdefg")]
    [InlineData("quote\"back\\slash\nline 漢字 😀")]
    public void What_is_written_is_read_and_its_data_is_aligned(string name)
    {
        using var folder = new TemporaryFolder();
        float[] values = [0.1f, float.NaN, float.NegativeInfinity, -0f];
        SafetensorsWriter.Write(folder["m.safetensors"], [new SafetensorsArray(name, [2, 2], values)], Metadata);
        using SafetensorsFile file = SafetensorsFile.Open(folder["m.safetensors"]);
        float[] back = new float[4];
        file.ReadSingle(name, back);
        back.Select(BitConverter.SingleToInt32Bits).ShouldBe(values.Select(BitConverter.SingleToInt32Bits));
        (file.Entries[name].Offset % 8).ShouldBe(0);
        file.Metadata.ShouldBe(Metadata, ignoreOrder: true);
        Directory.GetFiles(folder.Path).Length.ShouldBe(1);
    }

    [Fact]
    public void Wrong_arrays_are_refused_and_the_old_file_stays()
    {
        using var folder = new TemporaryFolder();
        string path = folder["m.safetensors"];
        SafetensorsWriter.Write(path, Arrays);
        byte[] before = File.ReadAllBytes(path);
        Should.Throw<ArgumentException>(() => SafetensorsWriter.Write(path, [Arrays[0], Arrays[0]])).Message.ShouldContain("'scalar'");
        Should.Throw<ArgumentException>(() => SafetensorsWriter.Write(path, [new SafetensorsArray("__metadata__", [], new float[1])]));
        Should.Throw<ArgumentException>(() => SafetensorsWriter.Write(path, [new SafetensorsArray("x", [2, 3], new float[5])])).Message.ShouldContain("shape (2, 3) but 5");
        Should.Throw<ArgumentException>(() => SafetensorsWriter.Write(path, [new SafetensorsArray("x", [-1, -5], new float[5])]));
        Should.Throw<InputException>(() => SafetensorsWriter.Write(folder["absent/m.safetensors"], Arrays));
        File.ReadAllBytes(path).ShouldBe(before);
        Directory.GetFiles(folder.Path).Length.ShouldBe(1);
    }

    [Fact]
    public void An_error_while_writing_keeps_the_old_file_and_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        string path = folder["f"];
        AtomicFile.Write(path, stream => stream.Write("old"u8));
        Should.Throw<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("ne"u8);
            throw new InvalidOperationException();
        }));
        File.ReadAllText(path).ShouldBe("old");
        Directory.GetFiles(folder.Path).ShouldBe([path]);
        // What a killed process left is taken over.
        File.WriteAllText(path + ".heed-new", "much longer than what comes");
        AtomicFile.Write(path, stream => stream.Write("new"u8));
        File.ReadAllText(path).ShouldBe("new");
        Directory.GetFiles(folder.Path).ShouldBe([path]);
    }

    private static byte[] Bytes(IEnumerable<SafetensorsArray> arrays)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, arrays, Metadata);
        return stream.ToArray();
    }
}
