namespace Heed;

/// <summary>How much explanations change as a model loses what it learned, from the output down to the input. A method whose scores stay alike does not explain the model.</summary>
/// <remarks>Cascading randomisation: part by part, last one first, parameters are drawn anew from their initializers, and stay so. Source: Adebayo et al., "Sanity checks for saliency maps", 2018, section 4.1.</remarks>
/// <param name="Part">The part that was drawn last; all behind it are, too.</param>
/// <param name="Correlations">For each method the mean rank correlation (Spearman, of absolute scores) with the trained model's explanations, with a 95 % bootstrap interval; NaN where scores are all equal.</param>
public sealed record ParameterRandomization(string Part, IReadOnlyList<(string Method, Interval Correlation)> Correlations)
{
    /// <summary>Randomises a network part by part, and puts its weights back at the end. Nobody else may use it meanwhile.</summary>
    /// <param name="network">The network.</param>
    /// <param name="read">Makes the inputs anew, always the same ones with the same targets.</param>
    /// <param name="options">Which methods, and how; defaults if null.</param>
    /// <returns>One entry a part, in the order of the cascade.</returns>
    public static IReadOnlyList<ParameterRandomization> Measure(Module network, Func<IReadOnlyList<ExplainedInput>> read, ExplanationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(read);
        options ??= new ExplanationOptions();
        options.Validate();
        IReadOnlyList<ExplainedInput> inputs = read();
        if (inputs.Count == 0)
            throw new InputException("there is nothing to explain: there is no input.");
        options = options with { Methods = options.Methods ?? ExplanationMethod.NamesFor(inputs[0], options) };
        Explanation[][] trained = [.. inputs.Select(input => ExplanationMethod.Explain(input, options).ToArray())];
        WeightSnapshot snapshot = new(network);
        snapshot.Take();
        List<ParameterRandomization> stages = [];
        try
        {
            RandomStream random = new(options.Seed, "randomization");
            foreach ((string part, Parameter[] parameters) in Parts(network))
            {
                foreach (Parameter parameter in parameters)
                    parameter.Initialize(random.Fork((ulong)stages.Count).Fork((ulong)Array.IndexOf(parameters, parameter)));
                Explanation[][] now = [.. read().Select(input => ExplanationMethod.Explain(input, options).ToArray())];
                stages.Add(new ParameterRandomization(part, [.. options.Methods!.Select((method, m) => (method, Mean(trained, now, m)))]));
            }
        }
        finally
        {
            snapshot.Restore();
        }
        return stages;
    }

    private static Interval Mean(Explanation[][] trained, Explanation[][] now, int method)
    {
        double[] values = [.. trained.Select((own, i) => RankCorrelation.Spearman([.. own[method].Scores.Select(Math.Abs)], [.. now[i][method].Scores.Select(Math.Abs)])).Where(double.IsFinite)];
        return values.Length == 0 ? new Interval(double.NaN, double.NaN, double.NaN) : Interval.Bootstrap(values.Length, rows => rows.Average(row => values[row]));
    }

    // Children of the network, layers of its Transformer one by one; last one first.
    private static IEnumerable<(string Part, Parameter[] Parameters)> Parts(Module network) => network.NamedParameters().GroupBy(p =>
    {
        string[] names = p.Name.Split('.');
        return names[0] is "transformer" or "encoder" or "decoder" && names.Length > 2 ? $"{names[0]}.{names[1]}" : names[0];
    }, StringComparer.Ordinal).Reverse().Select(group => (group.Key, group.Select(p => p.Parameter).ToArray()));
}
