namespace Heed;

/// <summary>What a weight file gave to a module, by name: the module's own names, or through a <see cref="WeightMap"/> the file's.</summary>
/// <param name="Path">The file.</param>
/// <param name="Loaded">Names that fit.</param>
/// <param name="Missing">Names of the module that the file lacks.</param>
/// <param name="Unexpected">Names of the file that the module lacks.</param>
/// <param name="MisShaped">Names whose shapes differ, with both shapes.</param>
public sealed record WeightReport(string Path, IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> MisShaped)
{
    /// <summary>Names of the file that the module is known not to need, such as heads of other tasks.</summary>
    public IReadOnlyList<string> Unused { get; init; } = [];

    // By the module's names: parameters and buffers that the file lacks, and those that have another shape there.
    internal IReadOnlyList<string> MissingParameters { get; init; } = Missing;

    internal IReadOnlyList<string> MisShapedParameters { get; init; } = [];

    /// <summary>Throws unless every weight of the module was loaded.</summary>
    /// <exception cref="InputException">A weight is missing or has another shape; says how many of each kind, and some of their names, those that were not expected among them.</exception>
    public void ThrowIfIncomplete()
    {
        if (Missing.Count == 0 && MisShaped.Count == 0)
            return;
        string[] faults =
        [
            .. Missing.Count == 0 ? Array.Empty<string>() : [FormattableString.Invariant($"{Missing.Count} {(Missing.Count == 1 ? "weight is" : "weights are")} missing{Names(Missing)}")],
            .. MisShaped.Count == 0 ? Array.Empty<string>() : [FormattableString.Invariant($"{MisShaped.Count} {(MisShaped.Count == 1 ? "weight has another shape" : "weights have other shapes")}{Names(MisShaped)}")],
            .. Unexpected.Count == 0 ? Array.Empty<string>() : [FormattableString.Invariant($"{Unexpected.Count} {(Unexpected.Count == 1 ? "was" : "were")} not expected{Names(Unexpected)}")],
        ];
        throw new InputException($"{string.Join("; ", faults)}: the file belongs to another model.", Path);
    }

    /// <summary>As <c>12 loaded, 0 missing, 1 unexpected (lm_head.weight), 0 mis-shaped</c>.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Loaded.Count} loaded, {Missing.Count} missing{Names(Missing)}, {Unexpected.Count} unexpected{Names(Unexpected)}, {MisShaped.Count} mis-shaped{Names(MisShaped)}")
        + (Unused.Count == 0 ? "" : FormattableString.Invariant($", {Unused.Count} of no use here{Names(Unused)}"));

    private static string Names(IReadOnlyList<string> names) =>
        names.Count == 0 ? "" : $" ({string.Join(", ", names.Take(5))}{(names.Count > 5 ? ", …" : "")})";
}

/// <summary>Weights of a module in safetensors files.</summary>
public static class ModuleWeights
{
    /// <summary>Reads the weights and buffers that a file has under the module's names; what does not fit is left as it is and reported.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">A safetensors file; float32, float16 or bfloat16.</param>
    /// <exception cref="InputException">The file is missing or damaged.</exception>
    public static WeightReport LoadWeights(this Module module, string path)
    {
        ArgumentNullException.ThrowIfNull(module);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        List<string> loaded = [], missing = [], misShaped = [], misShapedNames = [];
        foreach ((string name, Shape shape, Action<float[]> assign) in Targets(module))
        {
            if (!file.Entries.TryGetValue(name, out SafetensorsEntry? entry))
            {
                missing.Add(name);
            }
            else if (!entry.Shape.SequenceEqual(shape.Sizes.ToArray().Select(s => (long)s)))
            {
                misShapedNames.Add(name);
                misShaped.Add($"'{name}': the file has ({string.Join(", ", entry.Shape)}), the model {shape}");
            }
            else
            {
                float[] values = new float[shape.Length];
                file.ReadSingle(name, values);
                assign(values);
                loaded.Add(name);
            }
        }
        HashSet<string> known = [.. Targets(module).Select(t => t.Name)];
        return new WeightReport(path, loaded, missing, [.. file.Entries.Keys.Where(k => !known.Contains(k))], misShaped) { MisShapedParameters = misShapedNames };
    }

    /// <summary>Writes all weights and buffers as float32.</summary>
    /// <param name="module">The module.</param>
    /// <param name="stream">The destination.</param>
    public static void SaveWeights(this Module module, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(module);
        SafetensorsWriter.Write(stream, [
            .. module.NamedParameters().Select(p => new SafetensorsArray(p.Name, p.Parameter.Shape.Sizes.ToArray(), p.Parameter.Values.ToArray())),
            .. module.NamedBuffers().Select(b => new SafetensorsArray(b.Name, b.Buffer.Shape.Sizes.ToArray(), b.Buffer.Values)),
        ]);
    }

    /// <summary>Writes all weights and buffers as float32; an existing file is replaced whole.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The file.</param>
    public static void SaveWeights(this Module module, string path) => AtomicFile.Write(path, module.SaveWeights);

    private static IEnumerable<(string Name, Shape Shape, Action<float[]> Assign)> Targets(Module module) =>
        module.NamedParameters().Select(p => (p.Name, p.Parameter.Shape, (Action<float[]>)(v => p.Parameter.Assign(v))))
            .Concat(module.NamedBuffers().Select(b => (b.Name, b.Buffer.Shape, (Action<float[]>)(v => v.CopyTo(b.Buffer.Values)))));
}
