namespace Heed.Kernels;

/// <summary>Attention as plain float32 code does it: a whole row of scores, its softmax, its sums, one number after the other. What the error of the fused kernel is measured beside.</summary>
internal unsafe ref struct PlainAttention<TModifier, TMask> : IAttentionAction
    where TModifier : unmanaged, IDifferentiableScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    public ReadOnlySpan<float> Q, K, V, DOutput;
    public Span<float> Output, DQ, DK, DV;
    public TModifier Modifier;
    public TMask Mask;

    /// <summary>Contiguous operands, heads first; as many query heads as key/value heads.</summary>
    public readonly void Invoke(AttentionCall call)
    {
        for (int row = 0; row < call.Batch * call.Heads * call.Queries; row++)
        {
            int shared = row / call.Queries, head = shared % call.Heads, b = shared / call.Heads;
            ScoreRow context = call.Context(b, head, call.Sequence(b), row % call.Queries);
            One(call, &context, row, shared * call.Keys);
        }
    }

    private readonly void One(AttentionCall call, ScoreRow* context, int row, int firstKey)
    {
        int keys = call.Keys, dim = call.Dim, valueDim = call.ValueDim;
        float[] raw = new float[keys + Simd128.Width], p = new float[raw.Length], ds = new float[raw.Length];
        ReadOnlySpan<float> q = Q.Slice(row * dim, dim), dO = DOutput.Slice(row * valueDim, valueDim);
        for (int j = 0; j < keys; j++)
            raw[j] = Dot(q, K.Slice((firstKey + j) * dim, dim)) * call.Scale;
        float most = Score(context, raw, p, keys), sum = 0, center = 0;
        if (float.IsNegativeInfinity(most))
            return;
        for (int j = 0; j < keys; j++)
            sum += p[j] = MathF.Exp(p[j] - most);
        for (int j = 0; j < keys; j++)
        {
            p[j] /= sum;
            ReadOnlySpan<float> v = V.Slice((firstKey + j) * valueDim, valueDim);
            for (int i = 0; i < valueDim; i++)
            {
                Output[(row * valueDim) + i] += p[j] * v[i];
                DV[((firstKey + j) * valueDim) + i] += p[j] * dO[i];
            }
            ds[j] = Dot(dO, v);
            center += p[j] * ds[j];
        }
        for (int j = 0; j < keys; j++)
            ds[j] = p[j] * (ds[j] - center);
        Back(context, raw, ds, keys);
        for (int j = 0; j < keys; j++)
        {
            for (int i = 0; i < dim; i++)
            {
                DQ[(row * dim) + i] += ds[j] * call.Scale * K[((firstKey + j) * dim) + i];
                DK[((firstKey + j) * dim) + i] += ds[j] * call.Scale * q[i];
            }
        }
    }

    // Modifier and mask; gives the largest score.
    private readonly float Score(ScoreRow* context, float[] raw, float[] scores, int keys)
    {
        float most = float.NegativeInfinity;
        fixed (float* x = raw, s = scores)
        {
            for (int j = 0; j < keys; j += Simd128.Width)
            {
                ScoreContext<Simd128> at = new(context, j);
                Simd128.Store(Simd128.Select(Mask.Allows(at), Modifier.Forward(Simd128.Load(x + j), at), Simd128.Create(float.NegativeInfinity)), s + j);
            }
        }
        for (int j = 0; j < keys; j++)
            most = Math.Max(most, scores[j]);
        return most;
    }

    private readonly void Back(ScoreRow* context, float[] raw, float[] ds, int keys)
    {
        fixed (float* x = raw, d = ds)
        {
            for (int j = 0; j < keys; j += Simd128.Width)
                Simd128.Store(Modifier.Backward(Simd128.Load(d + j), Simd128.Load(x + j), new ScoreContext<Simd128>(context, j), new ParameterGradient<Simd128>(context, j)), d + j);
        }
    }

    private static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        float sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += x[i] * y[i];
        return sum;
    }
}
