using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>What multi-head attention and layers can be beyond torch's own modules, against the papers' formulas in torch: outputs, gradients of inputs and of all weights. See goldens/README.md.</summary>
public sealed class MultiHeadParityTests
{
    private static readonly SequenceRanges two = new(new[] { 40, 27 }), one = new(new[] { 140 }), memory = new(new[] { 35, 9 });
    private static readonly MultiHeadConfig grouped = new() { Size = 8, HeadCount = 4, KeyValueHeadCount = 2, HeadSize = 16 };

    private static readonly Dictionary<string, MultiHeadConfig> forms = new(StringComparer.Ordinal)
    {
        ["grouped"] = grouped with { ValueSize = 9 },
        ["multi_query"] = grouped with { KeyValueHeadCount = 1, HeadSize = 7, ValueSize = 11, IsCausal = true },
        ["qk_norm"] = grouped with { NormalizesHeads = true },
        ["gate"] = grouped with { HasGate = true, ValueSize = 9 },
        ["soft_cap"] = grouped with { SoftCap = 1.5f },
        ["sinks"] = grouped with { HasSinks = true, IsCausal = true },
        ["alibi"] = grouped with { Position = "alibi", IsCausal = true },
        ["alibi_both"] = grouped with { Position = "alibi", SoftCap = 2 },
        ["t5"] = grouped with { Position = "t5", Buckets = 16, MaximumDistance = 60 },
        ["t5_causal"] = grouped with { Position = "t5", IsCausal = true },
        ["rope"] = grouped with { Position = "rope", RopeBase = 500, RopeFactor = 2 },
        ["rope_interleaved"] = grouped with { Position = "rope-interleaved", RopeBase = 500, RopeSize = 10 },
        ["shaw"] = grouped with { Position = "shaw", MaximumDistance = 6, ValueSize = 9 },
        ["all"] = grouped with { NormalizesHeads = true, HasGate = true, SoftCap = 1.5f, HasSinks = true, Position = "rope-interleaved", KeyValueHeadCount = 1, ValueSize = 9, IsCausal = true },
    };

    public static TheoryData<string> Forms => [.. forms.Keys];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Self_attention_agrees(string form)
    {
        Golden g = Golden.Load("multihead_" + form);
        MultiHeadAttention layer = new(forms[form]);
        SequenceRanges ranges = g.InputShape("x")[1] == 140 ? one : two;
        TransformerParityTests.Agrees(g, layer, OwnNames(layer), (pass, use) => layer.Forward(use("x"), ranges, pass).Context.WithoutPadding(ranges));
    }

    [Fact]
    public void Cross_attention_agrees()
    {
        MultiHeadAttention layer = new(grouped with { MemorySize = 6, ValueSize = 9, NormalizesHeads = true, HasGate = true, SoftCap = 1.5f, HasSinks = true });
        TransformerParityTests.Agrees(Golden.Load("multihead_cross"), layer, OwnNames(layer), (pass, use) => layer.Forward(use("x"), null, use("memory"), memory, pass).Context);
    }

    [Theory]
    [InlineData("swiglu")]
    [InlineData("geglu")]
    public void Layers_agree(string activation)
    {
        bool isPlain = activation == "swiglu";
        TransformerLayer layer = new(new TransformerConfig
        {
            Size = 8, HeadCount = 4, KeyValueHeadCount = 2, HeadSize = 16, InnerSize = 12, Norm = "rms", Activation = activation, IsPreNorm = isPlain, HasBias = !isPlain, NormalizesHeads = !isPlain, Dropout = 0,
        });
        TransformerParityTests.Agrees(Golden.Load("multihead_layer_" + activation), layer, OwnNames(layer), (pass, use) => layer.Forward(use("x"), two, pass).States.WithoutPadding(two));
    }

    private static WeightMap OwnNames(Module module) => new(module.NamedParameters().Select(p => new WeightPlace(p.Name, p.Name)));
}
