using Heed.Testing;

namespace Heed.Tests.Layers;

/// <summary>Weights by the names of others.</summary>
public class WeightMapTests
{
    private static readonly WeightPlace[] joined =
    [
        new("q_proj.weight", "qkv", 0, IsTransposed: true), new("k_proj.weight", "qkv", 4, IsTransposed: true), new("v_proj.weight", "qkv", 6, IsTransposed: true), new("out_proj.weight", "out"),
    ];

    private static MultiHeadAttention Layer => new(new MultiHeadConfig { Size = 4, HeadCount = 2, KeyValueHeadCount = 1, HasBias = false });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Joined_and_turned_tensors_are_taken_apart_and_joined_again(bool isMapped)
    {
        using TemporaryFolder folder = new();
        SafetensorsArray[] arrays = [new("qkv", [4, 8], Count(32)), new("out", [4, 4], Count(16))];
        SafetensorsWriter.Write(folder["w.safetensors"], arrays);
        MultiHeadAttention layer = Layer;
        WeightMap map = new(joined);
        map.Load(layer, folder["w.safetensors"], isMapped).ToString().ShouldBe("2 loaded, 0 missing, 0 unexpected, 0 mis-shaped");
        float[] Values(string name) => layer.NamedParameters().Single(p => p.Name == name).Parameter.Values.ToArray();
        // Column c of the file's (in, out) is row c of ours.
        Values("q_proj.weight").ShouldBe([0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27]);
        Values("k_proj.weight").ShouldBe([4, 12, 20, 28, 5, 13, 21, 29]);
        Values("v_proj.weight").ShouldBe([6, 14, 22, 30, 7, 15, 23, 31]);
        Values("out_proj.weight").ShouldBe(Count(16));
        foreach ((SafetensorsArray saved, SafetensorsArray read) in map.Save(layer).Zip(arrays))
        {
            saved.Name.ShouldBe(read.Name);
            saved.Shape.ShouldBe(read.Shape);
            saved.Values.ToArray().ShouldBe(read.Values.ToArray());
        }
    }

    [Fact]
    public void What_does_not_fit_is_reported_by_the_names_of_the_file()
    {
        using TemporaryFolder folder = new();
        SafetensorsWriter.Write(folder["w.safetensors"], [new("qkv", [8, 4], Count(32)), new("old.head", [1], Count(1)), new("else", [1], Count(1))]);
        MultiHeadAttention layer = Layer;
        float[] before = layer.NamedParameters().First().Parameter.Values.ToArray();
        WeightReport report = new WeightMap(joined, name => name.StartsWith("old.", StringComparison.Ordinal)).Load(layer, folder["w.safetensors"]);
        report.ToString().ShouldBe("0 loaded, 1 missing (out), 1 unexpected (else), 1 mis-shaped ('qkv': the file has (8, 4), the model (4, 8)), 1 of no use here (old.head)");
        Should.Throw<InputException>(report.ThrowIfIncomplete).Message.ShouldContain("1 weight is missing (out); 1 weight has another shape ('qkv': the file has (8, 4), the model (4, 8)); 1 was not expected (else): the file belongs to another model.");
        layer.NamedParameters().First().Parameter.Values.ToArray().ShouldBe(before);
    }

    [Fact]
    public void A_map_that_makes_no_sense_is_refused()
    {
        Should.Throw<ArgumentException>(() => new WeightMap([new("a", "x"), new("a", "y")])).Message.ShouldContain("'a' has two places");
        Should.Throw<ArgumentException>(() => new WeightMap([new("a", "x"), new("b", "x", 1, IsTransposed: true)])).Message.ShouldContain("cannot be transposed");
        Should.Throw<ArgumentException>(() => new WeightMap([new("z_proj.weight", "x")]).Save(Layer).ToArray()).Message.ShouldContain("no parameter 'z_proj.weight'");
        Should.Throw<ArgumentException>(() => new WeightMap([new("q_proj.weight", "x"), new("k_proj.weight", "x", 3)]).Save(Layer).ToArray()).Message.ShouldContain("begins at 3, the one before it ends at 4");
    }

    [Fact]
    public void A_mapped_matrix_is_the_files_own_until_it_is_written_to()
    {
        using TemporaryFolder folder = new();
        string path = folder["w.safetensors"];
        SafetensorsWriter.Write(path, [new("w", [3, 4], Count(12)), new("b", [3], Count(3))]);
        byte[] bytes = File.ReadAllBytes(path);
        Linear read = new(4, 3), mapped = new(4, 3);
        WeightMap map = new([new("weight", "w"), new("bias", "b")]);
        map.Load(read, path);
        map.Load(mapped, path, isMapped: true);
        float[] x = [1, 2, 3, 4];
        float[] Run(Linear layer) => Step.Evaluate(pass => layer.Forward(pass.Input(x, new Shape(1, 4)), pass)).Values.ToArray();
        Run(mapped).ShouldBe(Run(read));
        // Another mapping sees the file as it is; this one keeps what it wrote to itself.
        mapped.Weight.Change((values, factor) => values[0] = factor, 5f);
        Run(mapped)[0].ShouldBe(Run(read)[0] + 5);
        Linear again = new(4, 3);
        map.Load(again, path, isMapped: true);
        Run(again).ShouldBe(Run(read));
        File.ReadAllBytes(path).ShouldBe(bytes);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Run(again).ShouldBe(Run(read));
    }

    [Fact]
    public void A_parameter_costs_nothing_before_it_is_used()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Parameter parameter = new(new Shape(1 << 20), Initializer.Ones);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 16);
        parameter.Values[^1].ShouldBe(1);
    }

    private static float[] Count(int count) => [.. Enumerable.Range(0, count).Select(i => (float)i)];
}
