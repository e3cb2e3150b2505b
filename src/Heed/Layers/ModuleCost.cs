namespace Heed;

/// <summary>What a module and all below it cost.</summary>
/// <param name="Name">The full name; "" for the whole.</param>
/// <param name="Kind">The module's type.</param>
/// <param name="ParameterCount">Values in its parameters.</param>
/// <param name="MultiplyAdds">Multiplications with additions of one forward pass: convolutions, dense layers and the products of attention blocks for pictures; not sums, norms, gates and functions.</param>
public sealed record ModuleCost(string Name, string Kind, long ParameterCount, long MultiplyAdds)
{
    /// <summary>Measures a forward pass by what its layers return.</summary>
    /// <remarks>Adds hooks for the time of the pass: not while other threads use the module.</remarks>
    /// <param name="module">The module.</param>
    /// <param name="forward">Runs it once.</param>
    /// <returns>The module and all below, parents first.</returns>
    public static IReadOnlyList<ModuleCost> Measure(Module module, Func<Pass, Tensor> forward)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(forward);
        (string Name, Module Module)[] all = [.. module.NamedModules()];
        Dictionary<Module, long> own = [];
        List<Action> removals = [];
        try
        {
            foreach (Module part in all.Select(m => m.Module).Distinct())
            {
                removals.Add(part.AddHook((Module of, Tensor output, in Pass _) =>
                {
                    own[of] = own.GetValueOrDefault(of) + of.MultiplyAdds(output.Shape);
                    return output;
                }));
            }
            Step.Evaluate(forward);
        }
        finally
        {
            removals.ForEach(remove => remove());
        }
        return [.. all.Select(m => new ModuleCost(m.Name, m.Module.GetType().Name, m.Module.ParameterCount, m.Module.NamedModules().Sum(below => own.GetValueOrDefault(below.Module))))];
    }
}
