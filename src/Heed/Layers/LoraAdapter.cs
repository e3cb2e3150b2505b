namespace Heed;

/// <summary>What is learned beside the frozen weights of a <see cref="Linear"/> layer.</summary>
/// <remarks>
/// <para>Formula: <c>y = x·Wᵀ + b + (α/r)·x·Aᵀ·Bᵀ</c>; W and b stay, A and B are trained. B starts at 0, so that training starts from the layer as it was.</para>
/// <para>Shapes: x <c>(…, in)</c>; A <c>(r, in)</c>; B <c>(out, r)</c>; y <c>(…, out)</c>. Parameters: <c>lora_A</c>, <c>lora_B</c>. Cost: 2·rows·r·(in + out) flops; none once merged.</para>
/// <para>Source: Hu et al. 2021, section 4.1.</para>
/// </remarks>
public sealed class LoraAdapter : Module
{
    private readonly Parameter a, b;
    private readonly float scale;

    internal LoraAdapter(int inputSize, int outputSize, LoraConfig config)
    {
        scale = (float)(config.Alpha / config.Rank);
        a = Register("lora_A", new Parameter(new Shape(config.Rank, inputSize), Initializer.LecunUniform));
        b = Register("lora_B", new Parameter(new Shape(outputSize, config.Rank), Initializer.Zeros));
    }

    /// <summary>Adapts the dense layers of a module whose names end with a target; every other parameter of it is frozen (<see cref="Parameter.IsTrained"/>).</summary>
    /// <param name="module">The module.</param>
    /// <param name="config">Rank, scale and targets.</param>
    /// <param name="seed">Seed of the first values of A.</param>
    /// <returns>The full names of the adapted layers.</returns>
    /// <exception cref="ArgumentException">A target is the name of no dense layer, a layer is adapted already, or a value is out of its range.</exception>
    public static IReadOnlyList<string> Apply(Module module, LoraConfig config, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        (string Name, Linear Layer)[] all = [.. Layers(module)];
        string[] names = [.. all.Select(l => Last(l.Name)).Distinct(StringComparer.Ordinal)];
        if (config.Targets.FirstOrDefault(target => !names.Contains(target, StringComparer.Ordinal)) is { } unknown)
            throw new ArgumentException($"LoraAdapter.Apply: {module.GetType().Name} has no dense layer '{unknown}'; it has {string.Join(", ", names)}.{NearestName.Hint(unknown, names)}", nameof(config));
        foreach ((_, Parameter parameter) in module.NamedParameters())
            parameter.IsTrained = false;
        RandomStream root = new(seed, "lora");
        List<string> adapted = [];
        foreach ((string name, Linear layer) in all.Where(l => config.Targets.Contains(Last(l.Name), StringComparer.Ordinal)))
        {
            LoraAdapter adapter = new(layer.Weight.Shape[1], layer.Weight.Shape[0], config);
            foreach ((string part, Parameter parameter) in adapter.NamedParameters())
                parameter.Initialize(root.Fork($"{name}.{part}"));
            layer.Adapt(adapter);
            adapted.Add(name);
        }
        return adapted;
    }

    /// <summary>Adds what adapters learned to the weights of their layers, W ← W + (α/r)·B·A, and takes the adapters out; all parameters can be trained again.</summary>
    /// <param name="module">The module; one without adapters stays as it is.</param>
    public static void Merge(Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        (string Name, Linear Layer)[] adapted = [.. Layers(module).Where(l => l.Layer.Adapter is not null)];
        foreach ((_, Linear layer) in adapted)
            layer.Merge();
        foreach ((_, Parameter parameter) in module.NamedParameters())
            parameter.IsTrained |= adapted.Length > 0;
    }

    internal Tensor Forward(Tensor x, in Pass pass) => Return(Tensor.Linear(Tensor.Linear(x, pass.Use(a)), pass.Use(b)).Scale(scale), pass);

    /// <summary>(α/r)·B·A added to W (out, in); sums in double precision.</summary>
    internal void AddTo(Parameter weight) => weight.Change(
        static (values, self) =>
        {
            (int rank, int inputs) = (self.a.Shape[0], self.a.Shape[1]);
            ReadOnlySpan<float> down = self.a.Values, up = self.b.Values;
            for (int i = 0; i < values.Length; i++)
            {
                double sum = 0;
                for (int r = 0; r < rank; r++)
                    sum += (double)up[(i / inputs * rank) + r] * down[(r * inputs) + (i % inputs)];
                values[i] = (float)(values[i] + (self.scale * sum));
            }
        },
        this);

    private static IEnumerable<(string Name, Linear Layer)> Layers(Module module) => module.NamedModules().Where(m => m.Module is Linear).Select(m => (m.Name, (Linear)m.Module));

    private static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
}
