using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Which lanes of a vector there are, as a type: a loop over whole vectors is then without a branch for the last one.</summary>
/// <remarks>Where the JIT finds the count of <see cref="Lane.Load{V}(float*, int)"/> variable, it puts the whole vector behind two jumps; in sweeps of a few instructions a vector they take as long as the rest (measured).</remarks>
internal unsafe interface ILanes
{
    /// <summary>Reads; lanes that are not there are 0.</summary>
    static abstract V Load<V>(float* source, int count)
        where V : unmanaged, ISimd<V>;

    /// <summary>Writes the lanes that are there.</summary>
    static abstract void Store<V>(V value, float* destination, int count)
        where V : unmanaged, ISimd<V>;
}

/// <summary>All of them.</summary>
internal readonly unsafe struct WholeLanes : ILanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(float* source, int count)
        where V : unmanaged, ISimd<V> => V.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, float* destination, int count)
        where V : unmanaged, ISimd<V> => V.Store(value, destination);
}

/// <summary>The first ones.</summary>
internal readonly unsafe struct FirstLanes : ILanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(float* source, int count)
        where V : unmanaged, ISimd<V> => V.Load(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, float* destination, int count)
        where V : unmanaged, ISimd<V> => V.Store(value, destination, count);
}
