using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Sizes of <see cref="AdditiveScoreKernel"/>.</summary>
/// <param name="Batch">Sequences.</param>
/// <param name="HeadCount">Heads, each with its own v.</param>
/// <param name="Queries">Queries a head.</param>
/// <param name="Keys">Keys a head.</param>
/// <param name="Size">a: the length of v.</param>
public readonly record struct AdditiveScoreShape(int Batch, int HeadCount, int Queries, int Keys, int Size);

/// <summary>Additive scores: e[n, q, k] = Σ over i of v[h, i]·tanh(query[n, q, i] + key[n, k, i]), for queries and keys that were projected before.</summary>
/// <remarks>
/// <para>Shapes: query (batch, heads, queries, a); key (batch, heads, keys, a); v (heads, a); e (batch, heads, queries, keys). In decoding, keys are projected once and kept; a step then costs
/// one call and allocates nothing.</para>
/// <para>The hidden layer of (queries × keys × a) numbers is never in memory: the backward pass computes it again.</para>
/// <para>Bits: a score depends on its own query and key alone. Sums of gradients run over keys, then queries, then the batch, in order: same bits for any number of threads.</para>
/// <para>Cost: queries·keys·a tanh forward, the same backward. Forward is shared by the workers by query, backward by head. Thread-safe.</para>
/// <para>Source: Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate", 2015.</para>
/// </remarks>
public static unsafe class AdditiveScoreKernel
{
    /// <summary>Fills the scores.</summary>
    /// <param name="query">(batch, heads, queries, a).</param>
    /// <param name="key">(batch, heads, keys, a).</param>
    /// <param name="v">(heads, a).</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="scores">(batch, heads, queries, keys).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or scores overlap a source.</exception>
    public static void Forward(ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> v, in AdditiveScoreShape shape, Span<float> scores)
    {
        const string Operation = "AdditiveScoreKernel.Forward";
        Check(Operation, query, key, v, scores.Length, shape);
        Require.Apart(Operation, nameof(query), query, scores);
        Require.Apart(Operation, nameof(key), key, scores);
        Require.Apart(Operation, nameof(v), v, scores);
        fixed (float* pq = query, pk = key, pv = v, ps = scores)
            RowCall.Run(new ForwardStep { Query = pq, Key = pk, V = pv, Scores = ps, Shape = shape }, (nint)shape.Batch * shape.HeadCount * shape.Queries, 8L * shape.Keys * shape.Size);
    }

    /// <summary>Adds the gradients; an empty span is not wanted.</summary>
    /// <param name="dscores">(batch, heads, queries, keys).</param>
    /// <param name="query">As in the forward pass.</param>
    /// <param name="key">As in the forward pass.</param>
    /// <param name="v">As in the forward pass.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="dquery">(batch, heads, queries, a), or empty.</param>
    /// <param name="dkey">(batch, heads, keys, a), or empty.</param>
    /// <param name="dv">(heads, a), or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or gradients overlap a source or each other.</exception>
    public static void Backward(
        ReadOnlySpan<float> dscores, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> v, in AdditiveScoreShape shape, Span<float> dquery, Span<float> dkey, Span<float> dv)
    {
        const string Operation = "AdditiveScoreKernel.Backward";
        Check(Operation, query, key, v, dscores.Length, shape);
        Wanted(Operation, nameof(dquery), dquery, query, dscores);
        Wanted(Operation, nameof(dkey), dkey, key, dscores);
        Wanted(Operation, nameof(dv), dv, v, dscores);
        Require.Apart(Operation, nameof(dquery), dquery, dkey);
        Require.Apart(Operation, nameof(dquery), dquery, dv);
        Require.Apart(Operation, nameof(dkey), dkey, dv);
        int heads = shape.Batch * shape.HeadCount;
        using Scratch parts = new(dv.IsEmpty ? 0 : (long)heads * shape.Size);
        fixed (float* pds = dscores, pq = query, pk = key, pv = v, pdq = dquery, pdk = dkey)
        {
            float* sums = dv.IsEmpty ? null : parts.Pointer;
            RowCall.Run(new BackwardStep { DScores = pds, Query = pq, Key = pk, V = pv, DQuery = pdq, DKey = pdk, DV = sums, Shape = shape }, heads, (long)int.MaxValue);
        }
        for (int n = 0; n < heads && !dv.IsEmpty; n++)
            Elementwise.AddScaled(new ReadOnlySpan<float>(parts.Pointer + ((nint)n * shape.Size), shape.Size), 1, dv.Slice(n % shape.HeadCount * shape.Size, shape.Size));
    }

    private static void Check(string operation, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> v, int scores, in AdditiveScoreShape s)
    {
        foreach ((string name, int size) in (ReadOnlySpan<(string, int)>)[(nameof(s.Batch), s.Batch), (nameof(s.HeadCount), s.HeadCount), (nameof(s.Queries), s.Queries), (nameof(s.Keys), s.Keys), (nameof(s.Size), s.Size)])
            Require.Range(operation, name, size, size >= 0, "at least 0");
        long heads = (long)s.Batch * s.HeadCount;
        Require.Length(operation, nameof(query), query.Length, heads * s.Queries * s.Size);
        Require.Length(operation, nameof(key), key.Length, heads * s.Keys * s.Size);
        Require.Length(operation, nameof(v), v.Length, (long)s.HeadCount * s.Size);
        Require.Length(operation, nameof(scores), scores, heads * s.Queries * s.Keys);
    }

    private static void Wanted(string operation, string name, ReadOnlySpan<float> gradient, ReadOnlySpan<float> source, ReadOnlySpan<float> dscores)
    {
        if (gradient.IsEmpty)
            return;
        Require.Length(operation, name, gradient.Length, source.Length);
        Require.Apart(operation, name, source, gradient);
        Require.Apart(operation, name, dscores, gradient);
    }

    private struct ForwardStep : IRowStep
    {
        public float* Query;
        public float* Key;
        public float* V;
        public float* Scores;
        public AdditiveScoreShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<TVector>(nint row)
            where TVector : unmanaged, ISimd<TVector>
        {
            nint n = row / Shape.Queries, size = Shape.Size;
            float* query = Query + (row * size), key = Key + (n * Shape.Keys * size), v = V + (n % Shape.HeadCount * size), scores = Scores + (row * Shape.Keys);
            for (nint k = 0; k < Shape.Keys; k++, key += size)
                scores[k] = Fold.Sum<TVector, HiddenTerm>(new() { Query = query, Key = key, V = v }, 0, size);
        }
    }

    /// <summary>Σ v·tanh(query + key); lanes beyond the row have v = 0.</summary>
    private struct HiddenTerm : ITerm
    {
        public float* Query;
        public float* Key;
        public float* V;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Add<TVector>(TVector folded, nint i, int count)
            where TVector : unmanaged, ISimd<TVector> =>
            TVector.FusedMultiplyAdd(Lane.Load<TVector>(V + i, count), TVector.Tanh(Lane.Load<TVector>(Query + i, count) + Lane.Load<TVector>(Key + i, count)), folded);
    }

    private struct BackwardStep : IRowStep
    {
        public float* DScores;
        public float* Query;
        public float* Key;
        public float* V;
        public float* DQuery;
        public float* DKey;
        public float* DV;   // (heads of the batch, a): sums of one head each
        public AdditiveScoreShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<TVector>(nint n)
            where TVector : unmanaged, ISimd<TVector>
        {
            nint size = Shape.Size;
            float* v = V + (n % Shape.HeadCount * size), dv = DV == null ? null : DV + (n * size);
            if (dv != null)
                new Span<float>(dv, Shape.Size).Clear();
            for (nint q = n * Shape.Queries; q < (n + 1) * Shape.Queries; q++)
            {
                for (nint k = n * Shape.Keys, j = q * Shape.Keys; k < (n + 1) * Shape.Keys; k++, j++)
                {
                    if (DScores[j] == 0)
                        continue;
                    Lane.Loop<TVector, PairStep>(
                        new()
                        {
                            Gradient = DScores[j],
                            Query = Query + (q * size),
                            Key = Key + (k * size),
                            V = v,
                            DQuery = DQuery == null ? null : DQuery + (q * size),
                            DKey = DKey == null ? null : DKey + (k * size),
                            DV = dv,
                        }, 0, size);
                }
            }
        }
    }

    /// <summary>What one pair adds: g·tanh to dv, g·v·(1 − tanh²) to dquery and dkey.</summary>
    private struct PairStep : ILaneStep
    {
        public float Gradient;
        public float* Query;
        public float* Key;
        public float* V;
        public float* DQuery;
        public float* DKey;
        public float* DV;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<TVector>(nint i, int count)
            where TVector : unmanaged, ISimd<TVector>
        {
            TVector g = TVector.Create(Gradient), t = TVector.Tanh(Lane.Load<TVector>(Query + i, count) + Lane.Load<TVector>(Key + i, count));
            TVector d = g * Lane.Load<TVector>(V + i, count) * TVector.FusedMultiplyAdd(-t, t, TVector.Create(1));
            Add(DV, g * t, i, count);
            Add(DQuery, d, i, count);
            Add(DKey, d, i, count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add<TVector>(float* sums, TVector value, nint i, int count)
            where TVector : unmanaged, ISimd<TVector>
        {
            if (sums != null)
                Lane.Store(Lane.Load<TVector>(sums + i, count) + value, sums + i, count);
        }
    }
}
