namespace Heed;

/// <summary>Parts of a model that training leaves as they are.</summary>
public static class ModuleFreezing
{
    /// <summary>Freezes parameters (<see cref="Parameter.IsTrained"/>): optimizers and gradients pass them by, and a batch norm of which nothing is trained keeps its running statistics.</summary>
    /// <remarks>Call it before an optimizer or trainer is made.</remarks>
    /// <param name="module">The model.</param>
    /// <param name="patterns">Names of parameters or modules, which then stand for all below; <c>*</c> stands for anything but a dot, <c>**</c> for anything. <c>layer1.*</c>, <c>layer*.*.conv1</c>.</param>
    /// <returns>The names of the frozen parameters.</returns>
    /// <exception cref="ArgumentException">A pattern matches nothing; gives the nearest names. Nothing is frozen then.</exception>
    public static IReadOnlyList<string> Freeze(this Module module, params IReadOnlyList<string> patterns) => Set(module, patterns, isTrained: false);

    /// <summary>Trains parameters again; as <see cref="Freeze"/>.</summary>
    /// <param name="module">The model.</param>
    /// <param name="patterns">As in <see cref="Freeze"/>.</param>
    /// <returns>The names of the parameters.</returns>
    /// <exception cref="ArgumentException">A pattern matches nothing; gives the nearest names.</exception>
    public static IReadOnlyList<string> Unfreeze(this Module module, params IReadOnlyList<string> patterns) => Set(module, patterns, isTrained: true);

    private static IReadOnlyList<string> Set(Module module, IReadOnlyList<string> patterns, bool isTrained)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(patterns);
        (string Name, Parameter Parameter)[] all = [.. module.NamedParameters()];
        foreach (string pattern in patterns)
        {
            if (!all.Any(p => NamePattern.MatchesOrHolds(pattern, p.Name)))
                throw new ArgumentException($"Freeze: no parameter or module is named '{NearestName.Shown(pattern)}'.{NearestName.Hint(pattern, all.Select(p => p.Name).Concat(module.NamedModules().Select(m => m.Name)))} The parts are {NearestName.List([.. module.NamedChildren().Select(c => c.Name)])}.", nameof(patterns));
        }
        (string Name, Parameter Parameter)[] found = [.. all.Where(p => patterns.Any(pattern => NamePattern.MatchesOrHolds(pattern, p.Name)))];
        foreach ((_, Parameter parameter) in found)
            parameter.IsTrained = isTrained;
        return [.. found.Select(p => p.Name)];
    }
}
