using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Heed.Testing;

/// <summary>
/// One file of <c>goldens/</c>: outputs and gradients of another system (stored), and the inputs that it had (rebuilt by
/// <see cref="FormulaWeights"/> from the metadata <c>input:NAME</c> = <c>salt S scale F shape D D …</c>).
/// </summary>
/// <remarks>Its own small reader on purpose: a bug in the library's safetensors code must not hide in the tests of the layers.</remarks>
public sealed class Golden
{
    private const string InputPrefix = "input:";
    private readonly Dictionary<string, Entry> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);

    private Golden(byte[] file)
    {
        int headerLength = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file));
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        foreach (JsonProperty property in header.RootElement.EnumerateObject())
        {
            if (property.NameEquals("__metadata__"))
            {
                foreach (JsonProperty text in property.Value.EnumerateObject()) metadata.Add(text.Name, text.Value.GetString()!);
                continue;
            }
            int[] range = property.Value.GetProperty("data_offsets").Deserialize<int[]>()!;
            int[] shape = property.Value.GetProperty("shape").Deserialize<int[]>()!;
            ReadOnlyMemory<byte> data = file.AsMemory(8 + headerLength + range[0], range[1] - range[0]);
            tensors.Add(property.Name, new Entry(property.Value.GetProperty("dtype").GetString()!, shape, data));
        }
    }

    /// <summary>Reads <c>goldens/NAME.safetensors</c>.</summary>
    public static Golden Load(string name) => new(File.ReadAllBytes(PathOf(name + ".safetensors")));

    /// <summary>The path of a file in <c>goldens/</c>, found upwards from the test's own folder.</summary>
    public static string PathOf(string file)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Heed.slnx"))) return Path.Combine(at.FullName, "goldens", file);
        }
        throw new DirectoryNotFoundException($"Golden: no folder with Heed.slnx above {AppContext.BaseDirectory}.");
    }

    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Names of the stored tensors: outputs, integer inputs, and <c>grad.X</c> for the gradient of input X.</summary>
    public IEnumerable<string> Names => tensors.Keys;

    /// <summary>Names of the inputs that the formula rebuilds; <c>probe.Y</c> are the weights of output Y in the loss.</summary>
    public IEnumerable<string> InputNames => metadata.Keys.Where(k => k.StartsWith(InputPrefix, StringComparison.Ordinal)).Select(k => k[InputPrefix.Length..]);

    public int[] Shape(string name) => Find(name).Shape;

    /// <summary>The largest difference of the other system's own float32 from the stored float64 values; null where the file does not note it.</summary>
    public double? PlainError(string name) => metadata.TryGetValue("float32:" + name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    public float[] Floats(string name) => Values<float>(name, "F32");

    public int[] Integers(string name) => Array.ConvertAll(Values<long>(name, "I64"), checked(value => (int)value));

    public int[] InputShape(string name) => Describe(name).Shape;

    /// <summary>The values of an input, rebuilt.</summary>
    public float[] Input(string name)
    {
        (ulong salt, float scale, int[] shape) = Describe(name);
        return FormulaWeights.Create(shape.Aggregate(1, (product, size) => product * size), salt, scale);
    }

    private (ulong Salt, float Scale, int[] Shape) Describe(string name)
    {
        if (!metadata.TryGetValue(InputPrefix + name, out string? text)) throw new KeyNotFoundException($"Golden: no input '{name}'; there are {string.Join(", ", InputNames)}.");
        string[] words = text.Split(' ');
        CultureInfo invariant = CultureInfo.InvariantCulture;
        return (ulong.Parse(words[1], invariant), float.Parse(words[3], invariant), Array.ConvertAll(words[5..], word => int.Parse(word, invariant)));
    }

    private T[] Values<T>(string name, string type) where T : unmanaged
    {
        Entry entry = Find(name);
        if (entry.Type != type) throw new InvalidOperationException($"Golden: '{name}' is {entry.Type}, asked for {type}.");
        return MemoryMarshal.Cast<byte, T>(entry.Data.Span).ToArray();
    }

    private Entry Find(string name)
        => tensors.TryGetValue(name, out Entry? entry) ? entry : throw new KeyNotFoundException($"Golden: no tensor '{name}'; there are {string.Join(", ", Names)}.");

    private sealed record Entry(string Type, int[] Shape, ReadOnlyMemory<byte> Data);
}
