using System.CommandLine;

namespace Heed.Cli;

/// <summary>What a picture network starts from: weights of another model, blocks that are put into it, and what stays as it is.</summary>
internal sealed class StartSettings
{
    private readonly Option<string> initial, block;
    private readonly Option<string[]> after, freeze;
    private readonly Option<bool> open;
    private readonly Option<int> reduction;

    /// <summary>Makes the options.</summary>
    /// <param name="all">The command's options, to which these are added.</param>
    /// <param name="sources">What the first weights come from, for the help.</param>
    /// <param name="reduction">The reduction of attention blocks, which inserted ones have too.</param>
    public StartSettings(OptionList all, string sources, Option<int> reduction)
    {
        this.reduction = reduction;
        initial = all.Add("--init", $"Start from the weights of {sources}; with other classes the last layer is new. The folder of a model of this kind says the network, too, unless options do.", "", "path");
        block = all.Add("--insert", $"Put such a block behind each layer that --insert-after names: {string.Join(", ", PictureAttention.Names)}.", "", "name");
        after = all.Add("--insert-after", "The layers that blocks follow: names with * for anything but a dot, as 'layer*.*.bn2'. May be given several times.", Array.Empty<string>(), "pattern");
        open = all.Flag("--start-open", $"Inserted blocks start with open gates, so that a trained network goes on nearly as before: {string.Join(", ", PictureAttention.OpenNames)}.");
        freeze = all.Add("--freeze", "Leave these layers as they are: names with * for anything but a dot, as 'layer1.*'. May be given several times.", Array.Empty<string>(), "pattern");
    }

    /// <summary>The model or file to start from; null for none.</summary>
    public string? Path(ParseResult parsed) => parsed.GetValue(initial) is { Length: > 0 } path ? path : null;

    /// <summary>The folder to start from if it holds a model of this kind; null if not.</summary>
    public string? Folder(ParseResult parsed, Func<string, bool> isIn) => Path(parsed) is { } path && !File.Exists(path) && isIn(path) ? path : null;

    /// <summary>Names of what stays as it is.</summary>
    public IReadOnlyList<string> Freeze(ParseResult parsed) => parsed.GetValue(freeze) ?? [];

    /// <summary>The blocks that are put into the network.</summary>
    public IReadOnlyList<PictureInsertion> Insertions(ParseResult parsed)
    {
        (string name, string[] patterns) = (parsed.GetValue(block)!, parsed.GetValue(after) ?? []);
        if (name.Length == 0 != (patterns.Length == 0))
            throw new UsageException("--insert says the block and --insert-after the layers that it follows; give both, as --insert se --insert-after 'layer*.*.bn2'.");
        if (name.Length == 0 && parsed.GetValue(open))
            throw new UsageException("--start-open is how inserted blocks start; give --insert and --insert-after too.");
        if (name.Length > 0)
            _ = PictureAttention.Create(name, 64, parsed.GetValue(reduction), parsed.GetValue(open));
        return [.. patterns.Select(pattern => new PictureInsertion { After = pattern, Block = name, Reduction = parsed.GetValue(reduction), StartOpen = parsed.GetValue(open) })];
    }
}
