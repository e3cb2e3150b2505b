namespace Heed.Tests.Attention;

[Collection(MemoryCollection.Name)]
public sealed class AttentionCaptureTests
{
    private static readonly TransformerConfig Small = new() { Size = 8, HeadCount = 4, LayerCount = 3, InnerSize = 12, MaximumLength = 16, Dropout = 0 };

    private static readonly Dictionary<string, TransformerConfig> Forms = new(StringComparer.Ordinal)
    {
        ["encoder"] = Small,
        ["GPT-2"] = Small with { IsCausal = true },
        ["grouped, rotary"] = Small with { IsCausal = true, Position = "rope", KeyValueHeadCount = 2 },
        ["everything"] = Small with { IsCausal = true, Position = "shaw", Window = 3, SoftCap = 2, HasSinks = true, NormalizesHeads = true, HasGate = true },
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    public static TheoryData<string> CausalNames => [.. Forms.Where(f => f.Value.IsCausal).Select(f => f.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Chosen_layers_heads_and_rows_are_those_of_all_weights_and_the_result_keeps_its_bits(string name)
    {
        Transformer model = Made(Forms[name]);
        int[] ids = [1, 5, 1, 10, 2, 0, 0, 7, 3, 4];
        SequenceRanges ranges = new(new[] { 5, 3 }, new[] { 0, 2 });
        TransformerResult all = Step.Evaluate(pass =>
        {
            TransformerResult r = model.Forward(ids, ranges, pass);
            r.States.Keep();
            foreach (Tensor w in r.Weights)
                w.Keep();
            return r;
        }, Capture.Weights);
        AttentionCapture capture = new(model) { Layers = [2, 0], Heads = [3, 1], Rows = [-1, 0, 1, 4] };
        float[] plain = Step.Evaluate(pass => model.Forward(ids, ranges, pass).States).ToArray();
        float[] watched = Step.Evaluate(pass => model.Forward(ids, ranges, pass).States, request: capture).ToArray();
        watched.ShouldBe(plain);
        capture.Names.ShouldBe(["layer0.attention", "layer1.attention", "layer2.attention"]);
        capture.Results.Select(r => r.Layer).ShouldBe([0, 2]);
        foreach (CapturedAttention result in capture.Results)
        {
            result.Weights.Length.ShouldBe(2 * 2 * 4 * 5);
            Enumerable.Range(0, 8).Select(i => result.Position(i / 4, i % 4)).ShouldBe([4, 0, 1, 4, 2, 0, 1, -1]);
            for (int i = 0; i < 2 * 2 * 4; i++)
            {
                (int b, int h, int row) = (i / 8, i / 4 % 2, i % 4);
                int position = result.Position(b, row), start = ranges.Starts.Span[b], length = ranges.Lengths.Span[b];
                float[] expected = new float[5];
                if (position >= 0)
                    all.Weights[result.Layer].Values.Slice((((((b * 4) + result.Heads[h]) * 5) + start + position) * 5) + start, length).CopyTo(expected);
                result.Row(b, h, row).ToArray().ShouldBe(expected, $"{name}: layer {result.Layer}, sequence {b}, head {result.Heads[h]}, row {row}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(CausalNames))]
    public void From_a_cache_a_row_answers_when_its_token_comes(string name)
    {
        Transformer model = Made(Forms[name]);
        int[][] texts = [[1, 5, 1, 10, 2, 6], [7, 3, 4, 9]];
        AttentionCapture whole = new(model) { HasValueNorms = true }, pieces = new(model) { Rows = [2, 3], HasValueNorms = true };
        Step.Evaluate(pass => model.Forward(new[] { 1, 5, 1, 10, 2, 6, 7, 3, 4, 9, 0, 0 }, new SequenceRanges(new[] { 6, 4 }), pass).States, request: whole);
        TransformerCache cache = Step.Evaluate(pass => model.NewCache(2, 6, pass, [0, 2]));
        Step.Evaluate(pass => model.Forward(new[] { 1, 5, 1, 0, 0, 7 }, cache, pass), request: pieces);
        foreach (int i in new[] { 3, 4, 5 })
            Step.Evaluate(pass => model.Forward(new[] { texts[0][i], texts[1][i - 2] }, cache, pass), request: pieces);
        // The first text's tokens 2 and 3 come with the first and second call, the second's with the third and fourth.
        pieces.Results.Count.ShouldBe(4 * 3);
        int rows = 0;
        foreach (CapturedAttention result in pieces.Results)
        {
            for (int b = 0; b < 2; b++)
            {
                for (int row = 0; row < result.RowCount; row++)
                {
                    int position = result.Position(b, row);
                    if (position < 0)
                        continue;
                    rows++;
                    for (int h = 0; h < 4; h++)
                    {
                        CapturedAttention same = whole.Results[result.Layer];
                        result.Row(b, h, row)[..(position + 1)].ToArray().ShouldBe(same.Row(b, h, position)[..(position + 1)].ToArray(), 1e-6);
                        result.WeightedNorms(b, h, row)[..(position + 1)].ShouldBe(same.WeightedNorms(b, h, position)[..(position + 1)], 1e-5);
                    }
                }
            }
        }
        rows.ShouldBe(2 * 2 * 3);
    }

    [Fact]
    public void Cross_attention_answers_over_whole_sequences_and_from_a_cache()
    {
        Transformer model = Made(Small with { IsCausal = true }, memorySize: 6);
        float[] memory = [.. Enumerable.Range(0, 2 * 3 * 6).Select(i => MathF.Sin(i))];
        SequenceRanges keys = new(new[] { 3, 2 }, new[] { 0, 1 });
        AttentionCapture whole = new(model) { Layers = [1], Rows = [1] }, last = new(model) { Layers = [1] };
        whole.Names[1].ShouldBe("layer0.cross_attention");
        Step.Evaluate(pass => model.Forward(new[] { 1, 5, 2, 7 }, SequenceRanges.Full(2, 2), pass, memory: pass.Input(memory, new Shape(2, 3, 6)), memoryRanges: keys).States, request: whole);
        TransformerCache cache = Step.Evaluate(pass => model.NewCache(2, 2, pass, memory: pass.Input(memory, new Shape(2, 3, 6)), memoryRanges: keys));
        Step.Evaluate(pass => model.Forward(new[] { 1, 2 }, cache, pass));
        Step.Evaluate(pass => model.Forward(new[] { 5, 7 }, cache, pass), request: last);
        for (int i = 0; i < 8; i++)
        {
            float[] row = whole.Results[0].Row(i / 4, i % 4, 0).ToArray();
            row.Sum().ShouldBe(1, 1e-5);
            row[2].ShouldBe(i < 4 ? row[2] : 0);
            last.Results[0].Row(i / 4, i % 4, 0).ToArray().ShouldBe(row, 1e-6);
        }
    }

    [Fact]
    public void Norms_of_values_are_those_of_the_heads_part_of_the_output_projection()
    {
        MultiHeadAttention layer = new(new MultiHeadConfig { Size = 2, HeadCount = 2, KeyValueHeadCount = 1 });
        Assign(layer, "q_proj.weight", 0, 0, 0, 0);
        Assign(layer, "q_proj.bias", 0, 0);
        Assign(layer, "v_proj.weight", 2, 0);
        Assign(layer, "v_proj.bias", 1);
        // Head 0 writes (3, 4) times its value, head 1 (0, 1) times.
        Assign(layer, "out_proj.weight", 3, 0, 4, 1);
        AttentionCapture capture = new(layer) { HasValueNorms = true };
        Step.Evaluate(pass => layer.Forward(pass.Input([1, 0, -3, 0], new Shape(1, 2, 2)), null, pass).Context, request: capture);
        CapturedAttention result = capture.Results[0];
        // Values: 2·1 + 1 = 3 and 2·(−3) + 1 = −5.
        result.ValueNorms.ToArray().ShouldBe([15, 25, 3, 5]);
        // Queries are zeros: each key weighs a half.
        result.WeightedNorms(0, 0, 1).ShouldBe([7.5f, 12.5f]);
        Should.Throw<InvalidOperationException>(() => Unasked(layer).WeightedNorms(0, 0, 0)).Message.ShouldContain("HasValueNorms");
    }

    [Fact]
    public void Memory_is_that_of_the_rows_asked()
    {
        const int Time = 512;
        Transformer model = Made(Small with { MaximumLength = Time });
        int[] ids = [.. Enumerable.Range(0, Time).Select(i => i % 11)];
        long Bytes(AttentionCapture? capture)
        {
            Step.Evaluate(pass => model.Forward(ids, new SequenceRanges(new[] { Time }), pass).States);
            long before = TensorPool.AllocatedBytes + GC.GetAllocatedBytesForCurrentThread();
            Step.Evaluate(pass => model.Forward(ids, new SequenceRanges(new[] { Time }), pass).States, request: capture);
            return TensorPool.AllocatedBytes + GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Bytes(null);
        long none = Bytes(null);
        long one = Bytes(new AttentionCapture(model) { Rows = [-1] }) - none, oneHead = Bytes(new AttentionCapture(model) { Layers = [1], Heads = [0] }) - none;
        const long Row = Time * sizeof(float), Slack = 64 << 10;
        one.ShouldBeInRange(3 * 4 * Row, (3 * 4 * Row) + Slack);
        oneHead.ShouldBeInRange(Time * Row, (Time * Row) + Slack);
        CapturedAttention[] seen = new CapturedAttention[3];
        AttentionCapture streamed = new(model) { Rows = [0], Receiver = result => seen[result.Layer] = result };
        Bytes(streamed);
        streamed.Results.ShouldBeEmpty();
        seen.ShouldAllBe(s => s.Weights.Length == 4 * Time);
    }

    [Fact]
    public void A_head_that_does_not_exist_is_refused_by_name()
    {
        Transformer model = Made(Small);
        Should.Throw<ArgumentException>(() => Step.Evaluate(pass => model.Forward(new[] { 1 }, new SequenceRanges(new[] { 1 }), pass).States, request: new AttentionCapture(model) { Heads = [4] }))
            .Message.ShouldContain("'layer0.attention' has heads 0 to 3");
    }

    private static CapturedAttention Unasked(MultiHeadAttention layer)
    {
        AttentionCapture capture = new(layer);
        Step.Evaluate(pass => layer.Forward(pass.Input([1, 0], new Shape(1, 1, 2)), null, pass).Context, request: capture);
        return capture.Results[0];
    }

    private static void Assign(Module module, string name, params float[] values) => module.NamedParameters().Single(p => p.Name == name).Parameter.Assign(values);

    private static Transformer Made(TransformerConfig form, int memorySize = 0)
    {
        Transformer model = new(form, 11, memorySize);
        model.Initialize(4);
        return model;
    }
}
