namespace Heed;

/// <summary>Blocks that were put into a model: what <see cref="ModuleInsertion.Insert(Module, string, Func{int, PictureAttention}, string, ulong)"/> did.</summary>
public sealed class Insertion : IModuleChange
{
    internal Insertion(string after, IReadOnlyList<(string After, string Name, PictureAttention Block)> blocks)
    {
        After = after;
        Blocks = blocks;
        Names = [.. blocks.Select(b => b.Name)];
        ParameterCount = blocks.Sum(b => b.Block.ParameterCount);
    }

    /// <summary>The pattern of the modules that the blocks follow.</summary>
    public string After { get; }

    /// <summary>The full names of the blocks: those of their parameters begin with them.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Number of blocks.</summary>
    public int Count => Names.Count;

    /// <summary>Parameters added.</summary>
    public long ParameterCount { get; }

    internal IReadOnlyList<(string After, string Name, PictureAttention Block)> Blocks { get; }

    // Rows and columns of the pictures for which the work is told; 0 where no pass can be made.
    internal int PictureSize { get; init; }

    internal Func<Pass, Tensor>? Probe { get; init; }

    internal Module? Root { get; init; }

    /// <summary>Multiplications with additions that a forward pass has more.</summary>
    /// <param name="forward">Runs the whole model once.</param>
    /// <returns>As <see cref="ModuleCost.MultiplyAdds"/>.</returns>
    public long MultiplyAdds(Func<Pass, Tensor> forward)
    {
        HashSet<string> names = [.. Names];
        return ModuleCost.Measure(Root!, forward).Where(cost => names.Contains(cost.Name)).Sum(cost => cost.MultiplyAdds);
    }

    /// <summary>As <c>16 blocks after layer*.*.bn3, + 2,530,992 parameters, + 2,514,944 multiply-adds for a picture of 224 x 224</c>; without the last part where the model is no <see cref="PictureNetwork"/>.</summary>
    public override string ToString() => Probe is null ? Facts : Describe(PictureSize, PictureSize, Probe);

    private string Facts => FormattableString.Invariant($"{Count} {(Count == 1 ? "block" : "blocks")} after {After}, + {ParameterCount:N0} parameters");

    /// <summary>As <see cref="ToString"/>, for pictures of any size.</summary>
    internal string Describe(int height, int width, Func<Pass, Tensor> look) => Facts + FormattableString.Invariant($", + {MultiplyAdds(look):N0} multiply-adds for a picture of {height} x {width}");
}
