using System.Buffers.Binary;
using System.Text;
using Heed.Testing;

namespace Heed.Tests.Formats;

public class SafetensorsFileTests
{
    private static SafetensorsFile Types() => SafetensorsFile.Open(Repository.PathOf("goldens/safetensors/types.safetensors"));

    [Fact]
    public void Lists_every_array_with_type_shape_and_metadata()
    {
        using SafetensorsFile file = Types();
        file.Entries.Values.Select(e => e.ToString()).Order(StringComparer.Ordinal).ShouldBe(
        [
            "brain BF16 (4)", "byte U8 (1)", "double F64 (2, 2)", "flags Bool (3)", "half F16 (2, 3)",
            "int I32 (2)", "long I64 ()", "nothing F32 (0, 5)", "single F32 (1, 3)",
        ]);
        file.Metadata.ShouldBe([KeyValuePair.Create("format", "pt")]);
        file.Entries["half"].ElementCount.ShouldBe(6);
        file.Entries["nothing"].ElementCount.ShouldBe(0);
        file.Entries["long"].ElementCount.ShouldBe(1);
    }

    [Theory]
    [InlineData("single", new[] { 0.1f, -0f, 1e-45f })]
    [InlineData("half", new[] { 0.5f, -2f, 65504f, 6.103515625e-05f, 5.960464477539063e-08f, float.PositiveInfinity })]
    [InlineData("brain", new[] { 1f, -0.5f, 3.140625f, 1.17549435e-38f })]
    [InlineData("double", new[] { 0.1f, float.NegativeInfinity, 1f, 2f })]
    [InlineData("nothing", new float[0])]
    public void Reads_floating_point_as_float32(string name, float[] expected)
    {
        using SafetensorsFile file = Types();
        float[] values = new float[expected.Length];
        file.ReadSingle(name, values);
        values.Select(BitConverter.SingleToInt32Bits).ShouldBe(expected.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void Reads_stored_bytes()
    {
        using SafetensorsFile file = Types();
        byte[] bytes = new byte[8];
        file.ReadBytes("long", bytes);
        BinaryPrimitives.ReadInt64LittleEndian(bytes).ShouldBe(-9_000_000_000);
        byte[] flags = new byte[3];
        file.ReadBytes("flags", flags);
        flags.ShouldBe([1, 0, 1]);
    }

    [Fact]
    public void Half_arrays_longer_than_the_buffer_are_read_whole()
    {
        const int Count = 100_003;
        byte[] data = new byte[2 * Count];
        for (int i = 0; i < Count; i++)
            BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(2 * i), (Half)(i % 2048));
        SafetensorsFile file = SafetensorsFile.Parse(Bytes("""{"x":{"dtype":"F16","shape":[100003],"data_offsets":[0,200006]}}""", data));
        float[] values = new float[Count];
        file.ReadSingle("x", values);
        for (int i = 0; i < Count; i++)
            values[i].ShouldBe(i % 2048);
    }

    [Fact]
    public void What_a_caller_asks_wrongly_is_said()
    {
        using SafetensorsFile file = Types();
        Should.Throw<InputException>(() => file.ReadSingle("weight", [])).Message.ShouldContain("no array 'weight' among the 9");
        Should.Throw<InputException>(() => file.ReadSingle("int", new float[2])).Message.ShouldContain("'int I32 (2)' cannot be read as float32");
        Should.Throw<ArgumentException>(() => file.ReadSingle("half", new float[5])).Message.ShouldContain("length 5 but 'half F16 (2, 3)' holds 6");
        Should.Throw<InputException>(() => SafetensorsFile.Open("no/such/file")).Message.ShouldBe("no/such/file: not found. Is the path right?");
        Should.Throw<InputException>(() => SafetensorsFile.Open(Repository.Root));
        Should.Throw<InputException>(() => SafetensorsFile.Open(""));
    }

    [Theory]
    [InlineData("[]", 0, "does not begin with '{'")]
    [InlineData("""{"a":1}""", 0, "the entry 'a' must be an object")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}""", 4, "no valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x""", 4, "no valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", 4, "no valid JSON")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "no valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "the name 'a' appears twice")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown or repeated property 'dtype'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"offsets":[0,4]}}""", 4, "unknown or repeated property 'offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "needs 'dtype', 'shape' and two 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", 4, "needs 'dtype', 'shape' and two 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "more than 2 numbers")]
    [InlineData("""{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown type 'F4'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "whole numbers from 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "whole numbers from 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", 4, "outside the 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "outside the 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "does not fill 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "does not fill 0 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[9223372036854775807,9223372036854775807,9223372036854775807],"data_offsets":[0,1]}}""", 1, "does not fill 1 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "4 bytes of data belong to no entry")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "'a' leaves a hole before it")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "'b' overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "'b' overlaps")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "must be a string")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "'a' appears twice in '__metadata__'")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", 0, "'__metadata__' appears twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[[[1]]]],"data_offsets":[0,4]}}""", 4, "whole numbers from 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4, "more than 32")]
    public void A_faulty_header_is_refused_with_its_place(string json, int dataLength, string expected)
    {
        InputException e = Should.Throw<InputException>(() => SafetensorsFile.Parse(Bytes(json, new byte[dataLength]), "m.safetensors"));
        e.Message.ShouldStartWith("m.safetensors: not a valid safetensors file: ");
        e.Message.ShouldContain(expected);
        e.Message.ShouldMatch(@"\(byte \d+\)");
    }

    [Theory]
    [InlineData(100_000_001ul)]
    [InlineData(3ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData((ulong)long.MaxValue + 9)]
    public void A_header_longer_than_the_file_is_refused_before_memory_is_taken(ulong length)
    {
        byte[] bytes = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<InputException>(() => SafetensorsFile.Parse(bytes)).Message.ShouldContain($"promises a header of {length} bytes");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
        Should.Throw<InputException>(() => SafetensorsFile.Parse(new byte[7])).Message.ShouldContain("7 bytes");
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = File.ReadAllBytes(Repository.PathOf("goldens/safetensors/types.safetensors"));
        for (int length = 0; length < whole.Length; length++)
            Should.Throw<InputException>(() => SafetensorsFile.Parse(whole.AsMemory(0, length)));
    }

    [Fact]
    public void Mutated_files_raise_nothing_but_InputException()
    {
        byte[] whole = File.ReadAllBytes(Repository.PathOf("goldens/safetensors/types.safetensors"));
        var random = new RandomStream(1, "fuzz");
        int refused = 0;
        for (int run = 0; run < 20_000; run++)
        {
            byte[] mutant = (byte[])whole.Clone();
            for (int edits = 1 + random.Next(4); edits > 0; edits--)
                mutant[random.Next(mutant.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : "0123456789{}[]\",:"u8[random.Next(17)];
            try
            {
                SafetensorsFile file = SafetensorsFile.Parse(mutant);
                foreach (SafetensorsEntry entry in file.Entries.Values)
                    file.ReadBytes(entry.Name, new byte[entry.ByteCount]);
            }
            catch (InputException)
            {
                refused++;
            }
        }
        // Most of the file is header, where hardly any change is harmless.
        refused.ShouldBeInRange(10_000, 19_999);
    }

    [Fact]
    public void A_file_that_shrinks_after_it_was_opened_is_noticed()
    {
        using var folder = new TemporaryFolder();
        string path = folder["m.safetensors"];
        SafetensorsWriter.Write(path, [new SafetensorsArray("x", [3], new float[] { 1, 2, 3 })]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        byte[] bytes = File.ReadAllBytes(path);
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(bytes.Length - 4);
        Should.Throw<InputException>(() => file.ReadSingle("x", new float[3])).Message.ShouldContain("became shorter");
    }

    private static byte[] Bytes(string json, byte[] data)
    {
        byte[] header = Encoding.UTF8.GetBytes(json), bytes = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + header.Length);
        return bytes;
    }
}
