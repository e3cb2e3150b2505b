namespace Heed;

/// <summary>Children under one name, as torch's containers have them: their names are numbers.</summary>
internal sealed class ModuleGroup : Module
{
    private int next;

    /// <summary>Adds a child that stays.</summary>
    public T Add<T>(T child)
        where T : Module => Register(Next(), child);

    /// <summary>Adds a child that may be replaced.</summary>
    public Slot<T> AddSlot<T>(T child)
        where T : Module => RegisterSlot(Next(), child);

    /// <summary>Leaves out a number, that of a child without weights.</summary>
    public void Skip(int count = 1) => next += count;

    private string Next() => FormattableString.Invariant($"{next++}");
}
