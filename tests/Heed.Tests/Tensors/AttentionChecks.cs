using Heed.Kernels;
using static Heed.Tests.Tensors.GradientCheckTests;

namespace Heed.Tests.Tensors;

/// <summary>Gradient checks of fused attention on the tape: scores, masks, layouts, and every tensor that can be learned.</summary>
internal static class AttentionChecks
{
    private static readonly SequenceRanges Queries = new(new[] { 5, 3 }, new[] { 0, 2 });
    private static readonly SequenceRanges Keys = new(new[] { 2, 6 }, new[] { 3, 1 });
    private static readonly Input Q = T(2, 4, 5, 3), K = T(2, 2, 7, 3), V = T(2, 2, 7, 6);

    public static Check[] All =>
    [
        new([Q, K, V], t => Tensor.Attention(t[0], t[1], t[2]).Context),
        new([T(2, 5, 4, 3), T(2, 7, 2, 3), T(2, 7, 2, 6)], t => Tensor.Attention(t[0], t[1], t[2], default(PlainScore), default(Causal), new() { RowsFirst = true, Scale = 0.4f }).Context),
        new([Q, K, V, T(4)], t => Tensor.Attention(t[0], t[1], t[2], default(Alibi), default(Causal), new() { Parameters = t[3], QueryRanges = Queries, KeyRanges = Keys }).Context),
        // One tensor in three places.
        new([T(2, 4, 5, 3)], t => Tensor.Attention(t[0], t[0], t[0], new SoftCap(2), new Window(2, 1)).Context),
        new([Q, K, V, T(4), T(4)], t => Losses(t[0], t[1], t[2], new Then<SoftCap, DistanceDecay>(new(2), default), new() { Sinks = t[4], Parameters = t[3], Dropout = 0.3f, DropoutKey = 7 })),
        new([Q, K, V, T(2, 4, 5, 5), T(5, 6)], t => Tensor.Attention(t[0], t[1], t[2], new ShawScore(2, 0.5f), new Causal(0), new() { QueryTable = t[3], ValueTable = t[4], Dropout = 0.2f, DropoutKey = 9 }).Context),
        new([Q, K, V, T(4)], t => Tensor.Attention(t[0], t[1], t[2], default(CosineScore), default(NoMask), new() { Scale = 1, Parameters = t[3], QueryTerms = t[0].InverseNorm(), KeyTerms = t[1].InverseNorm() }).Context),
        new([Q, K, V, T(2, 5, 7)], t => Tensor.Attention(t[0], t[1], t[2], new AdditiveBias(35, 0, 7), default(NoMask), new() { Parameters = t[3] }).Context),
        new([Q, K, V, T(8, 4)], t => Tensor.Attention(t[0], t[1], t[2], new RelativeBias(4, 8, 20), default(NoMask), new() { Parameters = t[3] }).Context),
        new([T(1, 2, 6, 3), T(1, 2, 9, 3), T(1, 2, 9, 2)], t => Tensor.Attention(t[0], t[1], t[2], default(PlainScore), default(Causal), new() { QueryOffsets = new[] { 0, 2, 2, 6 }, KeyOffsets = new[] { 0, 3, 5, 9 } }).Context),
    ];

    private static Tensor Losses<TModifier>(Tensor q, Tensor k, Tensor v, TModifier modifier, AttentionInputs inputs)
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        AttentionOutputs a = Tensor.Attention(q, k, v, modifier, default(Causal), inputs with { Ask = AttentionAsk.LogSumExp | AttentionAsk.Entropy });
        return Tensor.Concatenate(a.Context.Reshape(new Shape(a.Context.Length)), a.LogSumExp!.Reshape(new Shape(a.LogSumExp.Length)), a.Entropy!.Reshape(new Shape(a.Entropy.Length)));
    }
}
