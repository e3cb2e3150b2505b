using Heed.Kernels;

namespace Heed;

/// <summary>Which tensor of a file each parameter or buffer of a module comes from, in both directions: weights load by the file's names, and are saved under the same names.</summary>
/// <remarks>
/// <para>Tensors that join several parameters (GPT-2's <c>c_attn</c>, torch's <c>in_proj_weight</c>: queries, keys and values) are taken apart on loading and joined on saving; matrices that are stored
/// transposed are turned both ways. What a map does not name is not touched.</para>
/// <para>Cost: one read of the file; matrices that lie in it as they are needed (float32, neither joined nor transposed) can be used in place. Beside the parameters no more is allocated than the largest joined or
/// transposed tensor.</para>
/// </remarks>
public sealed class WeightMap
{
    private readonly IGrouping<string, WeightPlace>[] tensors;
    private readonly Func<string, bool> isUnused;

    /// <summary>Makes a map.</summary>
    /// <param name="places">One for each parameter.</param>
    /// <param name="isUnused">Tells names of a file that the module is known not to need (heads of other tasks, constant tables); default: none.</param>
    /// <exception cref="ArgumentException">A parameter has two places, or a tensor is stored transposed for one parameter and not for another.</exception>
    public WeightMap(IEnumerable<WeightPlace> places, Func<string, bool>? isUnused = null)
    {
        Places = [.. places];
        this.isUnused = isUnused ?? (_ => false);
        tensors = [.. Places.GroupBy(p => p.Tensor, StringComparer.Ordinal)];
        if (Places.GroupBy(p => p.Parameter, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"WeightMap: the parameter '{twice.Key}' has two places; it needs one.", nameof(places));
        if (tensors.FirstOrDefault(t => t.Select(p => p.IsTransposed).Distinct().Count() > 1) is { } mixed)
            throw new ArgumentException($"WeightMap: the tensor '{mixed.Key}' cannot be transposed for one parameter and not for another.", nameof(places));
    }

    /// <summary>The places, in the order in which they were given.</summary>
    public IReadOnlyList<WeightPlace> Places { get; }

    /// <summary>Reads weights under the file's names; what does not fit is left as it is and reported.</summary>
    /// <param name="module">The module; parameters without a place stay as they are.</param>
    /// <param name="path">A safetensors file or a folder, see <see cref="SafetensorsShards"/>; float32, float16, bfloat16 or float64.</param>
    /// <param name="isMapped">Whether float32 matrices are used where they lie in the file, instead of being copied (see <see cref="MappedFile"/>); default false.</param>
    /// <returns>What was found, by the file's names.</returns>
    /// <exception cref="InputException">A file is missing or damaged, or a tensor holds no floating-point numbers.</exception>
    /// <exception cref="ArgumentException">The module lacks a parameter that the map names.</exception>
    public WeightReport Load(Module module, string path, bool isMapped = false)
    {
        using SafetensorsShards shards = SafetensorsShards.Open(path);
        return Load(module, shards, isMapped);
    }

    /// <summary>Reads weights from files that are open.</summary>
    /// <inheritdoc cref="Load(Module, string, bool)"/>
    /// <param name="module">The module; parameters without a place stay as they are.</param>
    /// <param name="shards">The files.</param>
    /// <param name="isMapped">As there.</param>
    public WeightReport Load(Module module, SafetensorsShards shards, bool isMapped = false)
    {
        ArgumentNullException.ThrowIfNull(shards);
        List<string> loaded = [], missing = [], misShaped = [], missingParts = [], misShapedParts = [];
        foreach (Joined tensor in Resolve(module))
        {
            if (shards.Find(tensor.Name) is not { } entry)
            {
                missing.Add(tensor.Name);
                missingParts.AddRange(tensor.Parts.Select(part => part.Place.Parameter));
            }
            else if (!entry.Shape.Where(n => n != 1).SequenceEqual(tensor.Shape.Where(n => n != 1)))
            {
                misShapedParts.AddRange(tensor.Parts.Select(part => part.Place.Parameter));
                misShaped.Add($"'{tensor.Name}': the file has ({string.Join(", ", entry.Shape)}), the model ({string.Join(", ", tensor.Shape)})");
            }
            else
            {
                Read(tensor, shards, isMapped);
                loaded.Add(tensor.Name);
            }
        }
        ILookup<bool, string> others = Others(shards.Names);
        return new WeightReport(shards.Path, loaded, missing, [.. others[false]], misShaped) { Unused = [.. others[true]], MissingParameters = missingParts, MisShapedParameters = misShapedParts };
    }

    /// <summary>The weights as a file of this form holds them: under its names, joined and transposed as there.</summary>
    /// <param name="module">The module.</param>
    /// <returns>One array for each tensor; those that are stored as we have them share their memory with the module.</returns>
    /// <exception cref="ArgumentException">The module lacks a parameter that the map names.</exception>
    public IEnumerable<SafetensorsArray> Save(Module module) => Save(module, p => p.Memory);

    internal IEnumerable<SafetensorsArray> Save(Module module, Func<Parameter, ReadOnlyMemory<float>> valuesOf) => Resolve(module).Select(t => Write(t, valuesOf));

    /// <summary>The names that no place has: true for those that the module is known not to need.</summary>
    internal ILookup<bool, string> Others(IEnumerable<string> names)
    {
        HashSet<string> known = [.. tensors.Select(t => t.Key)];
        return names.Where(n => !known.Contains(n)).Order(StringComparer.Ordinal).ToLookup(isUnused);
    }

    private IEnumerable<Joined> Resolve(Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        Dictionary<string, Parameter> parameters = module.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        Dictionary<string, StateBuffer> buffers = module.NamedBuffers().ToDictionary(b => b.Name, b => b.Buffer, StringComparer.Ordinal);
        foreach (IGrouping<string, WeightPlace> tensor in tensors)
        {
            yield return new Joined(tensor.Key, [.. tensor.OrderBy(p => p.FirstRow).Select(p => parameters.TryGetValue(p.Parameter, out Parameter? parameter) ? new Part(parameter, null, p)
                : new Part(null, buffers.GetValueOrDefault(p.Parameter) ?? throw new ArgumentException($"WeightMap: {module.GetType().Name} has no parameter '{p.Parameter}'.", nameof(module)), p))]);
        }
    }

    private static void Read(Joined tensor, SafetensorsShards shards, bool isMapped)
    {
        Part first = tensor.Parts[0];
        if (tensor.IsPlain)
        {
            if (isMapped && first.Parameter is { } parameter && shards.TryMap(tensor.Name, out Memory<float> mapped))
                parameter.Adopt(mapped);
            else
                shards.ReadSingle(tensor.Name, first.ForOverwriting());
            return;
        }
        // Taking apart and turning are copies anyhow, of which a mapped file saves one.
        Memory<float> values = default;
        if (!isMapped || !shards.TryMap(tensor.Name, out values))
            shards.ReadSingle(tensor.Name, (values = new float[tensor.Length]).Span);
        foreach (Part part in tensor.Parts)
        {
            if (tensor.IsTransposed)
                Transposition.RunColumns(values.Span, tensor.Rows, part.FirstRow, part.Shape[0], part.ForOverwriting());
            else
                values.Span.Slice(part.FirstRow * tensor.RowLength, part.Shape.Length).CopyTo(part.ForOverwriting());
        }
        // A span holds no mapping.
        GC.KeepAlive(values);
    }

    private static SafetensorsArray Write(Joined tensor, Func<Parameter, ReadOnlyMemory<float>> valuesOf)
    {
        ReadOnlyMemory<float> values;
        if (tensor.IsPlain)
        {
            values = tensor.Parts[0].Values(valuesOf);
        }
        else
        {
            float[] rows = new float[tensor.Length], turned = new float[tensor.IsTransposed ? tensor.Length : 0];
            foreach (Part part in tensor.Parts)
                part.Values(valuesOf).Span.CopyTo(rows.AsSpan(part.FirstRow * tensor.RowLength));
            if (tensor.IsTransposed)
                Transposition.Run(rows, tensor.Rows, tensor.RowLength, turned);
            values = tensor.IsTransposed ? turned : rows;
        }
        WeightPlace place = tensor.Parts[0].Place;
        IEnumerable<int> axes = tensor.Shape.Select(n => (int)n);
        return new SafetensorsArray(tensor.Name, [.. Enumerable.Repeat(1, Math.Max(0, place.LeadingOnes)), .. axes.Skip(Math.Max(0, -place.LeadingOnes)), .. Enumerable.Repeat(1, place.TrailingOnes)], values);
    }

    private readonly record struct Part(Parameter? Parameter, StateBuffer? Buffer, WeightPlace Place)
    {
        public int FirstRow => Place.FirstRow;

        public Shape Shape => Parameter?.Shape ?? Buffer!.Shape;

        public Span<float> ForOverwriting() => Parameter is not null ? Parameter.ForOverwriting() : Buffer!.Values.Span;

        public ReadOnlyMemory<float> Values(Func<Parameter, ReadOnlyMemory<float>> valuesOf) => Parameter is not null ? valuesOf(Parameter) : Buffer!.Values;
    }

    /// <summary>A tensor of the file with the parameters that it holds, row after row.</summary>
    private sealed class Joined
    {
        public Joined(string name, Part[] parts)
        {
            (Name, Parts) = (name, parts);
            Shape first = parts[0].Shape;
            IsTransposed = parts[0].Place.IsTransposed && first.Rank == 2;
            int reached = 0;
            foreach (Part part in parts)
            {
                if (part.FirstRow != reached || !part.Shape.Sizes[1..].SequenceEqual(first.Sizes[1..]))
                    throw new ArgumentException(FormattableString.Invariant($"WeightMap: the parts of '{name}' do not lie row behind row: one begins at {part.FirstRow}, the one before it ends at {reached}."));
                reached += part.Shape[0];
            }
            Rows = reached;
            RowLength = first.Length / Math.Max(1, first[0]);
            long[] shape = [.. first.Sizes.ToArray().Select(n => (long)n)];
            shape[0] = Rows;
            if (IsTransposed)
                Array.Reverse(shape);
            Shape = shape;
        }

        public string Name { get; }

        public Part[] Parts { get; }

        public bool IsTransposed { get; }

        public int Rows { get; }

        public int RowLength { get; }

        public int Length => checked(Rows * RowLength);

        public long[] Shape { get; }

        public bool IsPlain => Parts.Length == 1 && !IsTransposed;
    }
}
