namespace Heed;

/// <summary>Attention blocks in networks that exist already.</summary>
public static class ModuleInsertion
{
    /// <summary>Puts a block behind every module whose name matches: what such a module returns goes through the block.</summary>
    /// <remarks>
    /// <para>A block becomes a child <c>se</c> of the module that holds the one it follows, as timm names it: behind <c>layer1.0.bn3</c> it is <c>layer1.0.se</c>, with parameters such as <c>layer1.0.se.fc1.weight</c>; where the name is taken, <c>se2</c>, <c>se3</c>, ….
    /// So its weights are trained, saved, loaded and named as all others.</para>
    /// <para>Behind a <see cref="BatchNorm"/> that also adds and rectifies, the block stands before the addition. Hooks that were there before see what came before the block, later ones what it makes.</para>
    /// <para>In a Transformer over texts, whose steps are padded or must not see what comes, only blocks that look at each place alone can stand (<see cref="PictureAttention.LooksAround"/>): <c>gate</c>. The tokens of a picture are all there.</para>
    /// <para>Shapes: the module's result <c>(batch, height, width, channels)</c>, <c>(batch, steps, channels)</c> or <c>(batch, channels)</c>, and the same behind the block; without height, there is one row.</para>
    /// </remarks>
    /// <param name="module">The model.</param>
    /// <param name="after">Full names of modules; <c>*</c> stands for anything but a dot, <c>**</c> for anything. <c>layer*.*.bn3</c>: the end of each residual branch of bottlenecks, before the addition.</param>
    /// <param name="block">Makes a block for so many channels.</param>
    /// <param name="name">The blocks' name; default <c>se</c>.</param>
    /// <param name="seed">Seed of their first weights, which depend on it and their full names alone; default 0.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">Nothing matches (gives the nearest names), or a match has no fixed number of channels, or the block would mix steps that must not see each other. The model is as before then.</exception>
    public static Insertion Insert(this Module module, string after, Func<int, PictureAttention> block, string name = "se", ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentNullException.ThrowIfNull(block);
        Dictionary<string, Module> all = module.NamedModules().Where(m => m.Name.Length > 0).ToDictionary(m => m.Name, m => m.Module, StringComparer.Ordinal);
        string[] found = [.. all.Keys.Where(known => NamePattern.Matches(after, known))];
        if (found.Length == 0)
        {
            string[] sized = [.. all.Where(m => m.Value.OutputChannels > 0).Select(m => m.Key)];
            throw new ArgumentException($"Insert: no module of {module.GetType().Name} is named '{NearestName.Shown(after)}'.{NearestName.Hint(after, sized)} The nearest names are {NearestName.List(NearestName.Sorted(after, sized), 6)}.", nameof(after));
        }
        if (found.FirstOrDefault(match => all[match].OutputChannels == 0) is { } unsized)
            throw new ArgumentException($"Insert: '{unsized}' is a {all[unsized].GetType().Name}, which has no fixed number of channels; insert after a convolution, a dense layer or a norm.", nameof(after));
        PictureAttention[] blocks = [.. found.Select(match => block(all[match].OutputChannels) ?? throw new ArgumentException("Insert: the function made no block.", nameof(block)))];
        for (int i = 0; i < found.Length; i++)
        {
            if (blocks[i].LooksAround && (module.SeparatesSteps || all.Any(m => m.Value.SeparatesSteps && found[i].StartsWith(m.Key + ".", StringComparison.Ordinal))))
                throw new ArgumentException($"Insert: '{found[i]}' is in a Transformer over sequences, whose steps are padded or causal; a {blocks[i].GetType().Name} weighs a step by the others, padding and future with them. Insert a block that looks at each alone: {string.Join(", ", PictureAttention.Names.Where(known => !PictureAttention.Create(known, 8).LooksAround))}.", nameof(block));
        }
        RandomStream root = new(seed, "initialize");
        (string, string, PictureAttention)[] inserted = new (string, string, PictureAttention)[found.Length];
        for (int i = 0; i < found.Length; i++)
        {
            string holder = found[i].Contains('.', StringComparison.Ordinal) ? found[i][..found[i].LastIndexOf('.')] : "";
            string place = (holder.Length == 0 ? module : all[holder]).Attach(name, blocks[i]), full = holder.Length == 0 ? place : $"{holder}.{place}";
            foreach ((string part, Parameter parameter) in blocks[i].NamedParameters())
                parameter.Initialize(root.Fork($"{full}.{part}"));
            PictureAttention added = blocks[i];
            all[found[i]].AddHook((Module _, Tensor output, in Pass pass) => Through(added, output, pass));
            inserted[i] = (found[i], full, added);
        }
        (int size, Func<Pass, Tensor>? probe) = module.Probe();
        Insertion insertion = new(after, inserted) { Root = module, PictureSize = size, Probe = probe };
        module.Changes.Add(insertion);
        return insertion;
    }

    /// <summary>As <see cref="Insert(Module, string, Func{int, PictureAttention}, string, ulong)"/>, with blocks by name.</summary>
    /// <param name="module">The model.</param>
    /// <param name="after">Full names of modules; <c>*</c> stands for anything but a dot, <c>**</c> for anything.</param>
    /// <param name="block">One of <see cref="PictureAttention.Names"/>.</param>
    /// <param name="reduction">Reduction of the blocks; default 0: their own.</param>
    /// <param name="name">The blocks' name; default <c>se</c>.</param>
    /// <param name="seed">Seed of their first weights; default 0.</param>
    /// <param name="startOpen">Whether they start open (<see cref="PictureAttention.OpenNames"/>), so that a trained model goes on nearly as before; default false.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">No block has this name, it cannot start open, or nothing matches. The model is as before then.</exception>
    public static Insertion Insert(this Module module, string after, string block, int reduction = 0, string name = "se", ulong seed = 0, bool startOpen = false) =>
        module.Insert(after, channels => PictureAttention.Create(block, channels, reduction, startOpen), name, seed);

    /// <summary>The blocks that were inserted, for files.</summary>
    /// <exception cref="InvalidOperationException">A block cannot be made again from a file.</exception>
    internal static IReadOnlyList<InsertedBlock>? InsertedBlocks(this Module module)
    {
        InsertedBlock[] blocks = [.. module.Changes.OfType<Insertion>().SelectMany(i => i.Blocks).Select(b => new InsertedBlock
        {
            After = b.After,
            Name = b.Name[(b.Name.LastIndexOf('.') + 1)..],
            Recipe = b.Block.Recipe ?? throw new InvalidOperationException($"'{b.Name}' is a {b.Block.GetType().Name} with options of its own, which model folders do not keep; insert it by name: Insert(\"{b.After}\", \"{PictureAttention.NameOf(b.Block)}\")."),
        })];
        return blocks.Length == 0 ? null : blocks;
    }

    /// <summary>Inserts blocks as a file has them.</summary>
    /// <param name="module">The whole model, which remembers them.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="part">The name of the part that the file is about, with a dot behind it; "" for the whole.</param>
    internal static void InsertAgain(this Module module, IEnumerable<InsertedBlock?> blocks, string part = "")
    {
        foreach (InsertedBlock? block in blocks)
        {
            if (block is not { Recipe: { } recipe, After: { } after, Name.Length: > 0 } || after.Contains('*', StringComparison.Ordinal))
                throw new ArgumentException("an inserted block lacks 'after', 'name' or 'recipe'; copy the whole folder again.", nameof(blocks));
            module.Insert(part + after, recipe.Create, block.Name);
        }
    }

    private static Tensor Through(PictureAttention block, Tensor x, in Pass pass)
    {
        Shape shape = x.Shape;
        return shape.Rank switch
        {
            2 => block.Forward(x.Reshape(new Shape(shape[0], 1, 1, shape[1])), pass).Reshape(shape),
            3 => block.Forward(x.Reshape(new Shape(shape[0], 1, shape[1], shape[2])), pass).Reshape(shape),
            _ => block.Forward(x, pass),
        };
    }
}
