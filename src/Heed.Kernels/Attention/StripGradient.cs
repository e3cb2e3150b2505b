using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What the backward pass knows of one row: dscore = weight·(dweight − Center − Spread·t), t = log₂ weight.</summary>
internal struct RowGradient
{
    public float Shift, ShiftRest;   // −log-sum-exp·log₂e in two parts; −∞ for a row that sees nothing
    public float Center;
    public float Spread;   // from a gradient of the entropy, else 0
}

/// <summary>The elementwise work of the backward pass on a strip.</summary>
internal unsafe struct StripGradient<TModifier, TMask>
    where TModifier : unmanaged, IDifferentiableScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    public TModifier Modifier;
    public TMask Mask;
    public float Scale, Dropout;
    public int KeyPosition;
    public ScoreRow* Contexts;
    public ulong* DropoutKeys;
    public RowGradient* Gradients;

    /// <summary>One panel: s (scores q·k) becomes the weights that the values were multiplied with, d (dO·v) the gradient of the scaled scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>(int rows, float* s, float* d, nint stride, int key, bool isMasked, bool isRagged)
        where V : unmanaged, ISimd<V>
    {
        V factor = V.Create(TModifier.HasDistribution ? 1 : TModifier.IsIdentity ? Scale * AttentionMath.LogTwoE : AttentionMath.LogTwoE), scale = V.Create(Scale);
        V kept = V.Create(Dropout < 1 ? 1 / (1 - Dropout) : 0);
        for (int r = 0; r < rows; r++, s += stride, d += stride)
        {
            V shift = V.Create(Gradients[r].Shift), rest = V.Create(Gradients[r].ShiftRest), center = V.Create(Gradients[r].Center), spread = V.Create(Gradients[r].Spread);
            for (int v = 0; v < 2; v++)
            {
                int i = v * V.Width;
                ScoreContext<V> at = new(Contexts + r, key + i);
                V raw = V.Load(s + i), score = raw;
                if (!TModifier.IsIdentity)
                {
                    raw *= scale;
                    score = Modifier.Forward(raw, at);
                }
                V t = V.FusedMultiplyAdd(score, factor, shift) + rest, p = TModifier.HasDistribution ? Modifier.Weight(t) : V.PowerOfTwo(t);
                if (isMasked)
                    p = V.Select(Mask.Allows(at), p, V.Zero);
                if (isRagged)
                    p = V.Select(V.LessThan(V.Lanes, V.Create(Contexts[r].Keys - key - i)), p, V.Zero);
                V dp = V.Load(d + i), w = p;
                if (TModifier.NamesValues && Contexts[r].ValueDots != null)
                    dp += at.ValueDot(V.Select(V.AreEqual(p, V.Zero), V.Zero, Modifier.ValueIndex(at)));
                if (Dropout > 0)
                {
                    V dropped = V.LessThan(V.Uniform(DropoutKeys[r], (uint)(KeyPosition + key + i)), V.Create(Dropout));
                    dp = V.Select(dropped, V.Zero, dp * kept);
                    w = V.Select(dropped, V.Zero, p * kept);
                }
                V none = V.AreEqual(p, V.Zero);
                V slope = TModifier.HasDistribution ? Modifier.Slope(p) : p;
                V ds = V.Select(none, V.Zero, slope * (dp - center - (spread * V.Max(V.Create(-160f), t))));
                if (!TModifier.IsIdentity)
                    ds = V.Select(none, V.Zero, Modifier.Backward(ds, V.Select(none, V.Zero, raw), at, new ParameterGradient<V>(Contexts + r, key + i)));
                V.Store(w, s + i);
                V.Store(ds, d + i);
            }
        }
    }
}
