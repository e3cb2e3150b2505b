namespace Heed;

/// <summary>The mean of the weights of several modules of one shape: checkpoint averaging.</summary>
/// <remarks>Formula: w = (1/n)·Σ_i w_i for each parameter, summed in double precision in the order given. It says something where the modules come from one start, so that their weights mean the same: the last or
/// the best states of a run, or runs that go on from one model. Source: Junczys-Dowmunt, Dwojak and Sennrich 2016; Izmailov et al. 2018.</remarks>
internal static class MeanWeights
{
    /// <summary>Fills a module with the mean of others.</summary>
    /// <param name="into">Gets the mean; of the same shape as all of them.</param>
    /// <param name="modules">At least one.</param>
    /// <exception cref="ArgumentException">A parameter is missing or has another shape.</exception>
    public static void Fill(Module into, IReadOnlyList<Module> modules)
    {
        Dictionary<string, Parameter>[] all = [.. modules.Select(m => m.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal))];
        foreach ((string name, Parameter parameter) in into.NamedParameters())
        {
            List<ReadOnlyMemory<float>> values = [];
            foreach (Dictionary<string, Parameter> one in all)
            {
                if (!one.TryGetValue(name, out Parameter? other) || other.Shape != parameter.Shape)
                    throw new ArgumentException($"the models have other weights: '{name}' is {parameter.Shape} in the first and {(other is null ? "missing" : other.Shape)} in another.", nameof(modules));
                values.Add(other.Memory);
            }
            parameter.Assign(Of(values));
        }
    }

    /// <summary>The mean of arrays of one length.</summary>
    /// <param name="values">At least one.</param>
    public static float[] Of(IReadOnlyList<ReadOnlyMemory<float>> values)
    {
        double[] sums = new double[values[0].Length];
        foreach (ReadOnlyMemory<float> one in values)
        {
            ReadOnlySpan<float> span = one.Span;
            for (int i = 0; i < sums.Length; i++)
                sums[i] += span[i];
        }
        return Array.ConvertAll(sums, sum => (float)(sum / values.Count));
    }
}
