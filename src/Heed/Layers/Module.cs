namespace Heed;

/// <summary>A part of a model: named parameters, buffers and children, and a forward pass.</summary>
/// <remarks>
/// <para>A module holds no mutable mode; what belongs to one call travels in the <see cref="Pass"/>, so a loaded model answers many threads at
/// once. Names join with dots (<c>encoder.weight_ih_l0</c>) and follow PyTorch's, so that weights load by name.</para>
/// <para>Children are registered either as they are (<see cref="Register{T}(string, T)"/>: fixed) or in a <see cref="Slot{T}"/> that can be
/// given another module later. Hooks see and may replace what a module returns; fused paths step aside where a hook asks for what they
/// skip.</para>
/// </remarks>
public abstract class Module
{
    private readonly List<(string Name, Parameter Parameter)> parameters = [];
    private readonly List<(string Name, StateBuffer Buffer)> buffers = [];
    private readonly List<(string Name, Func<Module> Get, Action<Module>? Replace)> children = [];
    private ForwardHook[] hooks = [];

    /// <summary>A hook on a module's result: returns the tensor to go on with, usually the one it got.</summary>
    /// <param name="module">The module that returns.</param>
    /// <param name="output">What it returns.</param>
    /// <param name="pass">The call.</param>
    public delegate Tensor ForwardHook(Module module, Tensor output, in Pass pass);

    /// <summary>The parameters of this module and all below, by full name, in order of registration.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters() =>
        NamedModules().SelectMany(m => m.Module.parameters.Select(p => (Join(m.Name, p.Name), p.Parameter)));

    /// <summary>The buffers (saved, not trained) of this module and all below, by full name.</summary>
    public IEnumerable<(string Name, StateBuffer Buffer)> NamedBuffers() =>
        NamedModules().SelectMany(m => m.Module.buffers.Select(b => (Join(m.Name, b.Name), b.Buffer)));

    /// <summary>The direct children by name.</summary>
    public IEnumerable<(string Name, Module Module)> NamedChildren() => children.Select(c => (c.Name, c.Get()));

    /// <summary>This module (name "") and all below, by full name, parents first.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules()
    {
        yield return ("", this);
        foreach ((string name, Func<Module> get, _) in children)
        {
            foreach ((string below, Module module) in get().NamedModules())
                yield return (Join(name, below), module);
        }
    }

    /// <summary>Number of trained and frozen values in all parameters.</summary>
    public long ParameterCount => NamedParameters().Sum(p => (long)p.Parameter.Shape.Length);

    /// <summary>Draws all parameters anew. A parameter's values depend on the seed and its full name alone.</summary>
    /// <param name="seed">The seed.</param>
    public void Initialize(ulong seed)
    {
        RandomStream root = new(seed, "initialize");
        foreach ((string name, Parameter parameter) in NamedParameters())
            parameter.Initialize(root.Fork(name));
    }

    /// <summary>Puts another module in the place of a child that was registered with a slot.</summary>
    /// <param name="path">The child's full name.</param>
    /// <param name="module">The new module; of the type that the slot holds.</param>
    /// <exception cref="ArgumentException">There is no such child, it is fixed, or the type does not fit.</exception>
    public void Replace(string path, Module module)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(module);
        foreach ((string name, _, Action<Module>? replace) in children)
        {
            if (name != path)
                continue;
            (replace ?? throw new ArgumentException($"Module.Replace: '{path}' of {GetType().Name} is held in a field and cannot be replaced; register it with RegisterSlot.", nameof(path)))(module);
            return;
        }
        foreach ((string name, Func<Module> get, _) in children)
        {
            if (path.StartsWith(name + ".", StringComparison.Ordinal))
            {
                get().Replace(path[(name.Length + 1)..], module);
                return;
            }
        }
        throw new ArgumentException($"Module.Replace: {GetType().Name} has no child '{path}'; its children are {string.Join(", ", children.Select(c => $"'{c.Name}'"))}.", nameof(path));
    }

    /// <summary>Adds a hook on this module's result; hooks run in order of addition.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>Removes the hook again.</returns>
    public Action AddHook(ForwardHook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        hooks = [.. hooks, hook];
        return () => hooks = [.. hooks.Where(h => h != hook)];
    }

    /// <summary>Whether a hook watches this module.</summary>
    protected bool HasHooks => hooks.Length > 0;

    /// <summary>Likewise, for whoever would skip the module in a sweep of several.</summary>
    internal bool IsWatched => hooks.Length > 0;

    /// <summary>Names a child that stays; call it in the constructor.</summary>
    /// <param name="name">Without dots.</param>
    /// <param name="child">The child.</param>
    /// <typeparam name="T">The child's type.</typeparam>
    /// <returns>The child.</returns>
    protected T Register<T>(string name, T child)
        where T : Module
    {
        CheckName(name);
        children.Add((name, () => child, null));
        return child;
    }

    /// <summary>Names a child that comes later, and that the forward pass reaches by a hook; where the name is taken, by the next one of name2, name3, ….</summary>
    /// <returns>The name that it got.</returns>
    internal string Attach(string name, Module child)
    {
        string free = name;
        for (int n = 2; IsTaken(free); n++)
            free = FormattableString.Invariant($"{name}{n}");
        Register(free, child);
        return free;
    }

    /// <summary>Values of the last axis of what the module returns; 0 where that is not fixed.</summary>
    internal virtual int OutputChannels => 0;

    /// <summary>Multiplications with additions behind a result of this shape, beside those of the children; 0 where they do not count.</summary>
    internal virtual long MultiplyAdds(Shape output) => 0;

    /// <summary>Whether steps of sequences in it are padded or causal, so that a step must get nothing from the others but by ways that know of it.</summary>
    internal virtual bool SeparatesSteps => false;

    /// <summary>A forward pass over what the module usually gets, and the rows and columns of that; none where it is not known.</summary>
    internal virtual (int Size, Func<Pass, Tensor>? Forward) Probe() => (0, null);

    /// <summary>What was built into the module after it was made.</summary>
    internal List<IModuleChange> Changes { get; } = [];

    /// <summary>Forgets a child.</summary>
    private protected void Unregister(string name) => children.RemoveAll(child => child.Name == name);

    /// <summary>Names a child that may be replaced; call it in the constructor.</summary>
    /// <param name="name">Without dots.</param>
    /// <param name="child">The first occupant.</param>
    /// <typeparam name="T">What may take the place.</typeparam>
    protected Slot<T> RegisterSlot<T>(string name, T child)
        where T : Module
    {
        CheckName(name);
        Slot<T> slot = new(child);
        children.Add((name, () => slot.Module, module => slot.Module = module as T
            ?? throw new ArgumentException($"Module.Replace: '{name}' of {GetType().Name} must be a {typeof(T).Name}, got {module.GetType().Name}.", nameof(module))));
        return slot;
    }

    /// <summary>Names a parameter; call it in the constructor.</summary>
    /// <param name="name">Without dots, as PyTorch names it.</param>
    /// <param name="parameter">The parameter.</param>
    protected Parameter Register(string name, Parameter parameter)
    {
        CheckName(name);
        parameters.Add((name, parameter));
        return parameter;
    }

    /// <summary>Names a buffer; call it in the constructor.</summary>
    /// <param name="name">Without dots, as PyTorch names it.</param>
    /// <param name="buffer">The buffer.</param>
    protected StateBuffer Register(string name, StateBuffer buffer)
    {
        CheckName(name);
        buffers.Add((name, buffer));
        return buffer;
    }

    /// <summary>Runs the hooks over what the module returns; the last line of every <c>Forward</c>.</summary>
    /// <param name="output">The result.</param>
    /// <param name="pass">The call.</param>
    protected Tensor Return(Tensor output, in Pass pass)
    {
        foreach (ForwardHook hook in hooks)
            output = hook(this, output, pass);
        return output;
    }

    private static string Join(string parent, string name) => parent.Length == 0 ? name : name.Length == 0 ? parent : $"{parent}.{name}";

    private bool IsTaken(string name) => children.Any(c => c.Name == name) || parameters.Any(p => p.Name == name) || buffers.Any(b => b.Name == name);

    private void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('.', StringComparison.Ordinal) || IsTaken(name))
            throw new ArgumentException($"Module.Register: '{name}' is taken in {GetType().Name}, or contains a dot.", nameof(name));
    }
}

/// <summary>Something that was built into a module after it was made.</summary>
internal interface IModuleChange;

/// <summary>The place of a child module that can be given another one.</summary>
/// <typeparam name="T">What may take the place.</typeparam>
public sealed class Slot<T>
    where T : Module
{
    internal Slot(T module) => Module = module;

    /// <summary>The module in this place now.</summary>
    public T Module { get; internal set; }
}

/// <summary>Values of a module that are saved but not trained, such as running statistics.</summary>
public sealed class StateBuffer
{
    /// <summary>Creates a buffer of zeros.</summary>
    /// <param name="shape">The shape.</param>
    public StateBuffer(Shape shape)
    {
        Shape = shape;
        Values = new float[shape.Length];
    }

    /// <summary>The shape.</summary>
    public Shape Shape { get; }

    /// <summary>The values.</summary>
    public Memory<float> Values { get; }
}
