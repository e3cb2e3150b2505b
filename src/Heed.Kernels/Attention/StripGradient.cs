using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

    /// <summary>Whether <see cref="RunPlain"/> will do where there is neither a mask nor dropout nor a gradient of the entropy.</summary>
    public static bool IsPlain => TModifier.IsIdentity && !TModifier.HasDistribution && !TModifier.NamesValues;

    /// <summary>What <see cref="Run{V}"/> does, with the same bits, with 256 bits over <paramref name="width"/> columns, a multiple of 16.</summary>
    /// <remarks>Four vectors step by step and without the wrapper, as in <see cref="RowPowers"/>.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void RunPlain(int rows, float* s, float* d, nint stride, int width)
    {
        const int W = 8;
        Vector256<float> factor = Vector256.Create(Scale * AttentionMath.LogTwoE);
        for (int r = 0; r < rows; r++, s += stride, d += stride)
        {
            Vector256<float> shift = Vector256.Create(Gradients[r].Shift), rest = Vector256.Create(Gradients[r].ShiftRest), center = Vector256.Create(Gradients[r].Center);
            int i = 0;
            for (; i + (4 * W) <= width; i += 4 * W)
            {
                float* x = s + i, y = d + i;
                Vector256<float> e0 = Vector256.FusedMultiplyAdd(Vector256.Load(x), factor, shift) + rest;
                Vector256<float> e1 = Vector256.FusedMultiplyAdd(Vector256.Load(x + W), factor, shift) + rest;
                Vector256<float> e2 = Vector256.FusedMultiplyAdd(Vector256.Load(x + (2 * W)), factor, shift) + rest;
                Vector256<float> e3 = Vector256.FusedMultiplyAdd(Vector256.Load(x + (3 * W)), factor, shift) + rest;
                Simd256.PowersOfTwo(ref e0, ref e1, ref e2, ref e3);
                e0.Store(x);
                e1.Store(x + W);
                e2.Store(x + (2 * W));
                e3.Store(x + (3 * W));
                Slope(e0, center, y);
                Slope(e1, center, y + W);
                Slope(e2, center, y + (2 * W));
                Slope(e3, center, y + (3 * W));
            }
            for (; i < width; i += W)
            {
                Vector256<float> p = Simd256.PowerOfTwo(Vector256.FusedMultiplyAdd(Vector256.Load(s + i), factor, shift) + rest);
                p.Store(s + i);
                Slope(p, center, d + i);
            }
        }
    }

    // d ← p·(d − center); 0 where p is 0, whatever d is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Slope(Vector256<float> p, Vector256<float> center, float* d) =>
        (Avx.CompareNotEqual(p, Vector256<float>.Zero) & (p * (Vector256.Load(d) - center))).Store(d);
}
