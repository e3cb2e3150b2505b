namespace Heed;

/// <summary>A network that sees pictures: logits of classes, and the maps of features on the way to them, for tasks that look at places.</summary>
/// <remarks>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c>; level n <c>(batch, ⌈height/s_n⌉, ⌈width/s_n⌉, c_n)</c> with the strides s of <see cref="LevelStrides"/> and the channels c of <see cref="LevelChannels"/>;
/// features <c>(batch, height', width', features)</c>; logits <c>(batch, classes)</c>.</para>
/// <para>Where a network halves its maps step by step, its levels are what it holds before each step and at the end, so that every stride is twice the one before; a network of one resolution has one level.</para>
/// </remarks>
public abstract class PictureNetwork : Module
{
    private protected PictureNetwork(PictureNetworkConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
    }

    /// <summary>The shape.</summary>
    public abstract PictureNetworkConfig Config { get; }

    /// <summary>Values of a place of the features.</summary>
    public abstract int FeatureCount { get; }

    /// <summary>Values of a place of each level, the finest first.</summary>
    public abstract IReadOnlyList<int> LevelChannels { get; }

    /// <summary>Pixels from place to place of each level.</summary>
    public abstract IReadOnlyList<int> LevelStrides { get; }

    /// <summary>The maps of features, the finest first.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Level n has the shape <c>(batch, ⌈height/s_n⌉, ⌈width/s_n⌉, c_n)</c>.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public abstract IReadOnlyList<Tensor> Levels(Tensor pictures, in Pass pass);

    /// <summary>What is pooled for the classes.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, height', width', features)</c>.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public abstract Tensor Features(Tensor pictures, in Pass pass);

    /// <summary>Classifies.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Logits, shape <c>(batch, classes)</c>.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public abstract Tensor Forward(Tensor pictures, in Pass pass);

    internal override (int Size, Func<Pass, Tensor>? Forward) Probe() => (Config.UsualSize, Look(Config.UsualSize, Config.UsualSize));

    /// <summary>A forward pass over one black picture.</summary>
    internal Func<Pass, Tensor> Look(int height, int width) => pass => Forward(pass.Input(new float[height * width * Config.Channels], new Shape(1, height, width, Config.Channels)), pass);

    /// <summary>Refuses a task that looks at more levels than there are.</summary>
    /// <param name="count">Levels that it looks at.</param>
    /// <param name="asked">How it says so.</param>
    internal void RequireLevels(int count, string asked)
    {
        int there = LevelChannels.Count;
        if (there == 1 && count > 1)
            throw new ArgumentException($"{asked}, but the backbone has 1 level of features; take one that sees at several resolutions, such as a residual network or MobileNetV3.");
        if (there < count)
            throw new ArgumentException(FormattableString.Invariant($"{asked}, but the backbone has {there} levels; give at most so many."));
    }

    /// <summary>Reads weights and running statistics of a file that torchvision or timm wrote, or of a model folder of ours; what does not fit is left as it is and reported.</summary>
    /// <remarks>Dense layers that torch has as 1 × 1 convolutions (those of squeeze-and-excitation) are taken as they are; <c>num_batches_tracked</c> is of no use here; <c>se_module</c> is read as <c>se</c>.</remarks>
    /// <param name="path">A safetensors file, or a folder with one or several.</param>
    /// <returns>What was found, by the file's names.</returns>
    /// <exception cref="InputException">A file is missing or damaged, or a tensor holds no floating-point numbers.</exception>
    public WeightReport Load(string path)
    {
        using SafetensorsShards shards = SafetensorsShards.Open(path);
        HashSet<string> names = [.. shards.Names];
        // A folder of ours has our names; of others the system counts of whose names the file has most.
        IEnumerable<WeightPlace> places = NamedParameters().All(p => p.Name.StartsWith(HeadName + ".", StringComparison.Ordinal) || names.Contains(p.Name)) ? Own()
            : Namings.Select(naming => Places(naming).ToArray()).MaxBy(places => places.Count(place => names.Contains(place.Tensor)))!;
        if (names.Any(n => n.Contains(".se_module.", StringComparison.Ordinal)))
            places = places.Select(p => p with { Tensor = p.Tensor.Replace(".se.", ".se_module.", StringComparison.Ordinal) });
        return new WeightMap(places, name => name.EndsWith(".num_batches_tracked", StringComparison.Ordinal)).Load(this, shards);
    }

    /// <summary>Writes weights and running statistics as torchvision and timm name and shape them; an existing file is replaced whole.</summary>
    /// <param name="path">The safetensors file.</param>
    /// <param name="naming">Whose names it gets.</param>
    /// <exception cref="ArgumentException">The family is not written under these names.</exception>
    public void Save(string path, WeightNaming naming = WeightNaming.Usual)
    {
        WeightMap map = new(Places(naming));
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, [.. map.Save(this)]));
    }

    /// <summary>The name of the layer that makes logits: all that belongs to the classes.</summary>
    internal abstract string HeadName { get; }

    /// <summary>The systems whose names differ, the usual one first.</summary>
    private protected virtual IReadOnlyList<WeightNaming> Namings => [WeightNaming.Usual];

    /// <summary>Where each parameter and buffer lies in a file of others.</summary>
    private protected virtual IEnumerable<WeightPlace> Places(WeightNaming naming)
    {
        Dictionary<string, Module> modules = NamedModules().ToDictionary(m => m.Name, m => m.Module, StringComparer.Ordinal);
        foreach (WeightPlace place in Own())
        {
            bool isWeight = place.Parameter.EndsWith(".weight", StringComparison.Ordinal);
            Module? owner = isWeight ? modules[Holder(place.Parameter)] : null, block = isWeight ? BlockOf(modules, place.Parameter) : null;
            // The dense layers of attention blocks are 1 × 1 convolutions there, and the convolution over channels has one axis.
            yield return block is not null && owner is Linear ? place with { TrailingOnes = 2 } : block is EfficientChannelAttention ? place with { LeadingOnes = -1 } : place;
        }
    }

    /// <summary>The attention block around a parameter or module; null where there is none.</summary>
    private protected static Module? BlockOf(Dictionary<string, Module> modules, string name)
    {
        for (string holder = Holder(name); holder.Length > 0; holder = Holder(holder))
        {
            if (modules[holder] is PictureAttention or PictureConvolution)
                return modules[holder];
        }
        return null;
    }

    private static string Holder(string name) => name[..Math.Max(0, name.LastIndexOf('.'))];

    private IEnumerable<WeightPlace> Own() => NamedParameters().Select(p => p.Name).Concat(NamedBuffers().Select(b => b.Name)).Select(name => new WeightPlace(name, name));
}
