namespace Heed;

/// <summary>Attention blocks that are put into a network before it is trained: what <see cref="ModuleInsertion.Insert(Module, string, string, int, string, ulong, bool)"/> does, as an option.</summary>
public sealed record PictureInsertion
{
    /// <summary>Full names of the modules that the blocks follow; <c>*</c> stands for anything but a dot, <c>**</c> for anything. <c>layer*.*.bn2</c>: the end of each residual branch of basic blocks.</summary>
    public required string After { get; init; }

    /// <summary>One of <see cref="PictureAttention.Names"/>.</summary>
    /// <value>Default <c>se</c>.</value>
    public string Block { get; init; } = "se";

    /// <summary>Reduction of the blocks, where they have one.</summary>
    /// <value>Default 0: their own.</value>
    public int Reduction { get; init; }

    /// <summary>Whether they start open (<see cref="PictureAttention.OpenNames"/>), so that a trained network goes on nearly as before.</summary>
    /// <value>Default false.</value>
    public bool StartOpen { get; init; }
}
