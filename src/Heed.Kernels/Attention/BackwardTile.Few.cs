using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>A sequence of one to four rows, as at a step of a decoder that trains: there is nothing to share between rows, so nothing is packed. Keys and values are read as they lie, and their gradients
/// written, or added, where they belong.</content>
/// <remarks>dP and scores are sums of products along a row, in four vectors; dQ = Σ_j dS_j·K_j, dK_j = scale·Σ_r dS_rj·Q_r, dV_j = Σ_r P_rj·dO_r. A weight of 0 takes no part, whatever stands behind it.</remarks>
internal unsafe ref partial struct BackwardTile<TModifier, TMask>
{
    private void Few<V>()
        where V : unmanaged, ISimd<V>
    {
        int count = sequence.Queries * s->Call.Group;
        bool sees = count > 0 && Cover(0, count);
        if (sees)
        {
            Rows(0, count);
            FewScores<V>(count);
        }
        FewKeys<V>(sees ? count : 0);
        if (count > 0)
        {
            s->Await(b, head, 0, block);
            if (sees)
                AddRows<V>(0, count);
            s->Pass(b, head, 0, block);
        }
        StoreKeyTerms();
    }

    private void FewScores<V>(int count)
        where V : unmanaged, ISimd<V>
    {
        StripGradient<TModifier, TMask> gradient = new()
        {
            Modifier = s->Modifier, Mask = s->Mask, Scale = s->Call.Scale, Dropout = s->Call.Dropout, KeyPosition = s->Call.KeyPosition, Contexts = contexts, DropoutKeys = dropoutKeys, Gradients = gradients,
        };
        nint stepK = (nint)s->Call.StridesK.Row, stepV = (nint)s->Call.StridesV.Row;
        float* k = s->Call.KeyRow(b, head, sequence.FirstKey + firstKey), v = s->Call.ValueRow(b, head, sequence.FirstKey + firstKey);
        for (int p = 0; p < panels; p++)
        {
            int at = p * panel, live = Math.Min(panel, keys - at);
            byte covers = coverage[p];
            for (int r = 0; r < count; r++)
            {
                float* x = scores + ((nint)r * strideS) + at, d = dScores + ((nint)r * strideS) + at;
                if (covers == (byte)TileCoverage.None)
                {
                    new Span<float>(x, panel).Clear();
                    new Span<float>(d, panel).Clear();
                    continue;
                }
                Dots<V>(queries + ((nint)r * strideQ), k + (at * stepK), stepK, x, live, dim);
                Dots<V>(dOutputs + ((nint)r * strideD), v + (at * stepV), stepV, d, live, valueDim);
                new Span<float>(x + live, panel - live).Clear();
                new Span<float>(d + live, panel - live).Clear();
            }
            if (covers != (byte)TileCoverage.None)
                gradient.Run<V>(count, scores + at, dScores + at, strideS, firstKey + at, covers == (byte)TileCoverage.Partly, live < panel);
        }
        for (int r = 0; r < count && s->Results.DQ != null; r++)
            Weighed<V>(dScores + ((nint)r * strideS), 1, k, stepK, keys, 1, product + ((nint)r * strideK), dim, adds: false);
    }

    // What the rows say of the keys and values of the block; of no rows nothing.
    private readonly void FewKeys<V>(int count)
        where V : unmanaged, ISimd<V>
    {
        bool adds = s->Results.Adds;
        for (int j = 0; j < keys && (count > 0 || !adds); j++)
        {
            int key = sequence.FirstKey + firstKey + j;
            if (s->Results.DK != null)
                Weighed<V>(dScores + j, strideS, queries, strideQ, count, s->Call.Scale, s->Results.DK + s->Call.Offset(s->Call.StridesK, b, head, key), dim, adds);
            if (s->Results.DV != null)
                Weighed<V>(scores + j, strideS, dOutputs, strideD, count, 1, s->Results.DV + s->Call.Offset(s->Call.StridesV, b, head, key), valueDim, adds);
        }
    }

    // to[j] = row·(the j-th of some vectors), four vectors at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Dots<V>(float* row, float* vectors, nint stride, float* to, int count, int length)
        where V : unmanaged, ISimd<V>
    {
        int whole = length / V.Width * V.Width, rest = length - whole;
        for (int j = 0; j < count; j += 4)
        {
            int last = count - 1 - j;
            float* v0 = vectors + (j * stride), v1 = v0 + (Math.Min(1, last) * stride), v2 = v0 + (Math.Min(2, last) * stride), v3 = v0 + (Math.Min(3, last) * stride);
            V sum0 = V.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0;
            for (int i = 0; i < whole; i += V.Width)
            {
                V x = V.Load(row + i);
                V.Accumulate(x, V.Load(v0 + i), ref sum0);
                V.Accumulate(x, V.Load(v1 + i), ref sum1);
                V.Accumulate(x, V.Load(v2 + i), ref sum2);
                V.Accumulate(x, V.Load(v3 + i), ref sum3);
            }
            if (rest > 0)
            {
                V x = V.Load(row + whole, rest);
                V.Accumulate(x, V.Load(v0 + whole, rest), ref sum0);
                V.Accumulate(x, V.Load(v1 + whole, rest), ref sum1);
                V.Accumulate(x, V.Load(v2 + whole, rest), ref sum2);
                V.Accumulate(x, V.Load(v3 + whole, rest), ref sum3);
            }
            to[j] = V.Sum(sum0);
            if (last > 0) to[j + 1] = V.Sum(sum1);
            if (last > 1) to[j + 2] = V.Sum(sum2);
            if (last > 2) to[j + 3] = V.Sum(sum3);
        }
    }

    // to = or += scale·Σ_i weights[i]·(the i-th of some vectors), over weights that are not 0.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Weighed<V>(float* weights, nint weightStride, float* vectors, nint stride, int count, float scale, float* to, int length, bool adds)
        where V : unmanaged, ISimd<V>
    {
        V factor = V.Create(scale);
        int at = 0;
        for (; at + (4 * V.Width) <= length; at += 4 * V.Width)
        {
            V sum0 = V.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0;
            float* x = vectors + at;
            for (int i = 0; i < count; i++, x += stride)
            {
                float weight = weights[i * weightStride];
                if (weight == 0)
                    continue;
                V w = V.Create(weight);
                V.Accumulate(w, V.Load(x), ref sum0);
                V.Accumulate(w, V.Load(x + V.Width), ref sum1);
                V.Accumulate(w, V.Load(x + (2 * V.Width)), ref sum2);
                V.Accumulate(w, V.Load(x + (3 * V.Width)), ref sum3);
            }
            float* y = to + at;
            V.Store(adds ? V.Load(y) + (sum0 * factor) : sum0 * factor, y);
            V.Store(adds ? V.Load(y + V.Width) + (sum1 * factor) : sum1 * factor, y + V.Width);
            V.Store(adds ? V.Load(y + (2 * V.Width)) + (sum2 * factor) : sum2 * factor, y + (2 * V.Width));
            V.Store(adds ? V.Load(y + (3 * V.Width)) + (sum3 * factor) : sum3 * factor, y + (3 * V.Width));
        }
        for (; at < length; at += V.Width)
        {
            int lanes = Math.Min(V.Width, length - at);
            V sum = V.Zero;
            for (int i = 0; i < count; i++)
            {
                if (weights[i * weightStride] is not 0 and float weight)
                    V.Accumulate(V.Create(weight), V.Load(vectors + (i * stride) + at, lanes), ref sum);
            }
            sum *= factor;
            V.Store(adds ? V.Load(to + at, lanes) + sum : sum, to + at, lanes);
        }
    }
}
