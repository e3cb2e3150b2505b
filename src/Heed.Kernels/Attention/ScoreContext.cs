using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One query and <see cref="ISimd{TSelf}.Width"/> neighbouring keys: where a modifier or mask is asked.</summary>
/// <remarks>Every read is checked against what was given; lanes that stand for no key read 0.</remarks>
/// <typeparam name="V">The vector.</typeparam>
public readonly unsafe ref struct ScoreContext<V>
    where V : unmanaged, ISimd<V>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly ScoreRow* row;

    [MethodImpl(Inline)]
    internal ScoreContext(ScoreRow* row, int keyIndex)
    {
        this.row = row;
        KeyIndex = keyIndex;
    }

    /// <summary>Sequence in the batch.</summary>
    public int Batch { [MethodImpl(Inline)] get => row->Batch; }

    /// <summary>Query head.</summary>
    public int Head { [MethodImpl(Inline)] get => row->Head; }

    /// <summary>Key and value head.</summary>
    public int KeyValueHead { [MethodImpl(Inline)] get => row->KeyValueHead; }

    /// <summary>The query, counted from the sequence's first.</summary>
    public int QueryIndex { [MethodImpl(Inline)] get => row->Query; }

    /// <summary>The key of lane 0, counted from the sequence's first; below 0 or beyond the last where lanes stand for no key.</summary>
    public int KeyIndex { [MethodImpl(Inline)] get; }

    /// <summary>Queries of the sequence.</summary>
    public int Queries { [MethodImpl(Inline)] get => row->Queries; }

    /// <summary>Keys of the sequence.</summary>
    public int Keys { [MethodImpl(Inline)] get => row->Keys; }

    /// <summary>Position of the query.</summary>
    public int QueryPosition { [MethodImpl(Inline)] get => row->QueryPosition + row->Query; }

    /// <summary>Position of the key of lane 0.</summary>
    public int KeyPosition { [MethodImpl(Inline)] get => row->KeyPosition + KeyIndex; }

    /// <summary>Position of the query in all lanes.</summary>
    public V Query { [MethodImpl(Inline)] get => V.Create(QueryPosition); }

    /// <summary>Positions of the keys.</summary>
    public V Key { [MethodImpl(Inline)] get => V.Create(KeyPosition) + V.Lanes; }

    /// <summary>Query position − key position: 0 at the query itself, positive for earlier keys.</summary>
    public V Distance { [MethodImpl(Inline)] get => V.Create(QueryPosition - KeyPosition) - V.Lanes; }

    /// <summary>The query's number of <see cref="AttentionOptions.QueryTerms"/>.</summary>
    public V QueryTerm { [MethodImpl(Inline)] get => row->QueryTerms == null ? V.Zero : One(row->QueryTerms, row->Row); }

    /// <summary>The keys' numbers of <see cref="AttentionOptions.KeyTerms"/>.</summary>
    public V KeyTerm { [MethodImpl(Inline)] get => row->KeyTerms == null ? V.Zero : Contiguous(row->KeyTerms, row->Keys, KeyIndex); }

    /// <summary>Parameter <paramref name="index"/> in all lanes.</summary>
    /// <param name="index">0 … number of parameters − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such parameter.</exception>
    [MethodImpl(Inline)]
    public V Parameter(long index)
    {
        if ((ulong)index >= (ulong)row->ParameterCount)
            ScoreRead.Throw("parameter", index, row->ParameterCount);
        return One(row->Parameters, index);
    }

    /// <summary>Neighbouring parameters, one a lane; lanes that stand for no key read 0.</summary>
    /// <param name="offset">The parameter of lane 0: may lie outside where lane 0 stands for no key.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key has no parameter.</exception>
    [MethodImpl(Inline)]
    public V Parameters(long offset) => Contiguous(row->Parameters, row->ParameterCount, offset);

    /// <summary>The parameter that each lane names; lanes that stand for no key read 0.</summary>
    /// <param name="index">Integral lanes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key names no parameter.</exception>
    public V Lookup(V index) => Gather(row->Parameters, row->ParameterCount, index);

    /// <summary>The entry of the query's <see cref="AttentionOptions.QueryTable"/> that each lane names; lanes that stand for no key read 0, and so do all where no table is given.</summary>
    /// <param name="index">Integral lanes, 0 … width − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key names no entry.</exception>
    public V Table(V index) => row->QueryTable == null ? V.Zero : Gather((byte*)row->QueryTable + (row->Row * row->TableWidth * Size), row->TableWidth, index);

    /// <summary>dOutput·(the row of the value table that each lane names).</summary>
    internal V ValueDot(V index) => Gather(row->ValueDots, row->ValueRows, index);

    /// <summary>Neighbouring numbers of <see cref="AttentionOptions.MaskNumbers"/>, one a lane; exact up to 2²⁴.</summary>
    /// <param name="offset">The number of lane 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key has no number.</exception>
    public V Numbers(long offset)
    {
        float* lanes = stackalloc float[V.Width];
        for (int i = 0; i < V.Width; i++)
            lanes[i] = IsKey(i) ? Number(offset + i) : 0;
        return V.Load(lanes);
    }

    /// <summary>One number of <see cref="AttentionOptions.MaskNumbers"/>.</summary>
    /// <param name="index">Its index.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such number.</exception>
    [MethodImpl(Inline)]
    public int Number(long index)
    {
        if ((ulong)index >= (ulong)row->NumberCount)
            ScoreRead.Throw("mask number", index, row->NumberCount);
        return row->Numbers[index];
    }

    /// <summary>One truth value of <see cref="AttentionOptions.MaskFlags"/>.</summary>
    /// <param name="index">Its index.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such value.</exception>
    [MethodImpl(Inline)]
    public bool Flag(long index)
    {
        if ((ulong)index >= (ulong)row->FlagCount)
            ScoreRead.Throw("mask flag", index, row->FlagCount);
        return row->Flags[index];
    }

    /// <summary>Neighbouring truth values of <see cref="AttentionOptions.MaskFlags"/> as a comparison mask; unset in lanes that stand for no key.</summary>
    /// <param name="offset">The value of lane 0.</param>
    /// <param name="step">From lane to lane: 1, or 0 for a value that all keys share.</param>
    /// <exception cref="ArgumentOutOfRangeException">A lane that stands for a key has no value.</exception>
    public V Flags(long offset, int step = 1)
    {
        float* lanes = stackalloc float[V.Width];
        for (int i = 0; i < V.Width; i++)
        {
            long index = offset + ((long)i * step);
            if (IsKey(i) && (ulong)index >= (ulong)row->FlagCount)
                ScoreRead.Throw("mask flag", index, row->FlagCount);
            lanes[i] = IsKey(i) && row->Flags[index] ? 1 : 0;
        }
        return V.LessThan(V.Zero, V.Load(lanes));
    }

    [MethodImpl(Inline)]
    private bool IsKey(int lane) => (uint)(KeyIndex + lane) < (uint)row->Keys;

    // Numbers are float32, or double where references run.
    private static int Size { [MethodImpl(Inline)] get => typeof(V) == typeof(ReferenceLane) ? sizeof(double) : sizeof(float); }

    [MethodImpl(Inline)]
    private static V One(void* source, long index) =>
        typeof(V) == typeof(ReferenceLane) ? (V)(object)new ReferenceLane(((double*)source)[index]) : V.Create(((float*)source)[index]);

    [MethodImpl(Inline)]
    private V Contiguous(void* source, long count, long offset) =>
        typeof(V) != typeof(ReferenceLane) && KeyIndex >= 0 && KeyIndex + V.Width <= row->Keys && offset >= 0 && offset + V.Width <= count
            ? V.Load((float*)source + offset) : Edge(source, count, offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private V Edge(void* source, long count, long offset)
    {
        if (typeof(V) == typeof(ReferenceLane))
            return Single(source, count, offset);
        float* lanes = stackalloc float[V.Width];
        for (int i = 0; i < V.Width; i++)
        {
            if (IsKey(i) && (ulong)(offset + i) >= (ulong)count)
                ScoreRead.Throw("parameter", offset + i, count);
            lanes[i] = IsKey(i) ? ((float*)source)[offset + i] : 0;
        }
        return V.Load(lanes);
    }

    private V Single(void* source, long count, long index)
    {
        if (IsKey(0) && (ulong)index >= (ulong)count)
            ScoreRead.Throw("entry", index, count);
        return IsKey(0) ? One(source, index) : V.Zero;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private V Gather(void* source, long count, V index)
    {
        if (typeof(V) == typeof(ReferenceLane))
            return Single(source, count, (long)((ReferenceLane)(object)index).Value);
        float* lanes = stackalloc float[V.Width];
        V.Store(index, lanes);
        for (int i = 0; i < V.Width; i++)
        {
            long at = (long)lanes[i];
            if (IsKey(i) && (ulong)at >= (ulong)count)
                ScoreRead.Throw("entry", at, count);
            lanes[i] = IsKey(i) ? ((float*)source)[at] : 0;
        }
        return V.Load(lanes);
    }
}

/// <summary>The error of a struct that reads what was not given.</summary>
internal static class ScoreRead
{
    public static void Throw(string what, long index, long count) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, FormattableString.Invariant($"FusedAttention: a score modifier or mask asks for {what} {index}, but {count} were given. Pass as many as it needs."));
}
