using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Where <see cref="IDifferentiableScoreModifier.Backward"/> adds gradients of parameters, terms and tables: sums in double precision that the
/// kernel owns and adds up in an order that depends on nothing but the shape.</summary>
/// <typeparam name="V">The vector.</typeparam>
public readonly unsafe ref struct ParameterGradient<V>
    where V : unmanaged, ISimd<V>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly ScoreRow* row;
    private readonly int keyIndex;

    [MethodImpl(Inline)]
    internal ParameterGradient(ScoreRow* row, int keyIndex)
    {
        this.row = row;
        this.keyIndex = keyIndex;
    }

    /// <summary>Adds all lanes to one parameter's gradient.</summary>
    /// <param name="index">The parameter.</param>
    /// <param name="gradient">The lanes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such parameter.</exception>
    [MethodImpl(Inline)]
    public void Add(long index, V gradient)
    {
        if ((ulong)index >= (ulong)row->ParameterCount)
            ScoreRead.Throw("parameter", index, row->ParameterCount);
        if (row->ParameterSums != null)
            row->ParameterSums[index] += Sum(gradient);
    }

    /// <summary>Adds each lane to the gradient of its own, neighbouring parameter; lanes that stand for no key are dropped.</summary>
    /// <param name="offset">The parameter of lane 0.</param>
    /// <param name="gradient">The lanes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key has no parameter.</exception>
    public void AddLanes(long offset, V gradient)
    {
        if (row->ParameterSums != null)
            Scatter(row->ParameterSums, row->ParameterCount, offset, gradient);
    }

    /// <summary>Adds each lane to the gradient of the parameter that it names; lanes that stand for no key are dropped.</summary>
    /// <param name="index">Integral lanes.</param>
    /// <param name="gradient">The lanes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key names no parameter.</exception>
    public void AddAt(V index, V gradient)
    {
        if (row->ParameterSums != null)
            Scatter(row->ParameterSums, row->ParameterCount, index, gradient);
    }

    /// <summary>Adds all lanes to the gradient of the query's term.</summary>
    /// <param name="gradient">The lanes.</param>
    [MethodImpl(Inline)]
    public void AddQueryTerm(V gradient)
    {
        if (row->QueryTermSum != null)
            *row->QueryTermSum += Sum(gradient);
    }

    /// <summary>Adds each lane to the gradient of its key's term.</summary>
    /// <param name="gradient">The lanes.</param>
    public void AddKeyTerm(V gradient)
    {
        if (row->KeyTermSums != null)
            Scatter(row->KeyTermSums, row->Keys, keyIndex, gradient);
    }

    /// <summary>Adds each lane to the gradient of the entry of the query's table that it names.</summary>
    /// <param name="index">Integral lanes.</param>
    /// <param name="gradient">The lanes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key names no entry.</exception>
    public void AddTable(V index, V gradient)
    {
        if (row->TableSums != null)
            Scatter(row->TableSums, row->TableWidth, index, gradient);
    }

    [MethodImpl(Inline)]
    private static double Sum(V gradient) => typeof(V) == typeof(ReferenceLane) ? ((ReferenceLane)(object)gradient).Value : V.Sum(gradient);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Scatter(double* sums, long count, long offset, V gradient)
    {
        float* lanes = stackalloc float[V.Width];
        V.Store(gradient, lanes);
        for (int i = 0; i < V.Width; i++)
        {
            if ((uint)(keyIndex + i) < (uint)row->Keys)
                Add(sums, count, offset + i, V.Width == 1 ? Sum(gradient) : lanes[i]);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Scatter(double* sums, long count, V index, V gradient)
    {
        float* lanes = stackalloc float[V.Width], indices = stackalloc float[V.Width];
        V.Store(gradient, lanes);
        V.Store(index, indices);
        for (int i = 0; i < V.Width; i++)
        {
            if ((uint)(keyIndex + i) < (uint)row->Keys)
                Add(sums, count, (long)indices[i], V.Width == 1 ? Sum(gradient) : lanes[i]);
        }
    }

    private static void Add(double* sums, long count, long index, double gradient)
    {
        if ((ulong)index >= (ulong)count)
            ScoreRead.Throw("gradient", index, count);
        sums[index] += gradient;
    }
}
